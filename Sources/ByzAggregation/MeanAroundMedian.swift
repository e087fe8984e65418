import ByzNumerics

/// The coordinate-wise mean around the median (MeaMed): of every coordinate's values, the n - f closest to it.
///
///     m = median(x_1[c], ..., x_n[c])    for every coordinate c
///     MeaMed(x_1, ..., x_n)[c] = the mean of the n - f values x_i[c] with the smallest |x_i[c] - m|
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 2f + 1. Then m lies between honest values, and no value that is averaged is further from m than
///   the furthest honest one.
/// - Even n: m is the mean of the two middle values, in f64 and not rounded to f32.
/// - Ties: of two values as far from m, the smaller one is kept; which of equal values is kept makes no difference. The
///   values kept are neighbours in ascending order, v_{s+1}, ..., v_{s+n-f}, and s is the number of k in 1...f for
///   which m - v_k > v_{k+n-f} - m, both differences in f64.
/// - Rounding: summed in f64 in ascending order from +0, divided by n - f in f64, rounded to f32 once. So the order of
///   the inputs never shows, huge finite inputs do not overflow, and values that are all zeros, of any sign, give +0.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(d n log^2 n) time, nearly the same whatever the values; every input is read once.
/// - Example: 1, 2, 4, 6, 100 with f = 1 have the median 4; 100 is the furthest from it, and the rest's mean is 3.25.
///   With 0, 2, 4 there is a tie, 0 is kept, and (0 + 2) / 2 = 1.
/// - Reference: Xie, Koyejo and Gupta, "Generalized Byzantine-tolerant SGD", 2018, arXiv 1802.10116.
public struct MeanAroundMedian: AggregationRule {
  public let specification = AggregationSpecification("meamed")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    return .ofNearest(
      inputs: count, tolerating: f, dimension: dimension,
      centreKappa: CoordinatewiseMedian.kappa(inputs: count, tolerating: f))
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let fold = SortedFold(.around_median, dropping: f, of: inputs.count)
    return Aggregate(vector: fold.vector(of: inputs, threads: round.threads), selected: Array(inputs.indices))
  }
}
