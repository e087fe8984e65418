import ByzGradients
import ByzNumerics

/// Measures models on a whole data set, through libtorch.
///
/// Use it from one thread at a time.
public final class TorchEvaluator: Evaluator {
  private let model: TorchModel
  private let dataset: Dataset
  private let chunkSize: Int
  private var batch = Batch()

  /// An evaluator on `dataset`.
  ///
  /// - Parameters:
  ///   - model: the model, used by this evaluator alone or on the same thread as its other users.
  ///   - dataset: what the model is measured on, normally the test set.
  ///   - chunkSize: how many examples are held as floats at a time, at least 1; 500 MNIST images take 1.6 MB. The loss may
  ///     differ in its last bits with another size.
  public init(model: TorchModel, dataset: Dataset, chunkSize: Int = 500) {
    precondition(chunkSize >= 1, "chunks of \(chunkSize) examples never come to an end")
    self.model = model
    self.dataset = dataset
    self.chunkSize = chunkSize
  }

  /// Accuracy and mean loss of the model with these `parameters` on the whole data set.
  ///
  /// - Throws: `TorchError` if the data set is empty, or it or `parameters` do not fit the model.
  public func evaluate(_ parameters: Vector) throws -> Evaluation {
    guard dataset.count > 0 else { throw TorchError(reason: .invalidArgument, message: "the test set is empty") }
    var correct = 0
    var lossSum = 0.0
    for start in stride(from: 0, to: dataset.count, by: chunkSize) {
      batch.fill(from: dataset, at: start..<min(start + chunkSize, dataset.count))
      let score = try model.score(parameters, on: batch)
      correct += score.correct
      lossSum += score.lossSum
    }
    return Evaluation(accuracy: Double(correct) / Double(dataset.count), loss: lossSum / Double(dataset.count))
  }
}
