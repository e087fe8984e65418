import ByzNumerics

/// Centered clipping: a point that moves to the mean of the inputs, each of which pulls it by at most a radius.
///
///     v_0     = the aggregate of the round before, or zeros
///     v_(l+1) = v_l + (1 / n) * sum over i of (x_i - v_l) min(1, tau / |x_i - v_l|),   l = 0, ..., L - 1
///     CC      = v_L
///
/// - x_i: vectors of d elements each; so is the result. |.| is the Euclidean norm.
/// - tau: the parameter `radius`. It should be about as large as an honest input's distance from the mean of the honest
///   ones. No value suits all problems; 1, the standard, is a guess at gradients of small models.
/// - L: the parameter `iterations`, 1 unless given. Each one takes another pass over the inputs.
/// - Condition: n >= 2f + 1. In each step the f Byzantine inputs together pull by at most tau f / n.
/// - Ties: there are none; all inputs take part.
/// - Rounding: v_l is kept as an affine combination of the inputs and v_0, with f64 weights. Distances are sums of squared
///   differences in f64. Only v_L is rounded to f32, once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(L n d) time; L + 1 passes over the inputs.
/// - Example: 0.5, 0.5, 2, -9 with tau = 1, L = 1 and v_0 = 0 pull by 0.5, 0.5, 1 and -1: the result is 0.25.
/// - Reference: Karimireddy, He and Jaggi, "Learning from History for Byzantine Robust Optimization", ICML 2021,
///   arXiv 2012.10333.
public struct CenteredClipping: AggregationRule {
  private let radius: Double
  private let iterations: Int

  /// The rule that clips to `radius` > 0 in each of `iterations` >= 1 steps.
  public init(radius: Double = 1, iterations: Int = 1) {
    precondition(radius > 0 && iterations >= 1, "\(iterations) steps with a radius of \(radius) do not clip")
    self.radius = radius
    self.iterations = iterations
  }

  public var specification: AggregationSpecification {
    AggregationSpecification("centered-clipping", ["radius": radius, "iterations": Double(iterations)])
  }

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    Guarantee(
      remark:
        "it moves by at most its radius, however far away inputs are that all agree; over many steps, with a radius that "
        + "fits them, it has a guarantee of another kind")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    // The center is a combination of these. Where there is no earlier aggregate, zeros have no part in the sum.
    let rows = inputs + (round.previous.map { [$0] } ?? [])
    var weights = [Double](repeating: 0, count: inputs.count) + (round.previous == nil ? [] : [1])
    for step in 0..<iterations {
      let center = step == 0 && round.previous == nil ? nil : weights
      let squares = squaredDistances(of: rows, fromCombination: center, threads: round.threads)
      move(&weights, by: squares.prefix(inputs.count))
    }
    let vector = combination(of: rows, weights: weights, threads: round.threads)
    return Aggregate(vector: vector, selected: Array(inputs.indices))
  }

  /// Changes the center's weights as a step does when the inputs have these squared distances from it.
  private func move(_ weights: inout [Double], by squares: ArraySlice<Double>) {
    let pulls = squares.map { $0.squareRoot() <= radius ? 1 : radius / $0.squareRoot() }
    let count = Double(pulls.count)
    // Exactly 0 if nothing is clipped.
    let kept = pulls.reduce(0) { $0 + (1 - $1) } / count
    for index in weights.indices { weights[index] *= kept }
    for (index, pull) in pulls.enumerated() { weights[index] += pull / count }
  }
}

extension CenteredClipping {
  /// What a topology can set.
  static let parameters = [
    Parameter(
      name: "radius", standard: 1, explanation: "how far an input pulls at most", range: 1e-30...1e30),
    Parameter(
      name: "iterations", standard: 1, explanation: "the number of steps", range: 1...100, isWhole: true),
  ]
}
