import ByzProtocol
import ByzTopology
import Foundation

/// Follows the honest servers' `metrics.jsonl` while they are being written.
struct Progress {
  private var followers: [MetricsFollower]
  private let total: Int
  /// When the first step was seen, and which it was: the rate counts from there.
  private var began: (time: MonotonicTime, step: Int)?

  init(of topology: Topology, in directory: RunDirectory) {
    let honest = topology.quorums.serverIDs.filter { topology.faults[$0] == nil }
    followers = honest.map { directory.metricsFollower(of: $0, in: topology) }
    total = topology.training.steps
  }

  mutating func update() {
    for index in followers.indices { followers[index].update() }
    if began == nil && step > 0 { began = (.now, step) }
  }

  /// The step of the server in the middle: one that was lost does not hold it up, one that runs ahead does not push it.
  var step: Int { followers.map(\.step).sorted(by: >).dropFirst(followers.count / 2).first ?? 0 }

  /// The newest step that half of the servers have evaluated, and the median of their accuracies.
  var evaluation: (step: Int, accuracy: Double)? {
    let majority = followers.count / 2 + 1
    var counts: [Int: Int] = [:]
    for step in followers.lazy.flatMap(\.accuracies.keys) { counts[step, default: 0] += 1 }
    guard let step = counts.lazy.filter({ $0.value >= majority }).map(\.key).max() else { return nil }
    let values = followers.compactMap { $0.accuracies[step] }.sorted()
    return (step, values[values.count / 2])
  }

  /// For example `step 120/500  accuracy 0.9123 at 100  34.1 steps/s  11 s left`.
  var line: String {
    var parts = ["step \(step)/\(total)"]
    if let evaluation { parts.append(String(format: "accuracy %.4f at %d", evaluation.accuracy, evaluation.step)) }
    if step == total {
      parts.append("finishing")
    } else if let began, step > began.step {
      let seconds = Double(MonotonicTime.now.milliseconds - began.time.milliseconds) / 1000
      let rate = Double(step - began.step) / max(seconds, 0.001)
      parts.append(String(format: "%.1f steps/s", rate))
      parts.append(String(format: "%.0f s left", Double(total - step) / rate))
    }
    return parts.joined(separator: "  ")
  }
}
