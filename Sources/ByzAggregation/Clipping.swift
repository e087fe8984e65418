import ByzNumerics

/// Static clipping: shortens every input that is longer than a given norm to that norm.
///
///     y_i = x_i min(1, C / |x_i|)
///
/// - x_i: vectors of d elements each; so are the results, n of them. |.| is the Euclidean norm.
/// - C: the parameter `norm`, which must be given: how long a gradient may be depends on the problem.
/// - Condition: n >= 1.
/// - Rounding: norms are roots of sums of squares in f64, C / |x_i| is f64, and each product of it with an element is
///   rounded to f32 once. So a clipped vector's norm is C up to rounding errors of f32. An input that is no longer than C
///   is passed on as it is. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n d) time; one pass over the inputs, and another over those that are clipped.
/// - Example: (3, 4) and (0, 1) with C = 2.5 become (1.5, 2) and (0, 1).
public struct Clipping: PreAggregation {
  private let norm: Double

  /// The pre-aggregation that clips to `norm` > 0.
  public init(norm: Double) {
    precondition(norm > 0, "nothing is left of inputs that are clipped to \(norm)")
    self.norm = norm
  }

  public var specification: Specification { Specification(name: "clip", parameters: ["norm": norm]) }

  public func violation(inputs count: Int, tolerating f: Int) -> String? { emptinessViolation(inputs: count) }

  public func outputs(of count: Int) -> Int { count }

  public func guarantee(behind guarantee: Guarantee, inputs count: Int, tolerating f: Int) -> Guarantee {
    Guarantee(remark: "inputs that are all equal and longer than the norm come out shorter, whatever the rule")
  }

  public func apply(to inputs: [Vector], tolerating f: Int, in round: Round) -> [Mixture] {
    let norms = squaredNorms(of: inputs, threads: round.threads).map { $0.squareRoot() }
    return clipped(inputs, of: norms, to: norm, threads: round.threads)
  }
}

/// The `inputs`, of which these are the norms, with those longer than `limit` shortened to it.
func clipped(_ inputs: [Vector], of norms: [Double], to limit: Double, threads: Int) -> [Mixture] {
  inputs.indices.map { index in
    let isLong = norms[index] > limit
    let vector = isLong ? scaled(inputs[index], by: limit / norms[index], threads: threads) : inputs[index]
    return Mixture(vector: vector, origins: [index])
  }
}
