import ByzNumerics

/// The geometric median, by smoothed Weiszfeld steps: the point with the smallest sum of distances to the inputs.
///
///     GeometricMedian = argmin over z of  |x_1 - z| + ... + |x_n - z|
///
///     z_0     = the coordinate-wise median
///     m       = the upper middle one of the distances |x_i - z_0|
///     z_(t+1) = (sum over i of w_i x_i) / (sum over i of w_i),   w_i = 1 / max(nu_t, |x_i - z_t|)
///     nu_t    = m times the larger one of 10^-t and the parameter `smoothing`
///
/// - x_i: vectors of d elements each; so is the result. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 1.
/// - Start: z_0 lies between honest values in every coordinate and m is no longer than an honest input's distance from it,
///   so Byzantine inputs delay nothing. From the mean, f inputs of 1e30 would take about 30 / log10((n - f) / f) steps.
/// - Smoothing: keeps the weight of an input at z_t finite. It begins large and falls tenfold from step to step, because
///   with little smoothing the steps away from an input would begin with tiny ones. `smoothing` is relative to m, so the
///   rule commutes with scaling. If the majority of the inputs lies at z_0, m is 0 and z_0 is the geometric median.
/// - End: at the first z_(t+1) that lies within `tolerance` times m of z_t, by the bound
///   sum over i of |p_i' - p_i| |x_i - z_t| for the normalised weights p of z_t and p' of z_(t+1), provided that no input
///   is within nu_t of z_t or nu_t is as small as it gets; or at z_T, where T is the parameter `iterations`. (The sum of
///   distances itself says nothing of convergence when one of them is 1e30.)
/// - At an input: steps towards an input that is the median get shorter and shorter. So an input x_k with more than six
///   tenths of all weight is tested: it is the median if the sum of the unit vectors from it to the others is no longer
///   than the number of inputs at x_k, up to rounding (Vardi and Zhang, "The multivariate L1-median and associated data
///   depth", PNAS 97(4), 2000). Then it is the result, as it is. Where an input is nearly the median, or two are at one
///   point, the steps remain short, and after 100 of them the sum of distances may be 0.2 % above the least.
/// - Accuracy: steps shrink by a constant factor, close to 1 where the geometric median is an input that the others
///   almost pull away from. Of drawn inputs of few elements, the sum of distances was within 0.2 % of the least then, with
///   the standard parameters, and far closer otherwise. Vectors of many elements take less than ten steps, as a rule.
/// - Ties: where the inputs lie on a line, all points between two middle ones may be as good; then z_0 decides.
/// - Rounding: z_t is kept as a combination of the inputs with f64 weights. Distances are sums of squared differences in
///   f64. Only the result is rounded to f32, once (z_0 is an f32 vector). Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n d) time and one pass over the inputs for each step, two for each input that is tested, and two more.
/// - Example: (0, 0), (4, 0), (0, 3), (1, 1) have z_0 = (0.5, 0.5) and the geometric median (1, 1).
/// - Reference: Pillutla, Kakade and Harchaoui, "Robust Aggregation for Federated Learning" (RFA), IEEE Transactions on
///   Signal Processing 70, 2022, arXiv 1912.13445.
public struct GeometricMedian: AggregationRule {
  private let smoothing: Double
  private let tolerance: Double
  private let iterations: Int

  /// The rule that ends after `iterations` >= 1 steps, or earlier if one is shorter than `tolerance` says.
  public init(smoothing: Double = 1e-6, tolerance: Double = 1e-6, iterations: Int = 100) {
    precondition(smoothing > 0 && tolerance >= 0 && iterations >= 1, "these parameters are out of range")
    self.smoothing = smoothing
    self.tolerance = tolerance
    self.iterations = iterations
  }

  public var specification: AggregationSpecification {
    AggregationSpecification(
      "geometric-median",
      ["smoothing": smoothing, "tolerance": tolerance, "iterations": Double(iterations)])
  }

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    guard smoothing <= 1e-3, tolerance <= 1e-3, iterations >= 100 else {
      return Guarantee(remark: "it may end far from the median with these parameters")
    }
    let (n, f) = (Double(count), Double(f))
    return .derived(
      inputs: count, tolerating: Int(f), lambda: (n - f - 1) / (n * (n - 2 * f)).squareRoot(),
      kappa: 2 * (n - f) / (n - 2 * f), remark: "proven for the point that the steps converge to")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let start = coordinatewiseMedian(of: inputs, threads: round.threads)
    let distances = self.distances(of: inputs, from: start, threads: round.threads)
    let scale = distances.sorted()[inputs.count / 2]
    guard scale > 0 else { return Aggregate(vector: start, selected: Array(inputs.indices)) }
    let weights = weights(of: inputs, startingAt: distances, scale: scale, threads: round.threads)
    let vector = combination(of: inputs, weights: weights, threads: round.threads)
    return Aggregate(vector: vector, selected: Array(inputs.indices))
  }

  private func distances(of inputs: [Vector], from point: Vector, threads: Int) -> [Double] {
    let weights = inputs.map { _ in 0.0 } + [1]
    let squares = squaredDistances(of: inputs + [point], fromCombination: weights, threads: threads)
    return squares.prefix(inputs.count).map { $0.squareRoot() }
  }

  /// The weights of the last point in the inputs, the first point being at these `distances` from them.
  private func weights(
    of inputs: [Vector], startingAt distances: [Double], scale: Double, threads: Int
  ) -> [Double] {
    var smoothings = SmoothingSchedule(scale: scale, end: scale * smoothing)
    var weights = normalised(distances.map { 1 / max(smoothings.current, $0) })
    var tested: Set<Int> = []
    for _ in 1..<iterations {
      let isFine = smoothings.advance()
      let squares = squaredDistances(of: inputs, fromCombination: weights, threads: threads)
      let distances = squares.map { $0.squareRoot() }
      let next = normalised(distances.map { 1 / max(smoothings.current, $0) })
      var step = 0.0
      for index in inputs.indices { step += abs(next[index] - weights[index]) * distances[index] }
      weights = next
      if let input = weights.firstIndex(where: { $0 > 0.6 }), tested.insert(input).inserted,
        isMedian(input, of: inputs, threads: threads)
      {
        return inputs.indices.map { $0 == input ? 1 : 0 }
      }
      if step <= tolerance * scale && (isFine || !distances.contains { $0 < smoothings.current }) { break }
    }
    return weights
  }

  /// Whether the unit vectors from the input at `index` to the others do not pull it away.
  private func isMedian(_ index: Int, of inputs: [Vector], threads: Int) -> Bool {
    let here = inputs.indices.map { $0 == index ? 1.0 : 0 }
    let distances = squaredDistances(of: inputs, fromCombination: here, threads: threads).map { $0.squareRoot() }
    let pulls = distances.map { $0 > 0 ? 1 / $0 : 0 }
    let sum = pulls.reduce(0, +)
    if sum == 0 { return true }
    // The unit vectors add up to `sum` times the way to the mean of the inputs, weighted with their pulls.
    let squares = squaredDistances(of: inputs, fromCombination: pulls.map { $0 / sum }, threads: threads)
    return sum * squares[index].squareRoot() <= Double(distances.count { $0 == 0 }) * (1 + 1e-9)
  }

  private func normalised(_ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}

/// The smoothing of one step after the other.
private struct SmoothingSchedule {
  private(set) var current: Double
  private let end: Double

  init(scale: Double, end: Double) {
    current = max(scale, end)
    self.end = end
  }

  /// Goes on to the next step's smoothing; whether it is the last one.
  mutating func advance() -> Bool {
    current = max(current / 10, end)
    return current == end
  }
}

extension GeometricMedian {
  /// What a topology can set.
  static let parameters = [
    Parameter(
      name: "smoothing", standard: 1e-6,
      explanation: "the distance below which an input's weight grows no more, relative to a typical one",
      range: 1e-12...1),
    Parameter(
      name: "tolerance", standard: 1e-6, explanation: "the last step's length, relative to a typical distance",
      range: 0...1),
    Parameter(
      name: "iterations", standard: 100, explanation: "the most steps", range: 1...1000, isWhole: true),
  ]
}
