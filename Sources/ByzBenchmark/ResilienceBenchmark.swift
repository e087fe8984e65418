import ByzAggregation

/// Searches against several rules.
public struct ResilienceBenchmark {
  public struct Report: Codable, Sendable {
    /// How many choices were tried in each search.
    public let choices: Int
    public let findings: [ResilienceSearch.Finding]

    /// Whether something that is proven does not hold.
    public var isBroken: Bool { findings.contains(where: \.isBroken) }
  }

  private let rules: [any AggregationRule]
  private let choices: Int

  /// - Parameters:
  ///   - rules: the rules to search against, one after the other.
  ///   - choices: how many choices of all vectors are tried in each search.
  public init(_ rules: [any AggregationRule], choices: Int) {
    self.rules = rules
    self.choices = choices
  }

  /// Searches against every rule with every number of inputs that it takes, f the largest that it permits, in every
  /// dimension.
  ///
  /// - Throws: `Interrupted`.
  public func run(
    inputs counts: [Int], dimensions: [Int], showing progress: ProgressBar, unless isInterrupted: () -> Bool
  ) throws -> Report {
    let searches = rules.flatMap { rule in
      counts.flatMap { count -> [ResilienceSearch] in
        guard let f = (0...count).last(where: { rule.violation(inputs: count, tolerating: $0) == nil }) else {
          return []
        }
        return dimensions.map { ResilienceSearch(rule, inputs: count, tolerating: min(f, count / 2), dimension: $0) }
      }
    }
    let findings = try searches.enumerated().map { index, search in
      if isInterrupted() { throw Interrupted() }
      progress.show(index, of: searches.count, search.title)
      var search = search
      return search.run(choices: choices)
    }
    progress.finish()
    return Report(choices: choices, findings: findings)
  }
}
