import ByzNumerics

/// Smallest maximum eigenvalue averaging (SMEA): the average of the n - f inputs that spread least in any direction.
///
///     cov(S) = (1 / (n - f)) * sum over i in S of (x_i - mean of S)(x_i - mean of S)'
///     S      = the set of n - f indices for which the largest eigenvalue of cov(S) is smallest
///     SMEA   = (1 / (n - f)) * sum over i in S of x_i
///
/// - x_i: vectors of d elements each; so is the result.
/// - Condition: n >= 2f + 1. The search tries sets, of which there are C(n, f), and each may take (n - f)^3 operations; so
///   C(n, f) <= 10,000 and C(n, f) (n - f)^3 <= 200,000,000 are conditions, too, lest somebody buy seconds of a server's
///   time.
/// - Ties: the sets are visited in lexicographic order, as ascending sequences of indices, and one replaces the best so far
///   if its eigenvalue is smaller by more than 1e-12 of that one's, far more than rounding makes of equal eigenvalues.
/// - Rounding: squared distances are sums of squared differences in f64; the eigenvalues, in f64, are those of inner
///   products of centred inputs, which follow from them. The average is summed in f64 in index order, divided in f64 and
///   rounded to f32 once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, then the search. It is exact and leaves out sets that bounds exclude, see
///   `SpreadSearch`; within the limits it takes some tenths of a second at most, ten milliseconds for n = 15, f = 7.
/// - Example: 0, 1, 2, 9 with f = 1 give S = {0, 1, 2}, counted from 0, and the average 1.
/// - Reference: Allouah, Guerraoui, Gupta, Pinot and Stephan, "On the Privacy-Robustness-Utility Trilemma in Distributed
///   Learning", ICML 2023, arXiv 2302.04787.
public struct SmallestMaximumEigenvalueAveraging: AggregationRule {
  public let specification = AggregationSpecification("smea")

  /// The most sets that a search may have to try.
  private static let mostSets = 10_000
  /// The most of what the numbers of sets and the cubes of their sizes multiply to.
  private static let mostSteps = 200_000_000

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    if let reason = majorityViolation(inputs: count, tolerating: f) { return reason }
    if f == 0 { return nil }
    let (limit, numbers) = (Self.mostSets, "n = \(count) and f = \(f)")
    guard let sets = Self.subsets(of: count, leavingOut: f, atMost: limit) else {
      return "\(name) tries C(n, f) sets of inputs and needs C(n, f) <= \(limit), which \(numbers) break."
    }
    let (size, most) = (count - f, Self.mostSteps)
    // No overflow: with f > 0, n is one of the at most 10,000 numbers of sets.
    if sets * size * size * size <= most { return nil }
    return "\(name) needs C(n, f) (n - f)^3 <= \(most), which \(numbers) break."
  }

  /// The number of ways to leave `f` of `count` out, or nil if there are more than `limit`; `f` is less than half.
  static func subsets(of count: Int, leavingOut f: Int, atMost limit: Int) -> Int? {
    var ways = 1
    for index in 0..<f {
      let (product, isTooLarge) = ways.multipliedReportingOverflow(by: count - index)
      ways = product / (index + 1)
      if isTooLarge || ways > limit { return nil }
    }
    return ways
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    return .derived(
      inputs: count, tolerating: f, kappa: 4 * Double(f) / Double(count - 2 * f),
      remark: "kappa holds in every direction, with the honest inputs' largest variance in any")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let selected =
      f == 0
      ? Array(inputs.indices)
      : SpreadSearch.subset(of: round.squaredDistances(between: inputs), leavingOut: f)
    return Aggregate(vector: mean(of: selected.map { inputs[$0] }, threads: round.threads), selected: selected)
  }
}
