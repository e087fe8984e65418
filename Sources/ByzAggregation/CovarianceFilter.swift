import ByzNumerics

/// The covariance bound-agnostic filter (CAF): takes weight from inputs that stick out, and gives the weighted mean that
/// spread least.
///
///     c_i = 1 for all i; then, while c_1 + ... + c_n > n - 2f:
///       mu    = the mean of the x_i, weighted with c_i
///       l, v  = the largest eigenvalue of the covariance (1 / sum of c_i) * sum of c_i (x_i - mu)(x_i - mu)', and its
///               eigenvector
///       CAF   = mu, if l is smaller than in all rounds before
///       t_i   = <v, x_i - mu>^2
///       c_i   = c_i (1 - t_i / t),  where t is the largest t_i of those with c_i > 0
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 2f + 1. With f = 0 nothing is to be filtered, and the result is the plain mean.
/// - Eigenvectors: exact up to rounding. ByzFL takes one step of the power method from a random vector instead, which gives
///   other results. Of an eigenvalue that occurs twice, v is one of the eigenvectors, the same for equal distances.
/// - Ties: an input with t_i > (1 - 1e-9) t loses all its weight, since rounding alone might set it apart from the one
///   with t. Of equal l the first round counts. All inputs of the weight left being equal, l = 0 ends the rounds.
/// - Rounding: squared distances are sums of squared differences in f64. All rounds work in f64 on the n x n inner products
///   that follow from them. The last mean is summed in f64 and rounded to f32 once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, then at most n rounds, each of which takes the weight of an input, of O(n^3).
/// - Example: 0, 1, 2, 9 with f = 1 have mu = 3 and t_i = 9, 4, 1, 36; the weights 3/4, 8/9, 35/36 and 0 are above 2
///   together, and their mean, 1.09, is the result.
/// - Reference: Allouah, Guerraoui and Stephan, "Towards Trustworthy Federated Learning with Untrusted Participants",
///   ICML 2025, arXiv 2505.01874.
public struct CovarianceFilter: AggregationRule {
  public let specification = AggregationSpecification("caf")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    let (h, rest) = (Double(count - f), Double(count - 2 * f))
    let root = (2 + 2.squareRoot()) * (Double(f) * h).squareRoot() / rest + (Double(f) / rest).squareRoot()
    return .derived(
      inputs: count, tolerating: f, kappa: root * root,
      remark: "kappa holds in every direction, with the honest inputs' largest variance in any; it is far from tight")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    if f == 0 { return Aggregate(vector: mean(of: inputs, threads: round.threads), selected: Array(inputs.indices)) }
    let weights = Self.weights(of: round.squaredDistances(between: inputs), tolerating: f)
    let vector = combination(of: inputs, weights: weights, threads: round.threads)
    return Aggregate(vector: vector, selected: inputs.indices.filter { weights[$0] > 0 })
  }

  /// The weights, of sum 1, of points with these squared distances in the mean that spread least.
  static func weights(of distances: DistanceMatrix, tolerating f: Int) -> [Double] {
    var weights = [Double](repeating: 1, count: distances.count)
    var best: (spread: Double, weights: [Double]) = (.infinity, weights)
    while true {
      let sum = weights.reduce(0, +)
      guard sum > Double(distances.count - 2 * f) else { return best.weights }
      let shares = weights.map { $0 / sum }
      let direction = WidestDirection(of: distances, weights: shares)
      if direction.spread < best.spread { best = (direction.spread, shares) }
      guard let largest = direction.squares.max(), largest > 0 else { return best.weights }
      for (point, square) in zip(direction.points, direction.squares) {
        weights[point] = square > (1 - 1e-9) * largest ? 0 : weights[point] * (1 - square / largest)
      }
    }
  }
}

/// The direction in which weighted points spread most.
private struct WidestDirection {
  /// The points with a weight.
  let points: [Int]
  /// The largest eigenvalue of the covariance.
  let spread: Double
  /// The squares of what each of `points`, less the mean, is along the eigenvector, times a common factor.
  let squares: [Double]

  /// With K for the inner products of the centred points and p for the weights, the covariance shares its eigenvalues with
  /// the matrix of sqrt(p_i) K_ij sqrt(p_j); an eigenvector u of that stands for the direction sum of sqrt(p_j) u_j x_j.
  init(of distances: DistanceMatrix, weights: [Double]) {
    let points = weights.indices.filter { weights[$0] > 0 }
    let products = SymmetricMatrix(centring: distances, of: points, weights: points.map { weights[$0] })
    let roots = points.map { weights[$0].squareRoot() }
    let system = Eigensystem(SymmetricMatrix(count: points.count) { roots[$0] * products[$0, $1] * roots[$1] })
    let coefficients = zip(roots, system.vector(0)).map { $0 * $1 }
    self.points = points
    spread = max(0, system.values[0])
    squares = points.indices.map { point in
      var along = 0.0
      for (other, coefficient) in coefficients.enumerated() { along += products[point, other] * coefficient }
      return along * along
    }
  }
}
