import ByzRuntime
import ByzTopology
import Foundation

/// What a step costs and what it cannot do without. Times are in seconds; medians over the runs.
public struct StepReport: Codable, Sendable {
  public let topology: String
  public let runs: Int
  /// d
  public let dimension: Int
  public let servers: Int
  public let workers: Int
  public let cores: Int
  /// A step: from a run's first to its last, divided by their number, on the slowest honest server.
  public let step: Timing
  /// Bytes that all nodes send in a step.
  public let bytes: Int
  /// What a bare libzmq loop moves in a second.
  public let bytesPerSecond: Double
  /// One gradient, alone on the machine.
  public let gradient: Timing
  /// One evaluation on the whole test set, alone on the machine. Servers evaluate beside the steps.
  public let evaluation: Timing
  /// The bytes of a step at that rate.
  public let bytesSeconds: Double
  /// The gradients of a step on all cores.
  public let gradientsSeconds: Double
  /// `step` divided by the sum of these two.
  public let ratio: Double
  /// Processor time per step of all nodes together, and of the costliest server and worker.
  public let processor: [String: ProcessorTime]
  /// What defence costs on this one machine.
  public let onOneMachine: Defence
  /// What defence costs where every node has a machine of its own: with links over TCP.
  public let acrossMachines: Defence
  /// The other modes, and other links.
  public let modes: ModeReport
  public let secondsToFirstStep: Timing
  /// Proportional bytes of all nodes together.
  public let memory: [RunSummary.MemoryAtStep]

  /// The run beside the same workers under one trusted server that averages.
  public struct Defence: Codable, Sendable {
    public let step: Timing
    public let undefendedStep: Timing
    /// The largest processor time per step of any node.
    public let largest: Double
    public let undefendedLargest: Double
    /// The one divided by the other.
    public let ratio: Double

    init(_ runs: Runs) {
      step = stepTiming(runs.defended)
      undefendedStep = stepTiming(runs.undefended)
      largest = StepReport.largest(runs.defended)
      undefendedLargest = StepReport.largest(runs.undefended)
      ratio = largest / undefendedLargest
    }
  }

  /// What was measured.
  struct Runs {
    var defended: [RunSummary] = []
    var undefended: [RunSummary] = []
  }

  init(
    _ topology: Topology, secondsPerByte: Timing, gradient: Timing, evaluation: Timing, local: Runs, tcp: Runs,
    modes: ModeReport
  ) {
    self.modes = modes
    let runs = local.defended
    self.topology = topology.name
    self.runs = runs.count
    dimension = topology.model.dimension
    servers = topology.quorums.servers.count
    workers = topology.quorums.workers.count
    cores = ProcessInfo.processInfo.activeProcessorCount
    step = stepTiming(runs)
    bytes = Self.middle(runs) { Double($0.bytesSent.values.reduce(0, +)) / Double($0.steps) }.map { Int($0) } ?? 0
    bytesPerSecond = 1 / secondsPerByte.median
    self.gradient = gradient
    self.evaluation = evaluation
    bytesSeconds = Double(bytes) * secondsPerByte.median
    gradientsSeconds = gradient.median * Double(workers) / Double(min(cores, workers))
    ratio = step.median / (bytesSeconds + gradientsSeconds)
    processor = Self.processor(runs)
    onOneMachine = Defence(local)
    acrossMachines = Defence(tcp)
    secondsToFirstStep = Timing(runs.compactMap(\.secondsToFirstStep))
    let samples = Dictionary(grouping: runs.flatMap(\.memoryOverTime), by: \.step)
    memory = samples.sorted { $0.key < $1.key }.map { step, samples in
      let bytes = Timing(samples.map { Double($0.proportionalBytes) }).median
      return RunSummary.MemoryAtStep(step: step, proportionalBytes: Int(bytes))
    }
  }

  private static func middle(_ runs: [RunSummary], _ figure: (RunSummary) -> Double?) -> Double? {
    let values = runs.compactMap(figure)
    return values.isEmpty ? nil : Timing(values).median
  }

  /// The medians, part by part.
  private static func processor(_ runs: [RunSummary]) -> [String: ProcessorTime] {
    var times: [String: ProcessorTime] = [:]
    for key in ["all", "server", "worker"] {
      var time = ProcessorTime()
      for (part, _) in ProcessorTime.parts {
        time[keyPath: part] = middle(runs) { $0.processorSecondsPerStep[key]?[keyPath: part] } ?? 0
      }
      times[key] = time
    }
    return times
  }

  fileprivate static func largest(_ runs: [RunSummary]) -> Double {
    middle(runs) { run in
      ["server", "worker"].compactMap { run.processorSecondsPerStep[$0]?.total }.max()
    } ?? 0
  }
}

private func stepTiming(_ runs: [RunSummary]) -> Timing {
  Timing(runs.map { ($0.wallSeconds ?? 0) / Double(max($0.steps - 1, 1)) })
}
