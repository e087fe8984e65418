import ByzKeys
import ByzRuntime
import ByzTopology
import Foundation

/// A run that was to be measured did not come to its end.
public struct RunFailure: Error, CustomStringConvertible {
  public let description: String
}

/// Runs `topology` in processes of `executable` and gives its summary; of the run's files none is left.
///
/// - Throws: `RunFailure`, `Interrupted`, or what disk and sockets refuse.
///
/// - Parameter keys: the nodes' secret keys, where links are protected.
func measure(_ topology: Topology, _ executable: String, keys: KeyFolder? = nil) throws -> RunSummary {
  let path = FileManager.default.temporaryDirectory.appending(path: "byzsgd-bench-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  let launcher = try Launcher(
    topology, directory: RunDirectory(path: path), executable: executable, keys: keys, display: Display(isQuiet: true))
  let summary = try launcher.run()
  switch summary.outcome {
  case .completed where summary.lost.isEmpty: return summary
  case .completed:
    throw RunFailure(description: "\(topology.name) lost \(summary.lost.joined(separator: ", ")): nothing was measured")
  case .interrupted: throw Interrupted()
  case .failed, .diverged:
    throw RunFailure(description: "\(topology.name) did not complete: \(summary.reasons.joined(separator: "; "))")
  }
}
