import ByzNumerics

/// Minimum-diameter averaging (MDA): the average of the n - f inputs that lie closest together.
///
///     S   = the set of n - f indices with the smallest  max over i, j in S of |x_i - x_j|
///     MDA = (1 / (n - f)) * sum over i in S of x_i
///
/// - x_i: vectors of d elements each; so is the result. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 1. Then S holds an honest input for certain, and no Byzantine input of S is further from it than
///   some two honest inputs are from each other.
/// - Ties: often several sets share the smallest diameter. The lexicographically smallest one wins, as ascending sequences
///   of indices, so that equal inputs give equal outputs on every server. Distances tie when their squares are equal f64.
/// - Rounding: distances are sums of squared differences in f64. The average is summed in f64 in index order, divided
///   in f64 and rounded to f32 once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, unless the round has them already. The search for S is exact: it looks
///   O(log n) times, and then at most once for each input, for a vertex cover of size f in a graph of n vertices, see
///   `VertexCover`. That is exponential in f at worst, and Byzantine inputs can bring about any graph. On the worst ones
///   that thousands of drawn and known graphs and a search for bad ones came upon, a server's core takes 1.5 ms for
///   n = 100 and f = 33, 15 ms for n = 100 and f = 49, and 0.1 s for n = 128 and f = 63. Trying all sets, as is usually
///   done, takes C(n, f) steps.
/// - Example: 0, 1, 2, 9 with f = 1 give S = {0, 1, 2}, counted from 0, and the average 1.
/// - References: El-Mhamdi et al., "Genuinely Distributed Byzantine Machine Learning", PODC 2020, arXiv 1905.03853;
///   Farhadkhani et al., "Byzantine Machine Learning Made Easy by Resilient Averaging of Momentums", ICML 2022,
///   arXiv 2205.12173, for what it guarantees with momentum.
public struct MinimumDiameterAveraging: AggregationRule {
  public let specification = AggregationSpecification("mda")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    majorityViolation(inputs: count, tolerating: f)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    return .derived(
      inputs: count, tolerating: f, lambda: 2 * Double(f) / Double(count - f),
      remark: "it averages the n - f momentums that lie closest together")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let selected =
      f == 0 ? Array(inputs.indices) : closest(round.squaredDistances(between: inputs), leavingOut: f)
    return Aggregate(vector: mean(of: selected.map { inputs[$0] }, threads: round.threads), selected: selected)
  }

  private func closest(_ distances: DistanceMatrix, leavingOut f: Int) -> [Int] {
    // Squares order the pairs as the distances themselves do, and taking roots could make ties of what are none.
    return DiameterSearch(distances: distances, leavingOut: f).subset()
  }
}
