import ByzGradients
import ByzNumerics

/// A worker's gradients: mini-batches of its share of a data set, through a model on libtorch.
///
/// Use it from one thread at a time.
public final class TorchGradientSource: GradientSource {
  private let model: TorchModel
  private let dataset: Dataset
  private let sampler: BatchSampler
  private var batch = Batch()

  /// The length d of parameters and gradients.
  public var dimension: Int { model.dimension }

  /// The source of one worker.
  ///
  /// - Parameters:
  ///   - model: the model, used by this source alone or on the same thread as its other users.
  ///   - dataset: the worker's own share of the training set.
  ///   - sampler: what draws the batches.
  public init(model: TorchModel, dataset: Dataset, sampler: BatchSampler) {
    self.model = model
    self.dataset = dataset
    self.sampler = sampler
  }

  /// The gradient at `parameters` on the batch of (`step`, `draw`).
  ///
  /// - Throws: `TorchError` if the share is empty, or it or `parameters` do not fit the model.
  public func gradient(
    at parameters: Vector, step: Int, draw: Int, flippingLabels: Bool
  ) throws -> GradientSample {
    guard dataset.count > 0 else {
      throw TorchError(reason: .invalidArgument, message: "worker-\(sampler.worker) has no training examples")
    }
    batch.fill(from: dataset, at: sampler.indices(below: dataset.count, step: step, draw: draw))
    if flippingLabels { batch.flipLabels(among: model.classes) }
    return try model.gradient(at: parameters, on: batch)
  }
}
