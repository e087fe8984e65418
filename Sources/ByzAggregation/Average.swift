import ByzNumerics
import CKernels

/// The plain average of all inputs: the undefended baseline, which a single Byzantine node moves wherever it likes.
///
///     Average(x_1, ..., x_n) = (x_1 + ... + x_n) / n
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 1. It tolerates nobody, whatever f is declared, and is there to compare others with.
/// - Rounding: summed in f64 in index order, divided by n in f64, rounded to f32 once at the end. Huge finite inputs do
///   not overflow, and the average of equal vectors is that vector, bit by bit.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n d) time; every input is read once.
public struct Average: AggregationRule {
  public let specification = AggregationSpecification("average")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    count >= 1 ? nil : "\(name) needs n >= 1, which n = \(count) breaks."
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return Guarantee(lambda: 0, kappa: 0, varianceToNorm: .infinity, remark: "nobody may be Byzantine") }
    return Guarantee(remark: "a single input moves the average wherever it likes")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    return Aggregate(vector: mean(of: inputs, threads: round.threads), selected: Array(inputs.indices))
  }
}

/// The mean of at least one vector, summed in f64 in the order given and rounded to f32 once.
///
/// It cannot overflow: the f64 sum of even a billion of the largest floats is far from the largest double, and the mean lies
/// between the inputs up to an f64 rounding error, too little to round to an infinity.
func mean(of inputs: [Vector], threads: Int = 1) -> Vector {
  coordinatewise(inputs, threads: threads) { rows, length, result in
    byz_mean(byz_best_instructions(), rows, rows.count, length, result)
  }
}
