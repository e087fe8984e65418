import ByzProtocol
import ByzTopology
import Foundation

/// What nodes write, as far as it has not been told of yet.
struct FolderStream {
  private let directory: RunDirectory
  private let topology: Topology
  private let nodes: [NodeID]
  /// Of the files that were told of, how much was; by node and name, `server-0/log.txt`.
  private var lengths: [String: Int]
  /// The files that do not grow and were told of as a whole.
  private var finished: Set<String> = []

  private static let longestPiece = 1 << 18

  init(of nodes: [NodeID], in directory: RunDirectory, _ topology: Topology, lengths: [String: Int] = [:]) {
    self.directory = directory
    self.topology = topology
    self.nodes = nodes
    self.lengths = lengths
  }

  /// Gives all that is new to `tell`, piece by piece; of each node how it ended comes last.
  mutating func tellNews(_ tell: (Account, [UInt8]) throws -> Void) rethrows {
    for node in nodes {
      // Looked for first: what a node wrote before its end is there once its ending is.
      let hasEnded = access(directory.ending(of: node), F_OK) == 0
      for file in ["metrics.jsonl", "log.txt"] { try tellNews(of: file, node, isGrowing: true, tell) }
      for file in checkpoints(of: node) + ["summary.json"] + (hasEnded ? ["ending"] : []) {
        try tellNews(of: file, node, isGrowing: false, tell)
      }
    }
  }

  private func checkpoints(of node: NodeID) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.folder(of: node))) ?? []
    let checkpoints = names.filter { $0.hasPrefix("checkpoint-") }.sorted()
    let known = checkpoints.filter { lengths["\(node)/\($0)"] != nil }
    let new = checkpoints.filter { lengths["\(node)/\($0)"] == nil }
    return known + new.prefix(max(0, RunDirectory.mostCheckpoints - known.count))
  }

  private mutating func tellNews(
    of file: String, _ node: NodeID, isGrowing: Bool, _ tell: (Account, [UInt8]) throws -> Void
  ) rethrows {
    let key = "\(node)/\(file)"
    guard !finished.contains(key), let limit = RunDirectory.limit(ofFile: file, in: topology),
      let handle = FileHandle(forReadingAtPath: "\(directory.folder(of: node))/\(file)")
    else { return }
    defer { try? handle.close() }
    var offset = lengths[key] ?? 0
    guard (try? handle.seek(toOffset: UInt64(offset))) != nil else { return }
    while let data = try? handle.read(upToCount: max(0, min(Self.longestPiece, limit - offset))), !data.isEmpty {
      try tell(.piece(node: "\(node)", file: file, offset: offset), Array(data))
      offset += data.count
      lengths[key] = offset
    }
    if !isGrowing { finished.insert(key) }
  }
}
