import ByzNumerics

/// Bucketing: puts the inputs into buckets by chance and replaces each bucket by its average.
///
///     pi  = a permutation of the n indices, drawn from the round's seed
///     y_b = the average of x_pi((b - 1) s + 1), ..., x_pi(b s)   for b = 1, ..., ceil(n / s); the last may have fewer
///
/// - x_i: vectors of d elements each; so are the results, ceil(n / s) of them.
/// - s: the parameter `size`, 2 unless given.
/// - Condition: n >= 1. Each Byzantine input spoils one bucket at most, so f stays what it is while n falls: the rule behind
///   must bear f of ceil(n / s).
/// - Draw: the same for the same seed and n, so servers that use one seed put the same inputs together.
/// - Rounding: averages are summed in f64 in index order, divided in f64 and rounded to f32 once. A bucket of one is that
///   input. Huge finite inputs overflow nowhere.
/// - Non-finite inputs: must not come in.
/// - Complexity: O(n d) time; every input is read once.
/// - Example: 1, 3, 7 with s = 2 become 2 and 7, 4 and 3, or 5 and 1.
/// - Reference: Karimireddy, He and Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", ICLR 2022,
///   arXiv 2006.09365.
public struct Bucketing: PreAggregation {
  private let size: Int

  /// The pre-aggregation that puts `size` >= 1 inputs into a bucket.
  public init(size: Int = 2) {
    precondition(size >= 1, "a bucket for \(size) inputs does not exist")
    self.size = size
  }

  public var specification: Specification { Specification(name: "bucketing", parameters: ["size": Double(size)]) }

  public func violation(inputs count: Int, tolerating f: Int) -> String? { emptinessViolation(inputs: count) }

  public func outputs(of count: Int) -> Int { count / size + (count % size == 0 ? 0 : 1) }

  public func guarantee(behind guarantee: Guarantee, inputs count: Int, tolerating f: Int) -> Guarantee {
    // The smallest bucket, if it holds honest inputs alone, weighs each of them most.
    let (smallest, honest) = (Double(count % size == 0 ? size : count % size), Double(outputs(of: count) - f))
    return .derived(
      inputs: count, tolerating: f,
      kappa: guarantee.kappa.map { ($0 + 1) * Double(count - f) / (honest * smallest) }, remark: guarantee.remark)
  }

  public func apply(to inputs: [Vector], tolerating f: Int, in round: Round) -> [Mixture] {
    var generator = SeededGenerator(seed: round.seed, path: [RandomPurpose.bucketing])
    let order = generator.permutation(of: inputs.count)
    return stride(from: 0, to: order.count, by: size).map { start in
      let members = order[start..<min(start + size, order.count)].sorted()
      if members.count == 1 { return Mixture(vector: inputs[members[0]], origins: members) }
      return Mixture(vector: mean(of: members.map { inputs[$0] }, threads: round.threads), origins: members)
    }
  }
}
