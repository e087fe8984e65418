import ByzProtocol
import ByzTopology

/// Says from the ends of its nodes whether a run is over, and how.
///
/// No single node is believed, as it may run on a host that lies: of each role so many may say anything as the topology
/// declares as possibly Byzantine.
struct Judgement {
  private let topology: Topology
  private let directory: RunDirectory
  private var ended: Set<NodeID> = []
  private var completed: Set<NodeID> = []
  /// Of those whose own state became non-finite, why.
  private var diverged: [NodeID: String] = [:]
  private var losses: [NodeID: Loss] = [:]
  /// Since when so many have completed the run that it is true.
  private var completion: MonotonicTime?

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

  /// The nodes that did not reach the end, of a run that ended so.
  func lost(_ outcome: Outcome) -> Set<NodeID> {
    Set(losses.keys.filter { outcome != .diverged || diverged[$0] == nil })
  }

  private func isHonest(_ node: NodeID) -> Bool { topology.faults[node] == nil }

  /// The honest nodes that have not ended.
  private var waiting: [NodeID] { topology.quorums.nodeIDs.filter { !ended.contains($0) && isHonest($0) } }

  /// How long the others may take once the run is completed: those that have reached the end stop serving then, so that
  /// nobody can reach it any more.
  private var patience: Int { topology.patience.lingerMilliseconds + 10_000 }

  /// Takes note of how nodes ended; gives what to tell of those of which it did not know.
  ///
  /// - Parameter step: the one that the run has come to.
  mutating func note(_ endings: [NodeID: NodeEnding], at step: Int, now: MonotonicTime = .now) -> [String] {
    for node in losses.keys { losses[node]?.metrics.update() }
    var messages = endings.sorted { $0.key < $1.key }.compactMap { node, ending in
      ended.insert(node).inserted ? note(ending, of: node, at: step) : nil
    }
    if completion == nil && !topology.excess(of: completed).isEmpty { completion = now }
    if let completion, now.milliseconds - completion.milliseconds > patience {
      for node in waiting {
        ended.insert(node)
        lose(node)
        messages.append("\(node) counts as lost: others completed the run \(patience / 1000) s ago")
      }
    }
    return messages
  }

  private mutating func note(_ ending: NodeEnding, of node: NodeID, at step: Int) -> String? {
    let summary = directory.readSummary(of: node, in: topology)
    if summary?.outcome == .completed {
      if isHonest(node) { completed.insert(node) }
      return nil
    }
    if summary?.outcome == .diverged {
      // What a faulty node makes of its own state is neither here nor there.
      guard isHonest(node) else { return nil }
      diverged[node] = summary?.reason ?? "its state became non-finite"
    }
    lose(node)
    if topology.faults[node]?.contains("crash") == true && ending == .exited(ExitStatus.crashed) {
      return "\(node) crashed, as its fault says"
    }
    let log = directory.log(of: node)
    let reason = summary?.reason.map { ": \($0.harmless)" } ?? ""
    let lines = ChildProcess.lastLines(ofLog: log)
    return "\(node) \(ending) at step \(step)\(reason)"
      + (lines.isEmpty ? "" : "; the last lines of \(RunDirectory.shown(log)):\(lines)")
  }

  private mutating func lose(_ node: NodeID) {
    var metrics = directory.metricsFollower(of: node, in: topology)
    metrics.update()
    losses[node] = Loss(step: metrics.step, metrics: metrics)
  }

  /// How the run ended, if it has.
  func verdict() -> Verdict? {
    if let first = topology.excess(of: diverged.keys).first?.nodes.first, let reason = diverged[first] {
      return Verdict(outcome: .diverged, reasons: ["\(first): \(reason.harmless)"])
    }
    if let excess = topology.excess(of: losses.filter { !$0.value.isBack }.keys).first {
      return Verdict(outcome: .failed, reasons: [excess.lossSentence])
    }
    guard waiting.isEmpty else { return nil }
    let isDone = ended.contains { isHonest($0) && losses[$0] == nil }
    return isDone ? Verdict(outcome: .completed) : Verdict(outcome: .failed, reasons: ["no honest node is left"])
  }
}
