import ByzNumerics

/// How good a model is on a test set.
public struct Evaluation: Equatable, Sendable {
  /// The share of examples that the model classifies rightly, from 0 to 1.
  public let accuracy: Double
  /// The mean loss over the examples.
  public let loss: Double

  /// Puts an accuracy and the loss that goes with it together.
  public init(accuracy: Double, loss: Double) {
    self.accuracy = accuracy
    self.loss = loss
  }
}

/// Measures models on a test set, the whole of it each time.
public protocol Evaluator {
  /// The accuracy and loss of the model with these `parameters`, a vector of the model's length d.
  func evaluate(_ parameters: Vector) throws -> Evaluation
}
