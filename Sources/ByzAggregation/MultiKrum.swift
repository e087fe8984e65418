import ByzNumerics

/// Multi-Krum: the average of the m inputs with the smallest scores of ``Krum``.
///
///     score(i)  = the sum of |x_i - x_j|^2 over the n - f - 2 other inputs x_j that are nearest to x_i
///     MultiKrum = (1 / m) * sum of the m inputs of the smallest scores
///
/// - x_i: vectors of d elements each; so is the result. |.| is the Euclidean norm.
/// - Condition: n >= 2f + 3, and m <= n - f - 2.
/// - m: the parameter `keep`. Without it m = n - f - 2, the most that is permitted, and as many as a score counts. ByzFL
///   averages n - f, of scores that count n - f - 1 others. m = 1 is Krum.
/// - Ties: of equal scores the smaller index is preferred.
/// - Rounding: scores as in ``Krum``. The average is summed in f64 in index order, divided in f64 and rounded to f32 once.
///   Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n^2 d) for the distances, O(n^2 log n) for the scores.
/// - Example: 0, 1, 3, 4, 50 with f = 1 have the scores 10, 5, 5, 10 and 4325; with m = 2 the result is 2.
/// - References: Blanchard, El Mhamdi, Guerraoui and Stainer, "Machine Learning with Adversaries: Byzantine Tolerant
///   Gradient Descent", NeurIPS 2017, arXiv 1703.02757; El Mhamdi, Guerraoui and Rouault, "The Hidden Vulnerability of
///   Distributed Learning in Byzantium", ICML 2018, arXiv 1802.07927.
public struct MultiKrum: AggregationRule {
  /// How many inputs are averaged, m; nil stands for n - f - 2.
  private let keep: Int?

  /// The rule that averages `keep` >= 1 inputs, or n - f - 2.
  public init(keep: Int? = nil) {
    precondition(keep ?? 1 >= 1, "an average of \(keep ?? 1) inputs does not exist")
    self.keep = keep
  }

  public var specification: AggregationSpecification {
    AggregationSpecification("multi-krum", keep.map { ["keep": Double($0)] } ?? [:])
  }

  public func violation(inputs count: Int, tolerating f: Int) -> String? {
    if let reason = violation(inputs: count, tolerating: f, factor: 2, more: 3) { return reason }
    guard let keep, keep > count - f - 2 else { return nil }
    return "\(name) needs keep <= n - f - 2, which keep = \(keep), n = \(count) and f = \(f) break."
  }

  public func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee {
    .ofKrum(inputs: count, tolerating: f, keeping: keep ?? count - f - 2)
  }

  public func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    requireCondition(inputs: inputs.count, tolerating: f)
    let nearest = inputs.count - f - 2
    let scores = KrumScores(distances: round.squaredDistances(between: inputs))
    let selected = scores.best(keep ?? nearest, nearest: nearest).sorted()
    return Aggregate(vector: mean(of: selected.map { inputs[$0] }, threads: round.threads), selected: selected)
  }
}
