import ByzProtocol
import ByzTopology
import Foundation

/// Puts together what the hosts of a run have left, each in a run directory of its own.
///
/// No host is trusted: only the files of the table in `RunDirectory.limit(ofFile:in:)` are taken, only as long as they may be,
/// and no link is followed.
public final class RunCollection {
  private let topology: Topology
  private let directory: RunDirectory
  private let display: Display
  /// The folder of nodes that has each node.
  private let sources: [NodeID: ForeignFolder]
  private var endings: [NodeID: RunJudgement.Ending] = [:]
  private var startedAt: [Double] = []

  /// What keeps the run from being put together.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Looks which node lies where.
  ///
  /// - Parameters:
  ///   - topology: the run.
  ///   - hosts: run directories as nodes write them.
  ///   - directory: where the whole run is written.
  ///   - display: where it is told what is not taken.
  /// - Throws: `Failure` if one of `hosts` is no run directory, or two of them have the same node.
  public init(_ topology: Topology, from hosts: [String], into directory: RunDirectory, display: Display)
    throws(Failure)
  {
    self.topology = topology
    self.directory = directory
    self.display = display
    var sources: [NodeID: ForeignFolder] = [:]
    var owners: [NodeID: String] = [:]
    for host in hosts {
      let nodes: ForeignFolder
      do {
        nodes = try ForeignFolder(path: "\(host)/nodes")
      } catch {
        throw Failure(description: "\(host) is no run directory: its folder nodes cannot be read: \(error)")
      }
      var foreign: [String] = []
      for name in nodes.names {
        guard let id = NodeID(name), topology.quorums.contains(id) else {
          foreign.append(name)
          continue
        }
        sources[id] = nodes
        if let other = owners.updateValue(host, forKey: id) {
          throw Failure(
            description: "\(id) is in \(other) and in \(host); leave out the one that is not of this run")
        }
      }
      Self.tell(foreign, leftOutOf: "\(host)/nodes", display)
    }
    self.sources = sources
  }

  /// Copies the files of all nodes, judges how the run ended, and writes its topology and summary.
  public func run() throws -> RunSummary {
    try directory.makeNodeFolders(for: topology)
    for node in topology.quorums.nodeIDs { try collect(node) }
    try directory.write(topology)
    let judgement = RunJudgement(endings, in: topology)
    let summary = SummaryBuilder(
      topology: topology, directory: directory, launchedAt: startedAt.min() ?? 0, lost: judgement.lost
    ).build(judgement.outcome, reasons: judgement.reasons)
    try JSON.write(summary, to: directory.summary)
    return summary
  }

  private func collect(_ node: NodeID) throws {
    guard let source = sources[node] else {
      display.show("\(node): in none of the directories")
      return
    }
    let folder: ForeignFolder
    do {
      folder = try source.folder("\(node)")
    } catch {
      display.show("\(source.path)/\(node): left out, \(error)")
      return
    }
    let checkpoint = node.role == .server ? newestCheckpoint(in: folder) : nil
    let wanted = ["metrics.jsonl", "log.txt"] + [checkpoint].compactMap(\.self)
    for name in wanted where folder.names.contains(name) {
      try take(name, from: folder) { file, limit in
        try file.copy(atMost: limit, to: "\(directory.folder(of: node))/\(name)")
      }
    }
    try collectSummary(of: node, from: folder)
    Self.tell(
      folder.names.filter { !wanted.contains($0) && $0 != "summary.json" && $0 != "ending" }, leftOutOf: folder.path,
      display)
    if endings[node] == nil {
      let lines = ChildProcess.lastLines(ofLog: directory.log(of: node))
      display.show("\(node): no summary of its own" + (lines.isEmpty ? "" : "; the last lines of its log:\(lines)"))
    }
  }

  private func collectSummary(of node: NodeID, from folder: ForeignFolder) throws {
    let name = "summary.json"
    guard folder.names.contains(name) else { return }
    try take(name, from: folder) { file, limit in
      let data = try file.read(atMost: limit)
      guard let summary = try? JSON.value(NodeSummary.self, in: data) else {
        throw Failure(description: "it is no node's summary")
      }
      if let objection = summary.objection(of: node, in: topology) {
        throw Failure(description: "it cannot be right: \(objection)")
      }
      try data.write(to: URL(filePath: directory.summary(of: node)))
      endings[node] = RunJudgement.Ending(summary)
      if topology.faults[node] == nil { startedAt.append(summary.startedAt) }
    }
  }

  /// Hands a file of the table to `body`; one that cannot be taken is left out, and said to be.
  private func take(_ name: String, from folder: ForeignFolder, _ body: (ForeignFile, Int) throws -> Void) throws {
    guard let limit = RunDirectory.limit(ofFile: name, in: topology) else { return }
    do {
      try body(try folder.file(name), limit)
    } catch let error as ForeignFile.Failure {
      display.show("\(folder.path)/\(name): left out, \(error)")
    } catch let failure as Failure {
      display.show("\(folder.path)/\(name): left out, \(failure)")
    }
  }

  /// A node's last model; what it may have written before, as one that was started again, nobody reads.
  private func newestCheckpoint(in folder: ForeignFolder) -> String? {
    let steps = folder.names.compactMap { name in
      RunDirectory.checkpointStep(name, in: topology).map { (step: $0, name: name) }
    }
    return steps.max { $0.step < $1.step }?.name
  }

  /// Says which names of a folder are of no use here.
  private static func tell(_ names: [String], leftOutOf path: String, _ display: Display) {
    guard !names.isEmpty else { return }
    let shown = names.prefix(5).map { $0.harmless }.joined(separator: ", ")
    let more = names.count > 5 ? " and \(names.count - 5) more" : ""
    display.show("\(path): left out \(shown)\(more)")
  }
}
