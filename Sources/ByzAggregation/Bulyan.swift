import ByzNumerics

/// Bulyan over Krum: selects inputs by Krum one by one, then averages every coordinate around the median of the selected.
///
///     R_1 = all inputs; then theta = n - 2f times, for k = 1, ..., theta:
///       s_k     = Krum's choice among R_k, by the sums of squared distances to the max(1, |R_k| - f - 2) nearest others
///       R_k+1   = R_k without s_k
///     Bulyan[c] = the average of the theta - 2f values among s_1[c], ..., s_theta[c] closest to their median
///
/// - x_i: vectors of d elements each; so is the result. |.| is the Euclidean norm.
/// - Condition: n >= 4f + 3. Then of every coordinate's theta >= 2f + 3 values the honest ones are the majority, and a
///   Byzantine one that is averaged lies between honest ones or close to them.
/// - Few left: f stays what it is while R shrinks to 2f + 1 inputs, so towards the end n - f - 2 would be fewer than the
///   f + 1 others that Krum's own condition gives it, and none at all for f = 1, where the first index would win whatever
///   its input is. So at least one other is counted. (The authors' implementation stops after n - 2f - 2 selections
///   instead, and takes averages of the best for selected vectors; the paper has n - 2f of Krum's choices, as here.)
/// - Ties: of equal scores the smaller index wins. Of values equally far from the median, the smaller ones stay.
/// - Even theta: the median is the mean of the two middle values, in f64.
/// - Rounding: scores as in ``Krum``. Averages are summed in f64 from the smallest value on, divided in f64 and rounded to
///   f32 once. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, O(n^3) for the selection, O(d theta log theta) for the average.
/// - Example: 0, 1, 2, 3, 4, 5, 90 with f = 1 select 2, 3, 1, 4 and 0; the three values closest to their median give 2.
/// - Reference: El Mhamdi, Guerraoui and Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium",
///   ICML 2018, arXiv 1802.07927.
public struct Bulyan: AggregationRule {
  public let specification = AggregationSpecification("bulyan")

  /// The rule has no parameters.
  public init() {}

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    violation(inputs: count, tolerating: f, factor: 4, more: 3)
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    if f == 0 { return .ofPlainAverage }
    // Of the n - 2f selected values, n - 4f are averaged; the median lies between means of p honest values.
    let (h, averaged, p) = (Double(count - f), Double(count - 4 * f), Double((count - 2 * f + 1) / 2 - f))
    let share = min(1, Double(f) / averaged)
    let root = (h / averaged).squareRoot() + 2 * share * ((h - p) / p).squareRoot()
    let factor = Guarantee.dimensionFactor(inputs: count, tolerating: f, dimension: dimension)
    return .derived(
      inputs: count, tolerating: f, lambda: factor * ((h - 1) / h + share), kappa: root * root,
      remark: "the selection by Krum has no part in lambda and kappa, which are far from tight")
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let selected =
      f == 0
      ? Array(inputs.indices) : Self.selection(by: round.squaredDistances(between: inputs), tolerating: f).sorted()
    let vector = SortedFold(.around_median, dropping: 2 * f, of: selected.count)
      .vector(of: selected.map { inputs[$0] }, threads: round.threads)
    return Aggregate(vector: vector, selected: selected)
  }

  /// The inputs that Krum chooses one after the other, n - 2f of them.
  static func selection(by distances: DistanceMatrix, tolerating f: Int) -> [Int] {
    var scores = KrumScores(distances: distances)
    return (0..<distances.count - 2 * f).flatMap { _ in
      let choice = scores.best(1, nearest: max(1, scores.count - f - 2))
      choice.forEach { scores.remove($0) }
      return choice
    }
  }
}
