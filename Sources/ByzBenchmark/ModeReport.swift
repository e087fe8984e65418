import ByzProtocol
import ByzRuntime

/// The same run, without faults, in each mode and with links of each kind.
public struct ModeReport: Codable, Sendable {
  /// How workers come by their models.
  public enum Mode: String, CaseIterable, Codable, Sendable {
    case asynchronous
    case filtered = "synchronous, filtered"
    case certified = "synchronous, certified"

    func training(_ batch: LipschitzBatch) -> TrainingMode {
      switch self {
      case .asynchronous: .asynchronous
      case .filtered: .synchronous(.filtered(batch))
      case .certified: .synchronous(.certified(batch))
      }
    }
  }

  /// How nodes are linked.
  public enum Links: String, CaseIterable, Codable, Sendable {
    case local = "on one machine"
    case tcp = "over TCP"
    case protected = "over TCP, protected"
  }

  struct Key: Hashable {
    let links: Links
    let mode: Mode
  }

  public struct Row: Codable, Sendable {
    public let links: Links
    public let mode: Mode
    public let stepsPerSecond: Timing
    /// Each run's steps per second divided by those of the asynchronous run before it, the median; nil if the bounds permit no
    /// asynchronous run.
    public let ratio: Double?
    /// Whole models that servers send in a step, and the bytes that honest nodes send in it.
    public let modelsPerStep: Double
    public let bytesPerStep: Int
    /// Processor seconds per step of all nodes together.
    public let processorSeconds: Double
  }

  public let rows: [Row]

  init(_ runs: [Key: [RunSummary]]) {
    rows = Links.allCases.flatMap { links in
      Mode.allCases.compactMap { mode in
        runs[Key(links: links, mode: mode)].map {
          Row(links: links, mode: mode, $0, beside: runs[Key(links: links, mode: .asynchronous)] ?? [])
        }
      }
    }
  }
}

extension ModeReport.Row {
  fileprivate init(
    links: ModeReport.Links, mode: ModeReport.Mode, _ runs: [RunSummary], beside asynchronous: [RunSummary]
  ) {
    func middle(_ values: [Double]) -> Double { values.isEmpty ? 0 : Timing(values).median }
    self.links = links
    self.mode = mode
    stepsPerSecond = Timing(runs.map { $0.stepsPerSecond ?? 0 })
    let ratios = zip(runs, asynchronous).map { ($0.stepsPerSecond ?? 0) / ($1.stepsPerSecond ?? 0) }
    ratio = ratios.isEmpty ? nil : Timing(ratios).median
    modelsPerStep = middle(runs.compactMap(\.modelsPerStep))
    bytesPerStep = Int(middle(runs.map { Double($0.bytesSent.values.reduce(0, +)) / Double(max($0.steps, 1)) }))
    processorSeconds = middle(runs.map { $0.processorSecondsPerStep["all"]?.total ?? 0 })
  }
}
