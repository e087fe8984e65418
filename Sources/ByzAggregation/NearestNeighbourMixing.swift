import ByzNumerics

/// Nearest-neighbour mixing (NNM): replaces every input by the average of the n - f inputs that are nearest to it.
///
///     N_i = the n - f indices j with the smallest |x_j - x_i|, i among them
///     y_i = (1 / (n - f)) * sum over j in N_i of x_j
///
/// - x_i: vectors of d elements each; so are the results, n of them. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 1.
/// - Ties: i itself is always in N_i; of others at equal distances the smaller index is. Distances tie when their squares
///   are equal f64.
/// - Rounding: squared distances are sums of squared differences in f64. Averages are summed in f64 in index order,
///   divided in f64 and rounded to f32 once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, O(n d) for each different N_i; inputs with the same one share a vector.
/// - Example: 0, 1, 2, 9 with f = 1 become 1, 1, 1 and 4.
/// - Reference: Allouah et al., "Fixing by Mixing: A Recipe for Optimal Byzantine ML under Heterogeneity", AISTATS 2023,
///   arXiv 2302.01772.
public struct NearestNeighbourMixing: PreAggregation {
  public let specification = Specification(name: "nnm")

  /// The pre-aggregation has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func outputs(of count: Int) -> Int { count }

  public func guarantee(behind guarantee: Guarantee, inputs count: Int, tolerating f: Int) -> Guarantee {
    let (h, byzantine) = (Double(count - f), Double(f))
    return .derived(
      inputs: count, tolerating: f, lambda: guarantee.lambda.map { 2 * byzantine / h * (1 + 2 * $0) },
      kappa: guarantee.kappa.map { 8 * byzantine / h * ($0 + 1) }, remark: guarantee.remark)
  }

  public func apply(to inputs: [Vector], tolerating f: Int, in round: Round) -> [Mixture] {
    let distances = round.squaredDistances(between: inputs)
    var made: [[Int]: Mixture] = [:]
    return inputs.indices.map { index in
      let origins = neighbours(of: index, leavingOut: f, by: distances)
      if let mixture = made[origins] { return mixture }
      let vector = mean(of: origins.map { inputs[$0] }, threads: round.threads)
      let mixture = Mixture(vector: vector, origins: origins)
      made[origins] = mixture
      return mixture
    }
  }

  private func neighbours(of index: Int, leavingOut f: Int, by distances: DistanceMatrix) -> [Int] {
    let others = (0..<distances.count).filter { $0 != index }.sorted {
      (distances[index, $0], $0) < (distances[index, $1], $1)
    }
    return ([index] + others.prefix(distances.count - f - 1)).sorted()
  }
}
