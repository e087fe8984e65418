import ByzNumerics

/// The coordinate-wise trimmed mean: of every coordinate's values, without the f smallest and the f largest.
///
///     TrimmedMean(x_1, ..., x_n)[c] = (v_{f+1} + ... + v_{n-f}) / (n - 2f)    for every coordinate c,
///     where v_1 <= ... <= v_n are x_1[c], ..., x_n[c] in ascending order
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 2f + 1. Then a value is left, every value left lies between the smallest and the largest honest
///   one, and so does the result, rounded as it is.
/// - Odd n = 2f + 1: the median. f = 0: the average, up to the order of summation.
/// - Ties: of equal values any will do.
/// - Rounding: summed in f64 in ascending order from +0, divided by n - 2f in f64, rounded to f32 once. So the order of
///   the inputs never shows, huge finite inputs do not overflow, and values that are all zeros, of any sign, give +0.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(d n log^2 n) time, nearly the same whatever the values; every input is read once.
/// - Example: 1, 2, 4, 6, 100 with f = 1 give (2 + 4 + 6) / 3 = 4.
/// - Reference: Yin, Chen, Ramchandran and Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal
///   Statistical Rates", ICML 2018, arXiv 1803.01498, whose share of values dropped at each end is f / n here.
public struct TrimmedMean: AggregationRule {
  public let specification = AggregationSpecification("trimmed-mean")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    let factor = Guarantee.dimensionFactor(inputs: count, tolerating: f, dimension: dimension)
    return .derived(
      inputs: count, tolerating: f, lambda: Double(f) / Double(count - f) * factor,
      kappa: Double(f) / Double(count - 2 * f), remark: "no rule can have a smaller kappa, f / (n - 2f)")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let fold = SortedFold(.middle, dropping: f, of: inputs.count)
    return Aggregate(vector: fold.vector(of: inputs, threads: round.threads), selected: Array(inputs.indices))
  }
}
