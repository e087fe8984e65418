import ByzNumerics

/// A way to make one vector of many, some of which may come from Byzantine nodes.
///
/// A rule is a pure function: equal inputs in equal order, with equal rounds, give the same bits, on every server and with
/// any number of threads. It is called with what has passed the boundary already, so its preconditions are about our own
/// state and never about what a peer sent:
///
/// - the inputs stand in the order of the ids of the nodes that sent them;
/// - every input is finite, which is checked where a message comes in;
/// - all inputs have one length d;
/// - ``violation(inputs:tolerating:)`` is nil for their number and f. A rule promises something for a range of numbers n, with
///   the same f: it is enough to ask for the smallest and for the largest that there may be.
public protocol AggregationRule: Sendable {
  /// The rule's name, its parameters, and what goes before it, as a topology spells them.
  var specification: AggregationSpecification { get }

  /// Why the rule promises nothing for `count` inputs of which up to `f` are Byzantine, or nil when it does.
  ///
  /// The reason is one sentence that names the inequality and the numbers.
  func violation(inputs count: Int, tolerating f: Int) -> String?

  /// What is proven of the rule for n = `count` inputs of d = `dimension` elements, up to `f` of them Byzantine.
  ///
  /// ``violation(inputs:tolerating:)`` must be nil for these numbers.
  func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee

  /// The aggregate of `inputs`, of which up to `f` are Byzantine, in memory of its own.
  func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate
}

extension AggregationRule {
  /// The name that a topology calls the rule by.
  public var name: String { specification.rule.name }

  /// The aggregate of `inputs` in a round of which nothing is known: no earlier aggregate, seed 0, one thread.
  public func aggregate(_ inputs: [Vector], tolerating f: Int) -> Aggregate {
    aggregate(inputs, tolerating: f, in: Round())
  }
}

/// What an aggregation may use besides its inputs.
public struct Round: Sendable {
  /// What ``Bucketing`` draws from. Servers that use the same one draw alike.
  public var seed: UInt64
  /// The aggregate of the round before, from which ``CenteredClipping`` starts; nil stands for zeros.
  public var previous: Vector?
  /// The squared distances between the inputs, if they are known already.
  public var distances: DistanceMatrix?
  /// How many threads may work at the same time; no bit of the result depends on it.
  public var threads: Int

  public init(seed: UInt64 = 0, previous: Vector? = nil, distances: DistanceMatrix? = nil, threads: Int = 1) {
    self.seed = seed
    self.previous = previous
    self.distances = distances
    self.threads = threads
  }
}

/// What an aggregation rule made of its inputs.
public struct Aggregate: Sendable {
  /// The aggregated vector, of the inputs' length. It never shares memory with an input.
  public let vector: Vector

  /// The indices of the inputs that the average was taken over, ascending; all of them for a rule that selects none.
  public let selected: [Int]

  /// An aggregate `vector` to which the inputs at the indices `selected` contributed.
  public init(vector: Vector, selected: [Int]) {
    self.vector = vector
    self.selected = selected
  }
}

extension AggregationRule {
  /// The violation of a rule that needs n >= `factor` f + `more`.
  func violation(inputs count: Int, tolerating f: Int, factor: Int, more: Int) -> String? {
    conditionViolation(of: name, inputs: count, tolerating: f, factor: factor, more: more)
  }

  /// The violation of a rule that needs honest inputs to be the majority.
  func majorityViolation(inputs count: Int, tolerating f: Int) -> String? {
    violation(inputs: count, tolerating: f, factor: 2, more: 1)
  }

  /// Stops the program when a caller skipped the check of the rule's condition.
  func requireCondition(inputs count: Int, tolerating f: Int) {
    if let reason = violation(inputs: count, tolerating: f) { preconditionFailure(reason) }
  }
}
