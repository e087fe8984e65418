import ByzNumerics

/// Comparative gradient elimination (CGE): the average of the n - f shortest inputs.
///
///     S   = the n - f indices with the smallest |x_i|
///     CGE = (1 / (n - f)) * sum over i in S of x_i
///
/// - x_i: vectors of d elements each; so is the result. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 1. It only bounds how long a Byzantine input of S can be: no longer than the longest honest one.
/// - Ties: of equal norms the smaller index is preferred. Norms tie when their squares are equal f64.
/// - Rounding: squared norms are sums of squares in f64. The average is summed in f64 in index order, divided in f64 and
///   rounded to f32 once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n d + n log n) time; two passes over the inputs.
/// - Example: 3, -1, 2, 9 with f = 1 give S = {0, 1, 2}, counted from 0, and the average 4 / 3.
/// - Reference: Gupta, Liu and Vaidya, "Byzantine Fault-Tolerant Distributed Machine Learning Using Stochastic Gradient
///   Descent (SGD) and Norm-Based Comparative Gradient Elimination (CGE)", DSN-W 2021, arXiv 2008.04699.
public struct ComparativeGradientElimination: AggregationRule {
  public let specification = AggregationSpecification("cge")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return Guarantee(lambda: 0, kappa: 0, varianceToNorm: .infinity, remark: "nobody may be Byzantine") }
    return Guarantee(remark: "f zeros among honest inputs that all equal v make it (n - 2f) / (n - f) times v")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let selected = f == 0 ? Array(inputs.indices) : shortest(inputs.count - f, of: inputs, threads: round.threads)
    return Aggregate(vector: mean(of: selected.map { inputs[$0] }, threads: round.threads), selected: selected)
  }

  private func shortest(_ count: Int, of inputs: [Vector], threads: Int) -> [Int] {
    let squares = squaredNorms(of: inputs, threads: threads)
    return inputs.indices.sorted { (squares[$0], $0) < (squares[$1], $1) }.prefix(count).sorted()
  }
}
