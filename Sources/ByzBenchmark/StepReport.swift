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
  /// One evaluation on the whole test set, alone on the machine. Not part of a step.
  public let evaluation: Timing
  /// The bytes of a step at that rate.
  public let bytesSeconds: Double
  /// The gradients of a step on all cores.
  public let gradientsSeconds: Double
  /// `step` divided by the sum of these two.
  public let ratio: Double
  /// Processor time per step of all nodes together, and of the costliest server and worker.
  public let processor: [String: ProcessorTime]
  /// A step of the same workers under one trusted server that averages.
  public let undefendedStep: Timing
  public let undefendedProcessor: [String: ProcessorTime]
  /// The largest processor time per step of any node, divided by the same of the undefended run.
  public let defenceRatio: Double
  public let secondsToFirstStep: Timing
  /// Proportional bytes of all nodes together.
  public let memory: [RunSummary.MemoryAtStep]

  init(
    _ topology: Topology, secondsPerByte: Timing, gradient: Timing, evaluation: Timing, runs: [RunSummary],
    undefended: [RunSummary]
  ) {
    self.topology = topology.name
    self.runs = runs.count
    dimension = topology.model.dimension
    servers = topology.quorums.servers.count
    workers = topology.quorums.workers.count
    cores = ProcessInfo.processInfo.activeProcessorCount
    step = Self.stepTiming(runs)
    bytes = Self.middle(runs) { Double($0.bytesSent.values.reduce(0, +)) / Double($0.steps) }.map { Int($0) } ?? 0
    bytesPerSecond = 1 / secondsPerByte.median
    self.gradient = gradient
    self.evaluation = evaluation
    bytesSeconds = Double(bytes) * secondsPerByte.median
    gradientsSeconds = gradient.median * Double(workers) / Double(min(cores, workers))
    ratio = step.median / (bytesSeconds + gradientsSeconds)
    processor = Self.processor(runs)
    undefendedStep = Self.stepTiming(undefended)
    undefendedProcessor = Self.processor(undefended)
    defenceRatio = Self.largest(processor) / Self.largest(undefendedProcessor)
    secondsToFirstStep = Timing(runs.compactMap(\.secondsToFirstStep))
    let samples = Dictionary(grouping: runs.flatMap(\.memoryOverTime), by: \.step)
    memory = samples.sorted { $0.key < $1.key }.map { step, samples in
      let bytes = Timing(samples.map { Double($0.proportionalBytes) }).median
      return RunSummary.MemoryAtStep(step: step, proportionalBytes: Int(bytes))
    }
  }

  private static func stepTiming(_ runs: [RunSummary]) -> Timing {
    Timing(runs.map { ($0.wallSeconds ?? 0) / Double(max($0.steps - 1, 1)) })
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

  private static func largest(_ times: [String: ProcessorTime]) -> Double {
    max(times["server"]?.total ?? 0, times["worker"]?.total ?? 0)
  }
}
