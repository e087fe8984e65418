import ByzAggregation
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

/// A whole step of a topology in real processes, without faults, beside the sum of what it cannot do without: its bytes at
/// the bandwidth of libzmq, and its gradients. And beside the same workers under one trusted server that averages.
///
/// Evaluations, which are not part of a step but take processors from it where they are few, come after the last step only;
/// what one takes is measured by itself.
public struct StepBenchmark {
  private let topology: Topology
  private let runs: Int
  private let executable: String

  /// - Parameters:
  ///   - topology: its faults are left out, and its evaluations but for the last.
  ///   - runs: how often everything is measured, in turn.
  ///   - executable: the program whose `node` command runs a node.
  public init(_ topology: Topology, runs: Int, executable: String) {
    self.topology = topology.varied(name: topology.name)
    self.runs = runs
    self.executable = executable
  }

  /// Runs everything.
  ///
  /// - Throws: `Interrupted`, `Failure` if a run does not complete, or what disk, sockets, data or libtorch refuse.
  public func run(showing progress: ProgressBar, unless isInterrupted: @escaping () -> Bool) throws -> StepReport {
    let undefended = topology.undefended
    var (bare, gradients, evaluations) = ([Double](), [Double](), [Double]())
    var (defendedRuns, undefendedRuns) = ([RunSummary](), [RunSummary]())
    for run in 0..<runs {
      progress.show(4 * run, of: 4 * runs, "a bare libzmq loop")
      bare.append(try secondsPerByte(unless: isInterrupted))
      progress.show(4 * run + 1, of: 4 * runs, "a gradient and an evaluation")
      gradients.append(
        try GradientBenchmark(topology: topology).run(for: 1, unless: isInterrupted).seconds.median)
      evaluations.append(try secondsOfEvaluation(unless: isInterrupted))
      progress.show(4 * run + 2, of: 4 * runs, topology.name)
      defendedRuns.append(try launch(topology))
      progress.show(4 * run + 3, of: 4 * runs, undefended.name)
      undefendedRuns.append(try launch(undefended))
    }
    progress.finish()
    return StepReport(
      topology, secondsPerByte: Timing(bare), gradient: Timing(gradients), evaluation: Timing(evaluations),
      runs: defendedRuns, undefended: undefendedRuns)
  }

  private func secondsOfEvaluation(unless isInterrupted: () -> Bool) throws -> Double {
    let evaluator = try topology.evaluator(of: .server(0))
    let parameters = topology.model.initialParameters(seed: topology.seed)
    return try Timing.compare(for: 0, unless: isInterrupted, [{ keep(try evaluator.evaluate(parameters)) }])[0].median
  }

  /// What libzmq needs for a byte of vectors as long as this topology's, over ipc.
  private func secondsPerByte(unless isInterrupted: () -> Bool) throws -> Double {
    let places = try Places()
    defer { places.remove() }
    let frame = 4 * topology.model.dimension
    let count = BareLoop.count(ofFrames: frame)
    let timings = try (0..<5).map { _ in
      if isInterrupted() { throw Interrupted() }
      return try BareLoop(address: try places.next(.ipc), frame: frame).secondsPerFrame(count)
    }
    return Timing(timings).median / Double(frame)
  }

  private func launch(_ topology: Topology) throws -> RunSummary {
    let path = FileManager.default.temporaryDirectory.appending(path: "byzsgd-bench-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let launcher = try Launcher(
      topology, directory: RunDirectory(path: path), executable: executable, display: Display(isQuiet: true))
    let summary = try launcher.run()
    switch summary.outcome {
    case .completed: return summary
    case .interrupted: throw Interrupted()
    case .failed, .diverged:
      throw Failure(description: "\(topology.name) did not complete: \(summary.reasons.joined(separator: "; "))")
    }
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }
}

extension Topology {
  /// The same workers under one trusted server that averages what they send: what the run would be without any defence.
  fileprivate var undefended: Topology {
    varied(
      name: "undefended", quorums: Quorums(servers: (1, 0), workers: (quorums.workers.count, 0)), rule: Average())
  }

  /// This run without faults and evaluations on the way, and with other quorums and another rule if they are given.
  fileprivate func varied(name: String, quorums: Quorums? = nil, rule: (any AggregationRule)? = nil) -> Topology {
    let kept = quorums ?? self.quorums
    return Topology(
      name: name, seed: seed, model: model, training: training, batch: batch, evaluateEvery: training.steps,
      quorums: kept, patience: patience, nodes: nodes.filter { kept.contains($0.key) }, schedule: schedule,
      rule: rule ?? self.rule)
  }
}
