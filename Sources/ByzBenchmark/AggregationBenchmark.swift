import ByzAggregation
import ByzNumerics
import Foundation

/// What aggregation rules cost, each beside copying its inputs, with one thread and with all that the machine has.
public struct AggregationBenchmark {
  /// What is aggregated, how often for each rule.
  public struct Setting {
    public let rule: any AggregationRule
    public let inputs: [Vector]
    /// f
    public let byzantine: Int

    public init(_ rule: any AggregationRule, of inputs: [Vector], tolerating f: Int) {
      self.rule = rule
      self.inputs = inputs
      byzantine = f
    }
  }

  /// Times in seconds.
  public struct Row: Codable, Sendable {
    public let rule: String
    /// n
    public let inputs: Int
    /// f
    public let byzantine: Int
    /// d
    public let dimension: Int
    public let oneThread: Timing
    /// `oneThread` divided by the time in which one thread copies the inputs.
    public let oneThreadRatio: Double
    public let allThreads: Timing
    /// `allThreads` divided by the time in which as many copy the inputs.
    public let allThreadsRatio: Double
  }

  public struct Report: Codable, Sendable {
    /// How many threads all are.
    public let threads: Int
    public let rows: [Row]
  }

  private let seconds: Double
  private let threads = ProcessInfo.processInfo.activeProcessorCount

  /// - Parameter seconds: for how long each row is measured.
  public init(seconds: Double) { self.seconds = seconds }

  /// Measures each setting, which is made when its turn has come.
  ///
  /// - Throws: `Interrupted`, or what a setting's making throws.
  public func run(
    _ settings: [() throws -> Setting], showing progress: ProgressBar, unless isInterrupted: () -> Bool
  ) throws -> Report {
    var rows: [Row] = []
    for (index, setting) in settings.enumerated() {
      let setting = try setting()
      progress.show(index, of: settings.count, "\(setting.rule.specification), n = \(setting.inputs.count)")
      rows.append(try measure(setting, isInterrupted))
    }
    progress.finish()
    return Report(threads: threads, rows: rows)
  }

  private func measure(_ setting: Setting, _ isInterrupted: () -> Bool) throws -> Row {
    let (inputs, f) = (setting.inputs, setting.byzantine)
    let room = CopyRoom(for: inputs)
    func aggregate(_ threads: Int) {
      keep(setting.rule.aggregate(inputs, tolerating: f, in: Round(threads: threads)).vector)
    }
    let timings = try Timing.compare(
      for: seconds, unless: isInterrupted,
      [
        { aggregate(1) }, { room.copy(inputs, threads: 1) }, { aggregate(threads) },
        { room.copy(inputs, threads: threads) },
      ])
    return Row(
      rule: setting.rule.specification.description, inputs: inputs.count, byzantine: f, dimension: inputs[0].count,
      oneThread: timings[0], oneThreadRatio: timings[0].median / timings[1].median, allThreads: timings[2],
      allThreadsRatio: timings[2].median / timings[3].median)
  }
}

extension AggregationBenchmark {
  /// Every rule with its standard parameters, and the trimmed mean behind every pre-aggregation.
  public static let standardRules: [any AggregationRule] = {
    let rules = AggregationRules.all.compactMap { try? $0.made() }
    let steps = AggregationRules.preAggregations.compactMap { offer in
      try? offer.made(with: [:].merging(offer.parameters.filter(\.isRequired).map { ($0.name, 1) }) { $1 })
    }
    return rules + steps.map { PreAggregatedRule([$0], before: TrimmedMean()) }
  }()

  /// The settings of drawn vectors of every length, every number and every rule that takes so many, with f the largest
  /// that the rule permits up to a third of n.
  public static func drawn(
    _ rules: [any AggregationRule], inputs counts: [Int], dimensions: [Int]
  ) -> [() -> Setting] {
    dimensions.flatMap { dimension in
      counts.flatMap { count -> [() -> Setting] in
        let made = Deferred { (0..<count).map { drawnVector($0, dimension: dimension) } }
        return rules.compactMap { rule in
          let f = (0...count / 3).last { rule.violation(inputs: count, tolerating: $0) == nil }
          return f.map { f in { Setting(rule, of: made.value, tolerating: f) } }
        }
      }
    }
  }
}

/// A value that is made when it is first asked for.
private final class Deferred<Value> {
  private let make: () -> Value
  lazy var value = make()

  init(_ make: @escaping () -> Value) { self.make = make }
}
