import ByzNumerics

/// Draws the mini-batches of one worker, without any memory of the batches before.
public struct BatchSampler: Sendable {
  /// The run's seed.
  public let seed: UInt64
  /// The worker's index; workers draw independently of each other.
  public let worker: Int
  /// The number of examples in a batch.
  public let batchSize: Int

  /// A sampler of batches of `batchSize` examples, at least 1.
  public init(seed: UInt64, worker: Int, batchSize: Int) {
    precondition(batchSize >= 1, "a batch of \(batchSize) examples has no mean loss")
    self.seed = seed
    self.worker = worker
    self.batchSize = batchSize
  }

  /// The examples of one batch: `batchSize` indices below `count`, uniform and with replacement.
  ///
  /// With replacement, a batch depends on (seed, worker, step, draw) and on nothing else. Epochs without replacement would
  /// make it depend on the position in an epoch, and a batch would be limited to the size of the share.
  ///
  /// - Parameters:
  ///   - count: the number of examples to choose from, at least 1.
  ///   - step: the step of the protocol, from 0.
  ///   - draw: 0 for the worker's own batch; greater numbers for further independent ones.
  public func indices(below count: Int, step: Int, draw: Int) -> [Int] {
    var generator = SeededGenerator(
      seed: seed, path: [RandomPurpose.batch, UInt64(worker), UInt64(step), UInt64(draw)])
    return (0..<batchSize).map { _ in generator.index(below: count) }
  }
}
