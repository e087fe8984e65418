import ByzNumerics
import ByzProtocol
import ByzTopology
import Foundation

/// The whole of a run, put together from what its nodes wrote.
public struct RunSummary: Codable, Sendable {
  public struct Server: Codable, Sendable {
    public var id: String
    public var honest: Bool
    public var fault: String?
    public var step: Int
    public var accuracy: Double?
    /// In what share of the steps its model was in a worker's quorum, averaged over honest workers.
    public var admitted: Double?
  }

  public struct Worker: Codable, Sendable {
    public var id: String
    public var honest: Bool
    public var fault: String?
    public var step: Int
    /// In what share of the steps its momentum was in a server's quorum, averaged over honest servers.
    public var admitted: Double?
    /// In what share of the steps the rule selected this worker, averaged over honest servers.
    public var selected: Double?
    /// From what a faulty one has made its momentums; nil if it had no need to know honest ones.
    public var forged: NodeSummary.Forgeries?
    /// Of a synchronous run: how often each way was taken to a model, and whose models were refused for what.
    public var pulled: [String: Int]?
    public var refused: [String: [String: NodeSummary.Refusals]]?
  }

  public struct Memory: Codable, Sendable {
    /// Bytes that are resident, shared libraries counted whole.
    public var residentBytes: Int
    /// Bytes with each shared page divided among the processes that share it.
    public var proportionalBytes: Int
  }

  public struct MemoryAtStep: Codable, Sendable {
    public var step: Int
    public var proportionalBytes: Int

    public init(step: Int, proportionalBytes: Int) {
      self.step = step
      self.proportionalBytes = proportionalBytes
    }
  }

  public var name: String
  public var outcome: Outcome
  /// What kept the run from completing, in sentences.
  public var reasons: [String]
  /// What the run left unprotected, in sentences; faults beyond the declared bounds among it.
  public var warnings: [String]
  /// The steps reached by the slowest honest server that was not lost.
  public var steps: Int
  /// Seconds from that server's first completed step to its last.
  public var wallSeconds: Double?
  /// The steps completed in that time for each of its seconds.
  public var stepsPerSecond: Double?
  /// Seconds from the start of the launcher until every honest server had completed its first step.
  public var secondsToFirstStep: Double?
  /// The median over honest servers, on the whole test set, after the last step; nil for a model that classifies nothing.
  public var accuracy: Double?
  /// Like the accuracy.
  public var loss: Double?
  /// The largest Euclidean distance between two honest servers' final parameters, divided by their mean norm.
  public var modelSpread: Double?
  public var servers: [Server]
  public var workers: [Worker]
  /// The nodes whose process ended before its time.
  public var lost: [String]
  /// By kind, all honest nodes.
  public var messagesSent: [String: Int]
  public var bytesSent: [String: Int]
  /// Whole models that all servers, faulty ones among them, sent to workers and to servers left behind, for each step.
  public var modelsPerStep: Double?
  /// Of a synchronous run: the share of honest workers' steps in which each way (`ModelSource`) was taken to a model.
  public var pulled: [String: Double]?
  /// By peer and reason, all honest nodes.
  public var messagesDropped: [String: [String: Int]]
  /// The largest of the honest nodes of each role, after the last step; empty for a simulated run.
  public var memory: [String: Memory]
  /// Of all nodes together, at the first step, half of all, and the last.
  public var memoryOverTime: [MemoryAtStep]
  /// Seconds of processor time per step, from the first step to the last: the most that an honest `server` and `worker`
  /// used, and all nodes together (`all`).
  public var processorSecondsPerStep: [String: ProcessorTime]
  public var seed: UInt64
  public var topologyDigest: String
  public var version: String
  /// Over everything that happened in a simulated run; nil for a real one.
  public var traceDigest: String? = nil
}

/// Puts a run's summary together.
struct SummaryBuilder {
  let topology: Topology
  let directory: RunDirectory
  let launchedAt: Double
  let lost: Set<NodeID>

  func build(_ outcome: Outcome, reasons: [String]) -> RunSummary {
    let summaries = nodeSummaries
    let honest = summaries.filter { topology.faults[$0.key] == nil && !lost.contains($0.key) }
    let servers = honest.filter { $0.key.role == .server }.map(\.value)
    let workers = honest.filter { $0.key.role == .worker }.map(\.value)
    let slowest = servers.min { ($0.step, -($0.lastStepAt ?? 0)) < ($1.step, -($1.lastStepAt ?? 0)) }
    let wallSeconds = slowest.flatMap { slowest in
      slowest.lastStepAt.flatMap { last in slowest.firstStepAt.map { last - $0 } }
    }
    // A summary from another host may say any times, and JSON knows no infinity.
    let stepsPerSecond = wallSeconds.map { Double((slowest?.step ?? 1) - 1) / $0 }
    return RunSummary(
      name: topology.name, outcome: outcome, reasons: reasons, warnings: topology.warnings, steps: slowest?.step ?? 0,
      wallSeconds: wallSeconds,
      stepsPerSecond: stepsPerSecond.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil },
      secondsToFirstStep: servers.compactMap(\.firstStepAt).max().map { $0 - launchedAt },
      accuracy: median(servers.compactMap(\.accuracy)), loss: median(servers.compactMap(\.loss)),
      modelSpread: modelSpread(of: servers),
      servers: topology.quorums.serverIDs.map { server($0, summaries[$0], workers) },
      workers: topology.quorums.workerIDs.map { worker($0, summaries[$0], servers) },
      lost: lost.sorted().map(\.description), messagesSent: sum(honest.values) { $0.messages },
      bytesSent: sum(honest.values) { $0.bytes }, modelsPerStep: modelsPerStep(summaries, slowest?.step ?? 0),
      pulled: pulled(workers), messagesDropped: dropped(honest.values),
      memory: largestMemory(honest), memoryOverTime: memoryOverTime(summaries.values),
      processorSecondsPerStep: processorPerStep(summaries, honest), seed: topology.seed,
      topologyDigest: topology.digestText, version: Version.current)
  }

  private var nodeSummaries: [NodeID: NodeSummary] {
    var found: [NodeID: NodeSummary] = [:]
    for node in topology.quorums.nodeIDs {
      found[node] = directory.readSummary(of: node, in: topology)
    }
    return found
  }

  private func server(_ id: NodeID, _ summary: NodeSummary?, _ workers: [NodeSummary]) -> RunSummary.Server {
    RunSummary.Server(
      id: "\(id)", honest: topology.faults[id] == nil, fault: topology.faults[id]?.description,
      step: summary?.step ?? lastStep(of: id), accuracy: summary?.accuracy,
      admitted: mean(workers.compactMap { $0.admitted?["\(id)"] }))
  }

  private func worker(_ id: NodeID, _ summary: NodeSummary?, _ servers: [NodeSummary]) -> RunSummary.Worker {
    return RunSummary.Worker(
      id: "\(id)", honest: topology.faults[id] == nil, fault: topology.faults[id]?.description,
      step: summary?.step ?? lastStep(of: id),
      admitted: mean(servers.compactMap { $0.admitted?["\(id)"] }),
      selected: mean(servers.compactMap { $0.selected?["\(id)"] }), forged: summary?.forged, pulled: summary?.pulled,
      refused: summary?.refused)
  }

  private func modelsPerStep(_ summaries: [NodeID: NodeSummary], _ steps: Int) -> Double? {
    let sent = summaries.filter { $0.key.role == .server }.compactMap { $0.value.sent["model"]?.messages }
    return steps > 0 && !sent.isEmpty ? Double(sent.reduce(0, +)) / Double(steps) : nil
  }

  private func pulled(_ workers: [NodeSummary]) -> [String: Double]? {
    let counts = workers.compactMap(\.pulled)
    let total = counts.reduce(0) { $0 + $1.values.reduce(0, +) }
    guard total > 0 else { return nil }
    return Dictionary(
      uniqueKeysWithValues: ModelSource.allCases.map { source in
        (source.rawValue, Double(counts.reduce(0) { $0 + ($1[source.rawValue] ?? 0) }) / Double(total))
      })
  }

  /// What the metrics of a node say that left no summary.
  private func lastStep(of node: NodeID) -> Int { directory.lastStep(of: node, in: topology) }

  private func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Compares the servers' checkpoints of their last common step; nil if there are fewer than two.
  private func modelSpread(of servers: [NodeSummary]) -> Double? {
    let models: [Vector] = servers.compactMap { server in
      guard server.step == topology.training.steps, let id = NodeID(server.id) else { return nil }
      return try? Safetensors.read(topology.model.tensors, from: directory.checkpoint(of: id, step: server.step))
    }
    guard models.count > 1 else { return nil }
    let norm = models.map(\.norm).reduce(0, +) / Double(models.count)
    let distances = models.indices.flatMap { left in (0..<left).map { models[left].distance(to: models[$0]) } }
    let spread = (distances.max() ?? 0) / norm
    // A checkpoint from another host may hold anything, and JSON knows no NaN.
    return norm > 0 && spread.isFinite ? spread : nil
  }

  private func sum(_ nodes: some Sequence<NodeSummary>, _ field: (NodeSummary.Sent) -> Int) -> [String: Int] {
    nodes.reduce(into: [:]) { total, node in
      for (kind, sent) in node.sent { total[kind, default: 0] += field(sent) }
    }
  }

  private func dropped(_ nodes: some Sequence<NodeSummary>) -> [String: [String: Int]] {
    nodes.reduce(into: [:]) { total, node in
      for (peer, reasons) in node.dropped { total[peer, default: [:]].merge(reasons, uniquingKeysWith: +) }
    }
  }

  private func largestMemory(_ nodes: [NodeID: NodeSummary]) -> [String: RunSummary.Memory] {
    var largest: [String: RunSummary.Memory] = [:]
    for (id, summary) in nodes {
      guard let usage = summary.usage.last else { continue }
      let known = largest[id.role.rawValue]
      largest[id.role.rawValue] = RunSummary.Memory(
        residentBytes: max(known?.residentBytes ?? 0, usage.residentBytes),
        proportionalBytes: max(known?.proportionalBytes ?? 0, usage.proportionalBytes))
    }
    return largest
  }

  private func memoryOverTime(_ nodes: some Collection<NodeSummary>) -> [RunSummary.MemoryAtStep] {
    let samples = Dictionary(grouping: nodes.flatMap(\.usage), by: \.step)
    return samples.filter { $0.value.count == nodes.count }.sorted { $0.key < $1.key }.map { step, samples in
      RunSummary.MemoryAtStep(step: step, proportionalBytes: samples.reduce(0) { $0 + $1.proportionalBytes })
    }
  }

  private func processorPerStep(
    _ all: [NodeID: NodeSummary], _ honest: [NodeID: NodeSummary]
  ) -> [String: ProcessorTime] {
    var times: [String: ProcessorTime] = [:]
    for role in Role.allCases {
      times[role.rawValue] = honest.filter { $0.key.role == role }.values.compactMap(\.processorPerStep)
        .max { $0.total < $1.total }
    }
    let sum = all.values.compactMap(\.processorPerStep).reduce(ProcessorTime(), +)
    if sum.total > 0 { times["all"] = sum }
    return times
  }
}

extension RunDirectory {
  /// A reader of what `node` writes of its steps.
  func metricsFollower(of node: NodeID, in topology: Topology) -> MetricsFollower {
    MetricsFollower(path: metrics(of: node), steps: topology.training.steps)
  }

  /// The last step that `node` has written of.
  func lastStep(of node: NodeID, in topology: Topology) -> Int {
    var metrics = metricsFollower(of: node, in: topology)
    metrics.update()
    return metrics.step
  }

  /// What `node` wrote at its end; nil if it did not, or not so that it can be read and believed.
  func readSummary(of node: NodeID, in topology: Topology) -> NodeSummary? {
    guard let data = FileManager.default.contents(atPath: summary(of: node)) else { return nil }
    guard let summary = try? JSON.value(NodeSummary.self, in: data),
      summary.objection(of: node, in: topology) == nil
    else { return nil }
    return summary
  }
}
