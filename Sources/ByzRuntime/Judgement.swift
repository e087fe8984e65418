import ByzProtocol
import ByzTopology

/// Says from the ends of its nodes whether a run is over, and how.
struct Judgement {
  private let topology: Topology
  private let directory: RunDirectory
  private var ended: Set<NodeID> = []
  private var losses: [NodeID: Loss] = [:]
  private var firstCompletion: MonotonicTime?

  /// How far a lost node had come, and what it has written since, if somebody started it again.
  private struct Loss {
    let step: Int
    var metrics: MetricsFollower

    var isBack: Bool { metrics.step > step }
  }

  /// How the run ended, once it is known.
  struct Verdict {
    let outcome: Outcome
    var reasons: [String] = []

    static let interruption = Verdict(outcome: .interrupted, reasons: ["it was interrupted"])
  }

  init(of topology: Topology, in directory: RunDirectory) {
    self.topology = topology
    self.directory = directory
  }

  /// The nodes whose process ended before its time.
  var lost: Set<NodeID> { Set(losses.keys) }

  private func isHonest(_ node: NodeID) -> Bool { topology.faults[node] == nil }

  /// Takes note of how nodes ended; gives what to tell of those of which it did not know.
  ///
  /// - Parameter step: the one that the run has come to.
  mutating func note(_ endings: [NodeID: NodeEnding], at step: Int) -> [String] {
    for node in losses.keys { losses[node]?.metrics.update() }
    return endings.sorted { $0.key < $1.key }.compactMap { node, ending in
      ended.insert(node).inserted ? note(ending, of: node, at: step) : nil
    }
  }

  private mutating func note(_ ending: NodeEnding, of node: NodeID, at step: Int) -> String? {
    let summary = directory.readSummary(of: node, in: topology)
    if summary?.outcome == .completed {
      if isHonest(node) { firstCompletion = firstCompletion ?? .now }
      return nil
    }
    guard summary?.outcome != .diverged else { return nil }
    var metrics = MetricsFollower(path: directory.metrics(of: node))
    metrics.update()
    losses[node] = Loss(step: metrics.step, metrics: metrics)
    if topology.faults[node]?.contains("crash") == true && ending == .exited(ExitStatus.crashed) {
      return "\(node) crashed, as its fault says"
    }
    let log = directory.log(of: node)
    let reason = summary?.reason.map { ": \($0.harmless)" } ?? ""
    let lines = ChildProcess.lastLines(ofLog: log)
    return "\(node) \(ending) at step \(step)\(reason)"
      + (lines.isEmpty ? "" : "; the last lines of \(RunDirectory.shown(log)):\(lines)")
  }

  /// How the run ended, if it has.
  func verdict() -> Verdict? {
    let diverged = ended.filter { isHonest($0) && directory.readSummary(of: $0, in: topology)?.outcome == .diverged }
      .sorted()
    if let first = diverged.first {
      let reason = directory.readSummary(of: first, in: topology)?.reason ?? "its state became non-finite"
      return Verdict(outcome: .diverged, reasons: ["\(first): \(reason.harmless)"])
    }
    if let verdict = judgeLosses() { return verdict }
    let waiting = topology.nodeIDs.filter { !ended.contains($0) && isHonest($0) }
    if waiting.isEmpty {
      let done = ended.contains { isHonest($0) && losses[$0] == nil }
      return done ? Verdict(outcome: .completed) : Verdict(outcome: .failed, reasons: ["no honest node is left"])
    }
    // Those that have reached the end have stopped serving by now, so the others cannot reach it any more.
    let patience = topology.patience.lingerMilliseconds + 10_000
    if let firstCompletion, MonotonicTime.now.milliseconds - firstCompletion.milliseconds > patience {
      let names = waiting.map(\.description).joined(separator: ", ")
      return Verdict(outcome: .failed, reasons: ["left behind before the last step: \(names)"])
    }
    return nil
  }

  private func judgeLosses() -> Verdict? {
    for (role, group) in [(Role.server, topology.quorums.servers), (.worker, topology.quorums.workers)] {
      let names = losses.filter { $0.key.role == role && !$0.value.isBack }.keys.sorted().map(\.description)
      if names.count > group.byzantine {
        return Verdict(
          outcome: .failed,
          reasons: [
            "lost \(names.joined(separator: ", ")): more \(role.rawValue)s than the \(group.byzantine) that the topology "
              + "declares as possibly Byzantine"
          ])
      }
    }
    return nil
  }
}
