import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTransport
import Foundation

/// What a node remembers and writes of its run: a line for each step, and at the end its summary and, if it is a server, its
/// model.
final class NodeRecord {
  private let id: NodeID
  private let topology: Topology
  private let directory: RunDirectory
  private let metrics: MetricsLog
  private let clock: NodeClock
  private let startedAt: Double
  private var firstStepAt: Double?
  private var lastStepAt: Double?
  private var parameters: Vector?
  private var evaluation: (step: Int, result: Evaluation)?
  private var aggregations = 0
  private var selections: [NodeID: Int] = [:]
  /// How many quorums it has used, and in how many of them each peer was.
  private var quorumsUsed = 0
  private var admissions: [NodeID: Int] = [:]
  private var forgeries: NodeSummary.Forgeries?
  /// How often each way of getting a model was taken, and which models were refused.
  private var sources: [ModelSource: Int] = [:]
  private var refusals: [NodeID: [String: NodeSummary.Refusals]] = [:]
  private var usage: [ResourceUsage] = []
  private var milestones: ArraySlice<Int>
  /// The steps completed so far.
  private(set) var step = 0

  init(of id: NodeID, in topology: Topology, directory: RunDirectory, clock: NodeClock = .real) throws {
    self.id = id
    self.topology = topology
    self.directory = directory
    self.clock = clock
    milestones = ResourceUsage.milestones(of: topology.training.steps)[...]
    startedAt = clock.time()
    try directory.makeFolder(of: id)
    metrics = try MetricsLog(path: directory.metrics(of: id), clock: clock)
  }

  /// Records a step.
  ///
  /// - Parameter processor: tells what the process has used so far; nil for a node without a process of its own.
  func note(_ report: Report, processor: (() -> ProcessorTime)? = nil) throws {
    switch report {
    case .updated(let step, let parameters, let contributors, let selected):
      self.step = step
      self.parameters = parameters
      aggregations += 1
      for worker in selected { selections[worker, default: 0] += 1 }
      admit(contributors)
    case .adopted(let step, let parameters, _):
      self.step = step
      self.parameters = parameters
    case .estimated(let step, _, let contributors, let source):
      self.step = step + 1
      admit(contributors)
      sources[source, default: 0] += 1
    case .refused(_, let server, let refusal):
      refusals[server, default: [:]][refusal.name, default: NodeSummary.Refusals()].add(refusal)
      // No step is completed by that.
      return try metrics.write(report)
    case .forged(_, _, let areOverheard):
      var counted = forgeries ?? NodeSummary.Forgeries()
      if areOverheard { counted.overheard += 1 } else { counted.estimated += 1 }
      forgeries = counted
    }
    // The time of day can be set back.
    let now = max(clock.time(), lastStepAt ?? -.infinity)
    firstStepAt = firstStepAt ?? now
    lastStepAt = now
    if let processor { measure(processor) }
    try metrics.write(report)
  }

  private func admit(_ contributors: [NodeID]) {
    quorumsUsed += 1
    for peer in contributors { admissions[peer, default: 0] += 1 }
  }

  func note(_ result: Evaluation, step: Int) throws {
    evaluation = (step, result)
    try metrics.write(result, step: step)
  }

  /// Looks what the process uses whenever a milestone is reached.
  private func measure(_ processor: () -> ProcessorTime) {
    guard let milestone = milestones.last(where: { $0 <= step }) else { return }
    milestones = milestones.drop { $0 <= step }
    usage.append(ResourceUsage(at: milestone, processor: processor))
  }

  /// Writes the model and the summary.
  func finish(_ outcome: Outcome, reason: String?, traffic: TrafficCounters) throws -> NodeSummary {
    if let parameters {
      try Safetensors.write(parameters, as: topology.model.tensors, to: directory.checkpoint(of: id, step: step))
    }
    let summary = NodeSummary(
      id: "\(id)", fault: topology.faults[id]?.description, outcome: outcome, reason: reason, step: step,
      startedAt: startedAt, firstStepAt: firstStepAt, lastStepAt: lastStepAt,
      accuracy: evaluation?.result.accuracy, loss: evaluation?.result.loss, evaluatedStep: evaluation?.step,
      selected: selected, admitted: admitted, forged: forgeries, pulled: pulled, refused: refused,
      sent: traffic.sent.mapValues { .init(messages: $0.messages, bytes: $0.bytes) },
      dropped: traffic.dropped, usage: usage, seed: topology.seed, topologyDigest: topology.digestText,
      version: Version.current)
    try JSON.write(summary, to: directory.summary(of: id))
    return summary
  }

  private var selected: [String: Double]? {
    guard id.role == .server, aggregations > 0 else { return nil }
    return shares(of: topology.quorums.workerIDs, in: selections, among: aggregations)
  }

  private var pulled: [String: Int]? {
    guard id.role == .worker, topology.training.mode.isSynchronous else { return nil }
    return Dictionary(uniqueKeysWithValues: ModelSource.allCases.map { ($0.rawValue, sources[$0] ?? 0) })
  }

  private var refused: [String: [String: NodeSummary.Refusals]]? {
    pulled == nil ? nil : Dictionary(uniqueKeysWithValues: refusals.map { ("\($0.key)", $0.value) })
  }

  private var admitted: [String: Double]? {
    guard quorumsUsed > 0 else { return nil }
    let peers = id.role == .server ? topology.quorums.workerIDs : topology.quorums.serverIDs
    return shares(of: peers, in: admissions, among: quorumsUsed)
  }

  private func shares(of peers: [NodeID], in counts: [NodeID: Int], among total: Int) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: peers.map { ("\($0)", Double(counts[$0] ?? 0) / Double(total)) })
  }
}
