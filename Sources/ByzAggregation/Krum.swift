import ByzNumerics

/// Krum: the one input whose nearest others lie closest to it.
///
///     score(i) = the sum of |x_i - x_j|^2 over the n - f - 2 other inputs x_j that are nearest to x_i
///     Krum     = x_i of the smallest score
///
/// - x_i: vectors of d elements each; so is the result, a copy of an input. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 3. Then an honest input has at least as many honest others as are counted, and of those counted
///   for a Byzantine one two at least are honest; so none has a small score that is far from all honest inputs.
/// - Counting: n - f - 2 others, as in the paper. ByzFL counts n - f - 1, and may choose another input.
/// - Ties: of equal scores the smaller index wins.
/// - Rounding: squared distances are sums of squared differences in f64; a score adds them up from the smallest on in
///   f64. Huge finite inputs overflow nowhere. The result has the bits of the input.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, O(n^2 log n) for the scores.
/// - Example: 0, 1, 3, 4, 50 with f = 1 count two others each; the scores are 10, 5, 5, 10 and 4325, and the result is 1.
/// - Reference: Blanchard, El Mhamdi, Guerraoui and Stainer, "Machine Learning with Adversaries: Byzantine Tolerant
///   Gradient Descent", NeurIPS 2017, arXiv 1703.02757.
public struct Krum: AggregationRule {
  public let specification = AggregationSpecification("krum")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    violation(inputs: count, tolerating: f, factor: 2, more: 3)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    .ofKrum(inputs: count, tolerating: f, keeping: 1)
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let scores = KrumScores(distances: round.squaredDistances(between: inputs))
    let selected = scores.best(1, nearest: inputs.count - f - 2)
    // The mean of one vector is a copy of it.
    return Aggregate(vector: mean(of: selected.map { inputs[$0] }, threads: round.threads), selected: selected)
  }
}
