import ByzGradients
import ByzNumerics
import Testing
import TorchInterface

@testable import ByzTorch

/// What the C interface promises and the Swift types on it never need.
@Suite struct TorchShimTests {
  let problem = Problem(widths: [6, 5, 4], count: 8, seed: 8)
  let torch: byz_torch_functions

  init() throws { torch = try TorchLibrary.shared.get().functions }

  /// Calls `function` with a model and the problem's batch.
  private func withModelAndBatch<Result>(_ function: (OpaquePointer, byz_torch_batch) throws -> Result) throws -> Result
  {
    var model: OpaquePointer?
    #expect(torch.model_create([6, 5, 4], 3, &model, byz_torch_error()) == BYZ_TORCH_OK)
    defer { torch.model_destroy(model) }
    let handle = try #require(model)
    return try problem.batch.inputs.withUnsafeBufferPointer { inputs in
      try problem.batch.labels.withUnsafeBufferPointer { labels in
        try function(
          handle, byz_torch_batch(inputs: inputs.baseAddress, labels: labels.baseAddress, count: 8, width: 6))
      }
    }
  }

  @Test func gradientDoesNotDependOnWhatItsMemoryHeld() throws {
    let theta = problem.parameters.elements
    let gradients = try [Float(0), .nan, 1e20].map { garbage in
      try withModelAndBatch { model, batch in
        var gradient = [Float](repeating: garbage, count: 59)
        var loss = 0.0
        #expect(torch.gradient(model, theta, 59, batch, &gradient, &loss, byz_torch_error()) == BYZ_TORCH_OK)
        return gradient
      }
    }
    #expect(gradients[0].contains { $0 != 0 })
    #expect(gradients[1] == gradients[0])
    #expect(gradients[2] == gradients[0])
  }

  @Test func errorTextIsCutToFit() throws {
    let theta = problem.parameters.elements
    let text = try withModelAndBatch { model, batch in
      var text = [CChar](repeating: 88, count: 12)
      var loss = 0.0
      let status = text.withUnsafeMutableBufferPointer {
        torch.gradient(
          model, theta, 59, batch, nil, &loss, byz_torch_error(text: $0.baseAddress, capacity: $0.count - 1))
      }
      #expect(status == BYZ_TORCH_INVALID_ARGUMENT)
      return text
    }
    #expect(text.map { UInt8($0) } == Array("there is n".utf8) + [0, 88])
  }

  @Test func nullPointersAreRefused() throws {
    let none = byz_torch_error()
    let theta = problem.parameters.elements
    var loss = 0.0
    var correct: Int64 = 0
    var gradient = theta
    try withModelAndBatch { model, batch in
      #expect(torch.gradient(nil, theta, 59, batch, &gradient, &loss, none) == BYZ_TORCH_INVALID_ARGUMENT)
      #expect(torch.gradient(model, nil, 59, batch, &gradient, &loss, none) == BYZ_TORCH_INVALID_ARGUMENT)
      #expect(torch.gradient(model, theta, 59, batch, &gradient, nil, none) == BYZ_TORCH_INVALID_ARGUMENT)
      #expect(torch.evaluate(model, theta, 59, batch, nil, &loss, none) == BYZ_TORCH_INVALID_ARGUMENT)
      let nowhere = byz_torch_batch(inputs: nil, labels: nil, count: 8, width: 6)
      #expect(torch.evaluate(model, theta, 59, nowhere, &correct, &loss, none) == BYZ_TORCH_INVALID_ARGUMENT)
      let negative = byz_torch_batch(inputs: batch.inputs, labels: batch.labels, count: -8, width: 6)
      #expect(torch.evaluate(model, theta, 59, negative, &correct, &loss, none) == BYZ_TORCH_INVALID_ARGUMENT)
    }
    #expect(torch.model_create([6, 4], 2, nil, none) == BYZ_TORCH_INVALID_ARGUMENT)
    torch.model_destroy(nil)
    #expect(torch.model_dimension(nil) == 0)
  }
}
