import ByzNumerics

/// How good a model is on a test set, or by a formula.
public struct Evaluation: Equatable, Sendable {
  /// The share of examples that the model classifies rightly, from 0 to 1; nil for a model that classifies nothing.
  public let accuracy: Double?
  /// The mean loss over the examples.
  public let loss: Double

  /// Puts an accuracy, where there is one, and the loss that goes with it together.
  public init(accuracy: Double? = nil, loss: Double) {
    self.accuracy = accuracy
    self.loss = loss
  }
}

/// Measures models on a test set, the whole of it each time, or by a formula.
public protocol Evaluator {
  /// The loss, and where there is one the accuracy, of the model with these `parameters`, a vector of the model's length d.
  func evaluate(_ parameters: Vector) throws -> Evaluation
}
