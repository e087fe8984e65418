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
  private var usage: ResourceUsage?
  /// The steps completed so far.
  private(set) var step = 0

  init(of id: NodeID, in topology: Topology, directory: RunDirectory, clock: NodeClock = .real) throws {
    self.id = id
    self.topology = topology
    self.directory = directory
    self.clock = clock
    startedAt = clock.time()
    try directory.makeFolder(of: id)
    metrics = try MetricsLog(path: directory.metrics(of: id), clock: clock)
  }

  func note(_ report: Report) throws {
    switch report {
    case .updated(let step, let parameters, _, let selected):
      self.step = step
      self.parameters = parameters
      aggregations += 1
      for worker in selected { selections[worker, default: 0] += 1 }
    case .adopted(let step, let parameters, _):
      self.step = step
      self.parameters = parameters
    case .estimated(let step, _, _):
      self.step = step + 1
    }
    let now = clock.time()
    firstStepAt = firstStepAt ?? now
    lastStepAt = now
    if step == topology.training.steps { usage = .now }
    try metrics.write(report)
  }

  func note(_ result: Evaluation, step: Int) throws {
    evaluation = (step, result)
    try metrics.write(result, step: step)
  }

  /// What the node has used, as far as it can be told from what the process has.
  var usageSoFar: ResourceUsage { usage ?? .now }

  /// Writes the model and the summary.
  ///
  /// - Parameter usage: what the node has used; nil if it had no process of its own.
  func finish(
    _ outcome: Outcome, reason: String?, traffic: TrafficCounters, usage: ResourceUsage?
  ) throws -> NodeSummary {
    if let parameters {
      try Safetensors.write(parameters, as: topology.model.tensors, to: directory.checkpoint(of: id, step: step))
    }
    let summary = NodeSummary(
      id: "\(id)", fault: topology.faults[id]?.description, outcome: outcome, reason: reason, step: step,
      startedAt: startedAt, firstStepAt: firstStepAt, lastStepAt: lastStepAt,
      accuracy: evaluation?.result.accuracy, loss: evaluation?.result.loss, evaluatedStep: evaluation?.step,
      selected: shares, sent: traffic.sent.mapValues { .init(messages: $0.messages, bytes: $0.bytes) },
      dropped: traffic.dropped, usage: usage, seed: topology.seed, topologyDigest: topology.digestText,
      version: Version.current)
    try JSON.write(summary, to: directory.summary(of: id))
    return summary
  }

  private var shares: [String: Double]? {
    guard id.role == .server, aggregations > 0 else { return nil }
    let counted = topology.quorums.workerIDs.map { worker in
      ("\(worker)", Double(selections[worker] ?? 0) / Double(aggregations))
    }
    return Dictionary(uniqueKeysWithValues: counted)
  }
}
