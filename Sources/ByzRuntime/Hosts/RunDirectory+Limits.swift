import ByzProtocol
import ByzTopology

extension RunDirectory {
  /// The most bytes that the file `name` in a node's folder may have; nil for a name that no file of a node has.
  static func limit(ofFile name: String, in topology: Topology) -> Int? {
    switch name {
    case "metrics.jsonl": topology.training.steps * lineLimit(in: topology) + 1 << 20
    case "log.txt": 64 << 20
    case "summary.json": 1 << 20
    case "ending": 32
    default: checkpointStep(name, in: topology).map { _ in 4 * topology.model.dimension + 1 << 16 }
    }
  }

  /// The most bytes of a step's lines in the metrics, which name up to all nodes.
  private static func lineLimit(in topology: Topology) -> Int {
    4096 + 32 * (topology.quorums.servers.count + topology.quorums.workers.count)
  }

  /// The step of the checkpoint that is called `name`; nil if none is called so.
  static func checkpointStep(_ name: String, in topology: Topology) -> Int? {
    let (prefix, suffix) = ("checkpoint-", ".safetensors")
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    let text = name.dropFirst(prefix.count).dropLast(suffix.count)
    guard let step = Int(text), String(step) == text, 0...topology.training.steps ~= step else { return nil }
    return step
  }

  /// How many checkpoints of one node are brought: each time that it ends it leaves one.
  static let mostCheckpoints = 4

  /// Where a host writes how the process of `node` ended.
  func ending(of node: NodeID) -> String { "\(folder(of: node))/ending" }
}
