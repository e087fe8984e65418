import ByzNumerics
import CKernels

/// The coordinate-wise median, which lies between honest values in every coordinate.
///
///     Median(x_1, ..., x_n)[c] = median(x_1[c], ..., x_n[c])    for every coordinate c
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 2f + 1. Then honest inputs are the majority, and with at most f Byzantine ones every coordinate of the
///   result lies between the smallest and the largest honest value.
/// - Even n: the mean of the two middle values, see `coordinatewiseMedian(of:threads:)`.
/// - Ties: of equal values any will do; -0 counts as less than +0, so that the order of the inputs never shows.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(d n log^2 n) time, nearly the same whatever the values; every input is read once.
/// - Example: (1, 5), (2, 3), (9, 4) give (2, 4).
/// - Reference: El-Mhamdi et al., "Genuinely Distributed Byzantine Machine Learning", PODC 2020, arXiv 1905.03853, which
///   contracts the servers' models with it.
public struct CoordinatewiseMedian: AggregationRule {
  public let specification = AggregationSpecification("median")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    let factor = Guarantee.dimensionFactor(inputs: count, tolerating: f, dimension: dimension)
    return .derived(
      inputs: count, tolerating: f, lambda: Double((count + 1) / 2 - 1) / Double(count - f) * factor,
      kappa: Self.kappa(inputs: count, tolerating: f), varianceToNorm: 1 / Double(count - f).squareRoot(),
      remark: "every coordinate of it lies between honest values")
  }

  /// The median lies between the means of the lowest and of the highest p honest values, p = floor(n / 2) + 1 - f.
  static func kappa(inputs count: Int, tolerating f: Int) -> Double {
    Double((count + 1) / 2 - 1) / Double(count / 2 + 1 - f)
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    return Aggregate(
      vector: coordinatewiseMedian(of: inputs, threads: round.threads), selected: Array(inputs.indices))
  }
}

/// The coordinate-wise median of any number n >= 1 of finite vectors of one length.
///
/// For an even n it is the exact mean of the two middle values, rounded once to the nearest float. So it lies between
/// them, two huge finite values do not overflow, and denormals keep every bit that a float can hold (halving each value
/// first would round the smallest denormal to zero). The order of the inputs does not show, not even in the sign of a zero,
/// because -0 counts as less than +0.
public func coordinatewiseMedian(of inputs: [Vector], threads: Int = 1) -> Vector {
  let network = inputs.count > byz_few ? medianNetwork(of: inputs.count) : nil
  return coordinatewise(inputs, threads: threads) { rows, length, result in
    if let network {
      medianByNetwork(network, of: rows, length: length, to: result)
    } else {
      byz_median_of_few(byz_best_instructions(), rows, rows.count, length, result)
    }
  }
}

/// The network for the middle ones of `count` values.
func medianNetwork(of count: Int) -> KernelNetwork { KernelNetwork(count: count, ranks: (count - 1) / 2...count / 2) }

/// The median of more vectors than have a kernel of their own: of each coordinate, by a selection network.
func medianByNetwork(
  _ network: KernelNetwork, of rows: [UnsafePointer<Float>?], length: Int, to result: UnsafeMutablePointer<Float>?,
  instructions: byz_instructions = byz_best_instructions()
) {
  network.withNetwork { network, room in
    byz_median_by_network(instructions, network, rows, rows.count, length, room, result)
  }
}
