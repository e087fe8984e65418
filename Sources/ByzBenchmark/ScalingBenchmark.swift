import ByzAggregation
import ByzProtocol
import ByzRuntime
import ByzTopology

/// How the cost of a step grows with the numbers of workers, servers and parameters: real processes on an analytic problem whose
/// gradient costs next to nothing.
public struct ScalingBenchmark {
  /// The size of a run.
  public struct Size: Codable, Sendable, Equatable {
    public let servers: Int
    public let workers: Int
    /// d
    public let dimension: Int

    public init(servers: Int, workers: Int, dimension: Int) {
      self.servers = servers
      self.workers = workers
      self.dimension = dimension
    }
  }

  /// What a step of that size costs; times are in seconds.
  public struct Row: Codable, Sendable {
    public let size: Size
    public let step: Double
    /// Processor time of the costliest server.
    public let server: Double
    /// The part of it that is spent on checks and aggregation.
    public let serverMachine: Double
    /// `server` divided by n_w d.
    public let serverPerElement: Double
    /// Processor time of the costliest worker.
    public let worker: Double
    /// `worker` divided by n_ps d.
    public let workerPerElement: Double

    init(_ size: Size, _ summary: RunSummary) {
      self.size = size
      let times = summary.processorSecondsPerStep
      step = (summary.wallSeconds ?? 0) / Double(summary.steps - 1)
      server = times["server"]?.total ?? 0
      serverMachine = times["server"]?.machine ?? 0
      serverPerElement = server / Double(size.workers * size.dimension)
      worker = times["worker"]?.total ?? 0
      workerPerElement = worker / Double(size.servers * size.dimension)
    }
  }

  public struct Report: Codable, Sendable {
    public let rows: [Row]
  }

  /// More and more workers, then servers, then parameters.
  public static let sizes =
    [7, 10, 20, 40].map { Size(servers: 5, workers: $0, dimension: 100_000) }
    + [8, 11, 20].map { Size(servers: $0, workers: 7, dimension: 100_000) }
    + [10_000, 1_000_000, 10_000_000].map { Size(servers: 5, workers: 7, dimension: $0) }

  private let sizes: [Size]
  private let executable: String

  /// - Parameters:
  ///   - sizes: the sizes to measure, in this order.
  ///   - executable: the program whose `node` command runs a node.
  public init(_ sizes: [Size] = Self.sizes, executable: String) {
    self.sizes = sizes
    self.executable = executable
  }

  /// Runs all sizes.
  ///
  /// - Throws: `Interrupted`, `RunFailure` if a run does not complete, or what disk and sockets refuse.
  public func run(showing progress: ProgressBar, unless isInterrupted: @escaping () -> Bool) throws -> Report {
    var rows: [Row] = []
    for (index, size) in sizes.enumerated() {
      if isInterrupted() { throw Interrupted() }
      progress.show(
        index, of: sizes.count, "\(size.servers) servers, \(size.workers) workers, d = \(size.dimension)")
      rows.append(Row(size, try measure(Self.topology(size), executable)))
    }
    progress.finish()
    return Report(rows: rows)
  }

  /// A run of that size with the bounds as high as they may be. Nobody asks again or goes on without the others, however
  /// slow this machine is.
  private static func topology(_ size: Size) -> Topology {
    let elements = 2 * size.servers * size.workers * size.dimension
    return Topology(
      name: "scaling", seed: 1, model: .analytic(.quadratic(dimension: size.dimension, noise: 0)),
      training: TrainingParameters(
        steps: min(max(3_000_000_000 / elements, 20), 500), gatherEvery: 10, learningRate: LearningRate(initial: 0.1),
        momentum: Momentum(coefficient: 0.9, form: .dampened)),
      batch: 1, evaluateEvery: 1_000_000,
      quorums: Quorums(
        servers: (size.servers, (size.servers - 2) / 3), workers: (size.workers, (size.workers - 1) / 3)),
      patience: Patience(
        graceMilliseconds: 60_000, startGraceMilliseconds: 60_000, askAgainMilliseconds: 60_000),
      rule: MinimumDiameterAveraging())
  }
}
