import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzSimulation
import ByzTopology
import ByzTransport
import ByzWire

/// Runs a topology in this process under virtual time, and leaves the same run directory and summary as a launcher.
public final class SimulatedRun {
  private let topology: Topology
  private let directory: RunDirectory
  private let display: Display
  private var records: [NodeID: NodeRecord] = [:]
  private var traffic: [NodeID: TrafficCounters] = [:]
  private var ends: [NodeID: Occurrence.End] = [:]
  private var progress: Progress
  private var lastShown: MonotonicTime?
  private var now = VirtualTime.start
  private var evaluator: (any Evaluator)?
  /// Honest servers often hold the same bits, whose evaluation needs no repetition.
  private var lastEvaluated: (parameters: Vector, result: Evaluation)?
  private let interruption = Interruption()

  private struct Interrupted: Error {}

  /// - Throws: if the run directory cannot be written.
  public init(_ topology: Topology, directory: RunDirectory, display: Display) throws {
    self.topology = topology
    self.directory = directory
    self.display = display
    progress = Progress(of: topology, in: directory)
    for node in topology.quorums.nodeIDs {
      traffic[node] = TrafficCounters()
      let clock = NodeClock.virtual { [unowned self] in now.seconds }
      records[node] = try NodeRecord(of: node, in: topology, directory: directory, clock: clock)
    }
    try topology.yaml.write(toFile: directory.topology, atomically: true, encoding: .utf8)
  }

  /// Runs to the end and writes the run's summary.
  ///
  /// - Parameter trace: is told of everything that happens.
  /// - Throws: what the disk, the data or libtorch refuses.
  public func run(trace: ((Occurrence) throws -> Void)? = nil) throws -> RunSummary {
    defer { interruption.cancel() }
    var simulation = try Simulation(
      of: topology,
      observer: { [unowned self] occurrence in
        try trace?(occurrence)
        try note(occurrence)
      }, gradients: { try topology.gradientSource(of: $0) })
    var outcome = Outcome.interrupted
    var reasons = ["it was interrupted"]
    do {
      let result = try simulation.run()
      reasons = result.violations.map(\.description)
      let diverged = ends.contains { topology.faults[$0.key] == nil && $0.value == .diverged }
      outcome = diverged ? .diverged : reasons.isEmpty ? .completed : .failed
    } catch is Interrupted {}
    display.finish()
    return try sumUp(outcome, reasons, simulation.traceDigest)
  }

  private func sumUp(_ outcome: Outcome, _ reasons: [String], _ digest: String) throws -> RunSummary {
    let lost = Set(ends.filter { $0.value == .crashed || $0.value == .deserted }.keys)
    for (node, record) in records where !lost.contains(node) {
      // A run is over when the honest nodes are done; others may have been left on their way.
      let ending: Outcome =
        record.step == topology.training.steps ? .completed : outcome == .completed ? .interrupted : outcome
      _ = try record.finish(ending, reason: nil, traffic: traffic[node] ?? TrafficCounters())
    }
    let builder = SummaryBuilder(topology: topology, directory: directory, launchedAt: 0, lost: lost)
    var summary = builder.build(outcome, reasons: reasons)
    summary.traceDigest = digest
    try JSON.write(summary, to: directory.summary)
    return summary
  }
}

// MARK: - What happens

extension SimulatedRun {
  private func note(_ occurrence: Occurrence) throws {
    if interruption.isRaised { throw Interrupted() }
    now = occurrence.time
    let node = occurrence.node
    switch occurrence.what {
    case .sent(let message, let receivers):
      for _ in receivers { traffic[node]?.countSent(message) }
    case .rejected(let sender, let reason):
      traffic[node]?.countDropped(from: sender, reason.rawValue)
    case .reported(let report):
      try records[node]?.note(report)
      try evaluate(report, of: node)
      showProgress()
    case .ended(let end):
      ends[node] = end
    case .started, .stopped, .received, .computed, .fired, .reconnected, .overheard, .lost:
      break
    }
  }

  private func evaluate(_ report: Report, of server: NodeID) throws {
    switch report {
    case .updated(let step, let parameters, _, _), .adopted(let step, let parameters, _):
      guard step % topology.evaluateEvery == 0 || step == topology.training.steps else { return }
      try records[server]?.note(try evaluation(of: parameters, by: server), step: step)
    case .estimated, .refused, .forged:
      break
    }
  }

  private func evaluation(of parameters: Vector, by server: NodeID) throws -> Evaluation {
    if let lastEvaluated, lastEvaluated.parameters == parameters { return lastEvaluated.result }
    let evaluator = try evaluator ?? topology.evaluator(of: server)
    self.evaluator = evaluator
    let result = try evaluator.evaluate(parameters)
    lastEvaluated = (parameters, result)
    return result
  }

  private func showProgress() {
    let time = MonotonicTime.now
    if let lastShown, time.milliseconds - lastShown.milliseconds < Display.refreshMilliseconds { return }
    lastShown = time
    progress.update()
    display.show(progress: progress.line)
  }
}
