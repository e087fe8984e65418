import ArgumentParser
import ByzKeys
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation
import Logging

struct NodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node",
    abstract: "Run one node of a topology.",
    discussion: """
      The topology has to give every server an address; the one that launch writes into its run directory does. A node may \
      start in any order with the others, and be started again. Where the topology has public keys, the node's secret key \
      is read from the folder of --keys.
      """)

  @Argument(help: "The node, such as server-0 or worker-3.")
  var id: String

  @OptionGroup var options: TopologyOptions

  @Option(help: "Where the node writes its part of the run.", completion: .directory)
  var runDirectory: String?

  @Option(help: "The folder of the node's secret key. Default: keys beside the topology.", completion: .directory)
  var keys: String?

  @Flag(help: "Log to the run directory only, not to standard error as well.")
  var quiet = false

  @Flag(help: "Print the node's summary on standard output as JSON.")
  var json = false

  @OptionGroup var launcher: LauncherOption

  func run() throws {
    launcher.dieWithIt()
    try reporting {
      let topology = try options.read(running: .one(id))
      let node = try findNode(in: topology)
      let secretKey = try readKey(of: node, in: topology)
      let directory = RunDirectory(path: runDirectory ?? RunDirectory.unusedPath(for: topology.name))
      try directory.makeFolder(of: node)
      let handler = try FileLogHandler(path: directory.log(of: node), alsoToStandardError: !quiet)
      let logger = Logger(label: "byzsgd") { _ in handler }
      for warning in topology.warnings { logger.warning("\(warning)") }
      do {
        let summary = try Node(node, in: topology, directory: directory, logger: logger, secretKey: secretKey).run()
        if json { try summary.printJSON() }
        return ExitStatus.status(of: summary.outcome)
      } catch  where !quiet {
        logger.error("\(error)")
        return ExitStatus.failed
      }
    }
  }

  private func findNode(in topology: Topology) throws -> NodeID {
    guard let node = NodeID(id), topology.quorums.contains(node) else {
      throw UsageFailure(
        description: "there is no node '\(id)' in \(options.topology); it has server-0 to "
          + "server-\(topology.quorums.servers.count - 1) and worker-0 to worker-\(topology.quorums.workers.count - 1)")
    }
    let homeless = topology.quorums.serverIDs.filter { topology.nodes[$0]?.address == nil }
    guard homeless.isEmpty else {
      throw UsageFailure(
        description: "\(options.topology) gives no address to \(homeless.map(\.description).joined(separator: ", ")): "
          + "list the servers with their addresses under servers.nodes, or use the topology.yaml that launch writes into "
          + "its run directory")
    }
    return node
  }

  /// The key by which the others know `node`; nil where links are not protected.
  private func readKey(of node: NodeID, in topology: Topology) throws -> SecretKey? {
    if keys?.isEmpty == true { throw UsageFailure(description: "--keys is empty; name a folder") }
    guard topology.security == .curve else { return nil }
    let folder = keys.map { KeyFolder(path: $0) } ?? KeyFolder.beside(topology: options.topology)
    let key = try folder.secretKey(of: "\(node)")
    guard let listed = topology.publicKeys[node], listed != key.publicKey else { return key }
    throw UsageFailure(
      description: KeyAssignment.mismatch(of: node, key, in: folder, listed: listed, options.topology))
  }
}
