import ByzNumerics

/// How the training examples are shared out among the workers.
public enum Partition {
  /// Shares `count` examples out at random: every worker's share is drawn from the same distribution (IID).
  ///
  /// The shares are disjoint, cover everything and differ in size by at most one; worker 0 and its successors have the
  /// longer ones. With more workers than examples the last shares are empty. Equal arguments give equal shares on every
  /// node, so each node computes its own without asking anybody.
  ///
  /// - Parameters:
  ///   - count: the number of examples.
  ///   - workers: the number of workers, at least 1, Byzantine ones included.
  ///   - seed: the run's seed.
  /// - Returns: for every worker the indices of its examples, ascending.
  public static func independent(of count: Int, among workers: Int, seed: UInt64) -> [[Int]] {
    precondition(count >= 0 && workers >= 1, "\(count) examples cannot be shared out among \(workers) workers")
    var generator = SeededGenerator(seed: seed, path: [RandomPurpose.partition])
    let order = generator.permutation(of: count)
    var start = 0
    return (0..<workers).map { worker in
      let size = count / workers + (worker < count % workers ? 1 : 0)
      defer { start += size }
      return order[start..<start + size].sorted()
    }
  }
}
