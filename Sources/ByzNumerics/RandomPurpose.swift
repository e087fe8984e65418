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
}
