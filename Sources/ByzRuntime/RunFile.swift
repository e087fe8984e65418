import ByzGradients
import ByzProtocol
import ByzTopology
import Foundation

/// What a node may leave of a run, and how much: what comes from hosts that nobody vouches for is taken by this table alone.
extension RunDirectory {
  private static let mebibyte = 1 << 20

  /// The most bytes that a node's file called `name` has in a run of `topology`; nil if no such file belongs there.
  public static func limit(ofFile name: String, in topology: Topology) -> Int? {
    switch name {
    case "summary.json": return mebibyte
    case "log.txt": return 64 * mebibyte
    case "metrics.jsonl": return mebibyte + topology.training.steps * lineLimit(in: topology)
    default:
      guard let step = checkpointStep(name), step <= topology.training.steps else { return nil }
      return 4 * topology.model.dimension + 64 * 1024
    }
  }

  /// The bytes of a step's lines in the metrics, which name nodes.
  private static func lineLimit(in topology: Topology) -> Int {
    4096 + 32 * (topology.quorums.servers.count + topology.quorums.workers.count)
  }

  /// The step of the checkpoint that a file of this name holds; nil if it is none.
  static func checkpointStep(_ name: String) -> Int? {
    guard name.hasPrefix("checkpoint-"), name.hasSuffix(".safetensors") else { return nil }
    let number = name.dropFirst("checkpoint-".count).dropLast(".safetensors".count)
    guard let step = Int(number), step >= 0, String(step) == number else { return nil }
    return step
  }
}

extension String {
  /// The text as it can be shown on a terminal, whoever wrote it: on one line, of bounded length, and without characters that
  /// do anything but stand there.
  public func harmless(atMost limit: Int = 300) -> String {
    let clipped = unicodeScalars.prefix(limit)
    let visible = clipped.map { $0.isHarmless ? $0 : "\u{FFFD}" }
    return String(String.UnicodeScalarView(visible)) + (clipped.endIndex < unicodeScalars.endIndex ? "..." : "")
  }
}

extension Unicode.Scalar {
  fileprivate var isHarmless: Bool {
    switch properties.generalCategory {
    // Formats turn the direction of a line around; of separators, only the space stays on its line.
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
  }
}
