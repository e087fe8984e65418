import ByzNumerics

/// Adaptive robust clipping (ARC): shortens the longest inputs to the norm of the longest one of the others.
///
///     k   = floor(2 (f / n) (n - f))
///     C   = the (k + 1)-th largest of |x_1|, ..., |x_n|
///     y_i = x_i min(1, C / |x_i|)
///
/// - x_i: vectors of d elements each; so are the results, n of them. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 1.
/// - k: in whole numbers, (2 f (n - f)) / n rounded down; at most n / 2.
/// - Ties: they do not matter. Whichever of inputs of equal norms are counted among the k longest, C is the same, and an
///   input of just that norm stays as it is.
/// - Rounding: as in ``Clipping``. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n d + n log n) time; one pass over the inputs, and another over those that are clipped.
/// - Example: 1, -2, 3, 60 with f = 1 have k = 1, so C = 3, and become 1, -2, 3, 3.
/// - Reference: Allouah, Guerraoui, Gupta, Jellouli, Rizk and Stephan, "Adaptive Gradient Clipping for Robust Federated
///   Learning", ICLR 2025, arXiv 2405.14432.
public struct AdaptiveRobustClipping: PreAggregation {
  public let specification = Specification(name: "arc")

  /// The pre-aggregation has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func outputs(of count: Int) -> Int { count }

  public func guarantee(behind guarantee: Guarantee, inputs count: Int, tolerating f: Int) -> Guarantee {
    let (h, k) = (Double(count - f), Double(clippedCount(of: count, tolerating: f)))
    return .derived(
      inputs: count, tolerating: f, lambda: guarantee.lambda.map { $0 + k / h },
      kappa: guarantee.kappa.map { $0 + k / (h - k) }, remark: guarantee.remark)
  }

  public func apply(to inputs: [Vector], tolerating f: Int, in round: Round) -> [Mixture] {
    let norms = squaredNorms(of: inputs, threads: round.threads).map { $0.squareRoot() }
    let limit = norms.sorted(by: >)[clippedCount(of: inputs.count, tolerating: f)]
    return clipped(inputs, of: norms, to: limit, threads: round.threads)
  }

  /// k
  private func clippedCount(of count: Int, tolerating f: Int) -> Int { 2 * f * (count - f) / count }
}
