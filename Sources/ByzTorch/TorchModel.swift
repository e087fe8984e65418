import ByzGradients
import ByzNumerics
import TorchInterface

/// A classifier on libtorch: linear layers with a ReLU between each two, and softmax with cross-entropy as the loss.
///
/// It holds shapes, not parameters, so one model serves any parameters. Use it from one thread at a time. Making the first
/// one loads libtorch, which takes half a second, and sets it to one thread in the whole process.
public final class TorchModel {
  /// The number d of parameters.
  public let dimension: Int
  /// The number of classes that labels name, from 0.
  public let classes: Int

  /// Why no model can be made, as far as a look at the disk tells: the library for it is not there.
  public static var missingLibrary: TorchError? {
    (try? TorchLibrary.standardPath()).flatMap(TorchLibrary.absence(of:))
  }

  private let torch: TorchLibrary
  private let handle: OpaquePointer

  /// A model with layers between these widths, at least two: inputs, hidden units, classes.
  ///
  /// - Throws: `TorchError` if there are too few widths, or one is not positive or beyond reason, or libtorch cannot be
  ///   loaded.
  public init(layerWidths: [Int]) throws {
    let torch = try TorchLibrary.shared.get()
    try check { torch.functions.use_one_thread($0) }
    var created: OpaquePointer?
    try check { torch.functions.model_create(layerWidths.map(Int64.init), layerWidths.count, &created, $0) }
    guard let created else { throw TorchError(reason: .failure, message: "no model was made") }
    self.torch = torch
    handle = created
    classes = layerWidths[layerWidths.count - 1]
    dimension = Int(torch.functions.model_dimension(created))
  }

  /// The model of an architecture of the catalogue.
  ///
  /// - Throws: `TorchError` if libtorch fails or cannot be loaded.
  public convenience init(_ architecture: Architecture) throws {
    try self.init(layerWidths: architecture.layerWidths)
  }

  deinit { torch.functions.model_destroy(handle) }

  /// The gradient of the mean loss over `batch` at `parameters`, and that loss.
  ///
  /// Equal arguments give equal bits, on the same machine and build of libtorch.
  ///
  /// - Parameters:
  ///   - parameters: d floats: for every layer the weight, a row for each output, then the bias.
  ///   - batch: at least one example, with as many inputs as the model has and labels below its number of classes.
  /// - Throws: `TorchError` if these do not fit.
  public func gradient(at parameters: Vector, on batch: Batch) throws -> GradientSample {
    var loss = 0.0
    let gradient = try Vector(uncleared: dimension) { result in
      try call(parameters, batch) {
        torch.functions.gradient(handle, $0.baseAddress, Int64($0.count), $1, result.baseAddress, &loss, $2)
      }
    }
    return GradientSample(gradient: gradient, loss: loss)
  }

  /// How many examples of `batch` the model with these `parameters` classifies rightly, and the sum of its losses there.
  ///
  /// - Throws: `TorchError` if parameters or batch do not fit the model.
  public func score(_ parameters: Vector, on batch: Batch) throws -> (correct: Int, lossSum: Double) {
    var correct: Int64 = 0
    var lossSum = 0.0
    try call(parameters, batch) {
      torch.functions.evaluate(handle, $0.baseAddress, Int64($0.count), $1, &correct, &lossSum, $2)
    }
    return (Int(correct), lossSum)
  }
}

/// Calls a function of the shim with parameters and a batch in the form in which it takes them.
private func call(
  _ parameters: Vector, _ batch: Batch,
  _ function: (UnsafeBufferPointer<Float>, byz_torch_batch, byz_torch_error) -> byz_torch_status
) throws {
  try parameters.withUnsafeBufferPointer { parameters in
    try batch.inputs.withUnsafeBufferPointer { inputs in
      try batch.labels.withUnsafeBufferPointer { labels in
        let examples = byz_torch_batch(
          inputs: inputs.baseAddress, labels: labels.baseAddress, count: Int64(batch.count), width: Int64(batch.width))
        try check { function(parameters, examples, $0) }
      }
    }
  }
}

/// Throws what a function of the shim reports if it fails.
private func check(_ function: (byz_torch_error) -> byz_torch_status) throws {
  try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    buffer.initialize(repeating: 0)
    let status = function(byz_torch_error(text: buffer.baseAddress, capacity: buffer.count))
    guard status != BYZ_TORCH_OK else { return }
    throw TorchError(
      reason: status == BYZ_TORCH_INVALID_ARGUMENT ? .invalidArgument : .failure,
      message: buffer.baseAddress.map { String(cString: $0) } ?? "")
  }
}
