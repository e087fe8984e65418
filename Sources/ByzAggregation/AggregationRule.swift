import ByzNumerics

/// A way to make one vector of many, some of which may come from Byzantine nodes.
///
/// A rule is a pure function: equal inputs in equal order give the same bits, on every server. It is called with what has
/// passed the boundary already, so its preconditions are about our own state and never about what a peer sent:
///
/// - the inputs stand in the order of the ids of the nodes that sent them;
/// - every input is finite, which is checked where a message comes in;
/// - all inputs have one length d;
/// - ``violation(inputs:tolerating:)`` is nil for their number and f.
public protocol AggregationRule: Sendable {
  /// The name that a topology calls the rule by.
  var name: String { get }

  /// Why the rule promises nothing for `count` inputs of which up to `f` are Byzantine, or nil when it does.
  ///
  /// The reason is one sentence that names the inequality and the numbers.
  func violation(inputs count: Int, tolerating f: Int) -> String?

  /// The aggregate of `inputs`, of which up to `f` are Byzantine, in memory of its own.
  func aggregate(_ inputs: [Vector], tolerating f: Int) -> Aggregate
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

/// The rules that a topology can name.
public enum AggregationRules {
  /// Every rule, the default one first.
  public static let all: [any AggregationRule] = [MinimumDiameterAveraging(), CoordinatewiseMedian(), Average()]

  /// The rule called `name`, or nil when there is none.
  public static func named(_ name: String) -> (any AggregationRule)? { all.first { $0.name == name } }
}

extension AggregationRule {
  /// The violation of a rule that needs honest inputs to be the majority.
  func majorityViolation(inputs count: Int, tolerating f: Int) -> String? {
    if f < 0 { return "\(name) needs f >= 0, which f = \(f) breaks." }
    if count < 1 { return "\(name) needs n >= 1, which n = \(count) breaks." }
    // n >= 2f + 1 without the product, which overflows for an absurd f.
    return f <= (count - 1) / 2 ? nil : "\(name) needs n >= 2f + 1, which n = \(count) and f = \(f) break."
  }

  /// Stops the program when a caller skipped the check of the rule's condition.
  func requireCondition(inputs count: Int, tolerating f: Int) {
    if let reason = violation(inputs: count, tolerating: f) { preconditionFailure(reason) }
  }
}
