import ByzNumerics

/// Something that is done to the inputs before a rule aggregates them.
///
/// Like a rule it is a pure function of finite vectors of one length, in the order of their nodes' ids.
public protocol PreAggregation: Sendable {
  /// Its name and parameters, as a topology spells them.
  var specification: Specification { get }

  /// Why it cannot be done to `count` inputs of which up to `f` are Byzantine, a sentence with the numbers; or nil.
  func violation(inputs count: Int, tolerating f: Int) -> String?

  /// How many vectors `count` inputs become.
  func outputs(of count: Int) -> Int

  /// What is proven of a rule behind it, given the `guarantee` of that rule for the vectors that come out of it.
  ///
  /// - Parameters:
  ///   - guarantee: what is proven of that rule for ``outputs(of:)`` n vectors.
  ///   - count: n, how many vectors go in.
  ///   - f: how many of them may be Byzantine.
  func guarantee(behind guarantee: Guarantee, inputs count: Int, tolerating f: Int) -> Guarantee

  /// The vectors to aggregate instead of `inputs`, of which up to `f` are Byzantine.
  ///
  /// Up to f of those that come out depend on more than honest inputs in a way that the rule behind has to bear.
  func apply(to inputs: [Vector], tolerating f: Int, in round: Round) -> [Mixture]
}

/// A vector that was made of some of the inputs.
public struct Mixture: Sendable {
  /// The vector, which may be an input itself.
  public let vector: Vector
  /// The indices of the inputs that it was made of, ascending.
  public let origins: [Int]

  public init(vector: Vector, origins: [Int]) {
    self.vector = vector
    self.origins = origins
  }
}

/// A rule behind one or more pre-aggregations, which is a rule itself.
///
/// What each step gets is what the step before it made, and the rule's condition is on what it gets itself: n falls where
/// inputs are put into buckets, f stays.
public struct PreAggregatedRule: AggregationRule {
  private let steps: [any PreAggregation]
  private let rule: any AggregationRule

  /// `rule` behind `steps`, which are done in order.
  public init(_ steps: [any PreAggregation], before rule: any AggregationRule) {
    self.steps = steps
    self.rule = rule
  }

  public var specification: AggregationSpecification {
    let inner = rule.specification
    return AggregationSpecification(rule: inner.rule, before: steps.map(\.specification) + inner.before)
  }

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    var left = count
    for step in steps {
      if let reason = step.violation(inputs: left, tolerating: f) { return reason }
      left = step.outputs(of: left)
    }
    guard let reason = rule.violation(inputs: left, tolerating: f) else { return nil }
    return left == count ? reason : "\(reason) Of \(count) inputs, \(left) are left after \(names)."
  }

  private var names: String { steps.map(\.specification.description).joined(separator: ", ") }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    let counts = steps.reduce(into: [count]) { counts, step in counts.append(step.outputs(of: counts[counts.count - 1]))
    }
    let inner = rule.guarantee(inputs: counts[steps.count], tolerating: f, dimension: dimension)
    var outer = zip(steps, counts).reversed().reduce(inner) { guarantee, step in
      step.0.guarantee(behind: guarantee, inputs: step.1, tolerating: f)
    }
    // What is said of the rule is not true of what it gets from the steps.
    if inner.lambda == nil {
      outer.remark = "nothing is proven of \(rule.name) itself"
    } else if outer.lambda != nil {
      outer.remark = "it follows from what is proven of \(rule.name)"
    }
    return outer
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    var mixtures = inputs.enumerated().map { Mixture(vector: $1, origins: [$0]) }
    var round = round
    for step in steps {
      let made = step.apply(to: mixtures.map(\.vector), tolerating: f, in: round)
      mixtures = made.map { mixture in
        Mixture(vector: mixture.vector, origins: Set(mixture.origins.flatMap { mixtures[$0].origins }).sorted())
      }
      round.distances = nil
    }
    let aggregate = rule.aggregate(mixtures.map(\.vector), tolerating: f, in: round)
    let selected = Set(aggregate.selected.flatMap { mixtures[$0].origins }).sorted()
    return Aggregate(vector: aggregate.vector, selected: selected)
  }
}
