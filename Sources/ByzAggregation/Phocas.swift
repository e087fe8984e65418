import ByzNumerics

/// Phocas, the coordinate-wise mean around the trimmed mean: of every coordinate's values, the n - f closest to it.
///
///     t = (v_{f+1} + ... + v_{n-f}) / (n - 2f),  where v_1 <= ... <= v_n are x_1[c], ..., x_n[c] in ascending order,
///     Phocas(x_1, ..., x_n)[c] = the mean of the n - f values x_i[c] with the smallest |x_i[c] - t|
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 2f + 1. Then t lies between honest values, and no value that is averaged is further from t than
///   the furthest honest one.
/// - Center: t is computed in f64 as ``TrimmedMean`` does it, but not rounded to f32.
/// - Ties: of two values as far from t, the smaller one is kept; which of equal values is kept makes no difference. The
///   values kept are neighbours in ascending order, v_{s+1}, ..., v_{s+n-f}, and s is the number of k in 1...f for
///   which t - v_k > v_{k+n-f} - t, both differences in f64.
/// - Rounding: summed in f64 in ascending order from +0, divided by n - f in f64, rounded to f32 once. So the order of
///   the inputs never shows, huge finite inputs do not overflow, and values that are all zeros, of any sign, give +0.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(d n log^2 n) time, nearly the same whatever the values; every input is read once.
/// - Example: 0, 1, 5, 6, 9 with f = 1 have the trimmed mean 4; 9 is the furthest from it, and the rest's mean is 3.
/// - Reference: Xie, Koyejo and Gupta, "Phocas: dimensional Byzantine-resilient stochastic gradient descent", 2018,
///   arXiv 1805.09682.
public struct Phocas: AggregationRule {
  public let specification = AggregationSpecification("phocas")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    return .ofNearest(
      inputs: count, tolerating: f, dimension: dimension, centreKappa: Double(f) / Double(count - 2 * f))
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let fold = SortedFold(.around_middle, dropping: f, of: inputs.count)
    return Aggregate(vector: fold.vector(of: inputs, threads: round.threads), selected: Array(inputs.indices))
  }
}
