import ByzGradients
import ByzNumerics
import ByzTorch
import Testing

@Suite struct TorchErrorTests {
  let problem = Problem(widths: [6, 5, 4], count: 8, seed: 8)
  let theta = Vector(repeating: 0, count: 59)

  private func refused(_ message: String) -> TorchError { TorchError(reason: .invalidArgument, message: message) }

  @Test func wrongNumberOfParameters() throws {
    let model = try TorchModel(layerWidths: problem.widths)
    let error = refused("the number of parameters is 58 instead of 59")
    #expect(throws: error) { try model.gradient(at: Vector(repeating: 0, count: 58), on: problem.batch) }
    #expect(throws: error) { try model.score(Vector(repeating: 0, count: 58), on: problem.batch) }
  }

  @Test func wrongNumberOfInputs() throws {
    let model = try TorchModel(layerWidths: [7, 4])
    let error = refused("the number of inputs is 6 instead of 7")
    #expect(throws: error) { try model.gradient(at: Vector(repeating: 0, count: 32), on: problem.batch) }
  }

  @Test func labelThatIsNoClass() throws {
    var batch = Batch()
    batch.fill(
      from: Dataset(pixels: [UInt8](repeating: 0, count: 18), labels: [3, 4, 0], pixelsPerImage: 6), at: 0..<3)
    let model = try TorchModel(layerWidths: problem.widths)
    let error = refused("the label 4 at index 1 is outside 0 ..< 4")
    #expect(throws: error) { try model.gradient(at: theta, on: batch) }
    #expect(throws: error) { try model.score(theta, on: batch) }
  }

  @Test func emptyBatch() throws {
    let model = try TorchModel(layerWidths: problem.widths)
    #expect(throws: refused("the batch is empty")) { try model.gradient(at: theta, on: Batch()) }
    #expect(throws: refused("the batch is empty")) { try model.score(theta, on: Batch()) }
  }

  @Test func emptyShareOrTestSet() throws {
    let model = try TorchModel(layerWidths: problem.widths)
    let nothing = Dataset(pixels: [], labels: [], pixelsPerImage: 6)
    let source = TorchGradientSource(
      model: model, dataset: nothing, sampler: BatchSampler(seed: 1, worker: 3, batchSize: 4))
    #expect(throws: refused("worker-3 has no training examples")) { try source.gradient(at: theta, step: 0, draw: 0) }
    let evaluator = TorchEvaluator(model: model, dataset: nothing)
    #expect(throws: refused("the test set is empty")) { try evaluator.evaluate(theta) }
  }

  @Test func widthsThatMakeNoModel() {
    #expect(throws: refused("a model needs at least two widths: inputs and classes")) {
      try TorchModel(layerWidths: [6])
    }
    #expect(throws: refused("a layer's width of 0 is outside 1 ... 16777216")) { try TorchModel(layerWidths: [6, 0]) }
    #expect(throws: refused("a layer's width of -1 is outside 1 ... 16777216")) {
      try TorchModel(layerWidths: [-1, 6])
    }
    #expect(throws: TorchError.self) { try TorchModel(layerWidths: [Int.max, 6]) }
  }

  @Test func errorLeavesTheModelUsable() throws {
    let model = try TorchModel(layerWidths: problem.widths)
    let before = try model.gradient(at: problem.parameters, on: problem.batch)
    #expect(throws: TorchError.self) { try model.gradient(at: problem.parameters, on: Batch()) }
    #expect(try model.gradient(at: problem.parameters, on: problem.batch).gradient == before.gradient)
  }
}
