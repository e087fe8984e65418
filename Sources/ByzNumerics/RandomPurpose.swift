/// What random numbers are drawn for: the first part of a generator's path, so that no two uses share their draws.
public enum RandomPurpose {
  /// Mini-batches: followed by worker, step and draw.
  public static let batch: UInt64 = 1
  /// theta_0.
  public static let initialParameters: UInt64 = 2
  /// Who gets which part of the data.
  public static let partition: UInt64 = 3
  /// A faulty node's noise: followed by kind, node and step.
  public static let noise: UInt64 = 4
  /// What an analytic problem was made from: its minimum, or the parameters that label its examples.
  public static let solution: UInt64 = 5
  /// An analytic problem's examples: followed by 0 for training or 1 for tests, and the example's index.
  public static let example: UInt64 = 6
  /// The noise of an analytic gradient: followed by worker, step and draw.
  public static let gradientNoise: UInt64 = 7
  /// What a simulated network does with messages.
  public static let network: UInt64 = 8
  /// The scenarios of swarm tests.
  public static let scenario: UInt64 = 9
  /// What an arbitrary node does: followed by role and node.
  public static let arbitrary: UInt64 = 10
  /// Whom partial nodes favour: followed by role and node.
  public static let favour: UInt64 = 11
  /// What an aggregation draws: followed by step.
  public static let aggregation: UInt64 = 12
  /// Which inputs of an aggregation share a bucket.
  public static let bucketing: UInt64 = 13
  /// Who is told what by a node that equivocates: followed by node, receiver, kind and step.
  public static let equivocation: UInt64 = 14
  /// What a faulty node's links do to its messages: followed by role and node.
  public static let links: UInt64 = 15
  /// Which coordinates a faulty node zeroes: followed by kind, node and step.
  public static let partialDrop: UInt64 = 16
}
