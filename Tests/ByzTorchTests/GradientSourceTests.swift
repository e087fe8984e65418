import ByzGradients
import ByzNumerics
import ByzTorch
import Testing

@Suite struct GradientSourceTests {
  let problem = Problem(widths: [6, 5, 4], count: 40, seed: 12)

  private func source(worker: Int = 2) throws -> TorchGradientSource {
    TorchGradientSource(
      model: try TorchModel(layerWidths: problem.widths), dataset: problem.dataset,
      sampler: BatchSampler(seed: 5, worker: worker, batchSize: 16))
  }

  @Test func isTheModelsGradientOnTheSampledBatch() throws {
    let indices = BatchSampler(seed: 5, worker: 2, batchSize: 16).indices(below: 40, step: 7, draw: 1)
    var batch = Batch()
    batch.fill(from: problem.dataset, at: indices)
    let expected = try TorchModel(layerWidths: problem.widths).gradient(at: problem.parameters, on: batch)
    let sample = try source().gradient(at: problem.parameters, step: 7, draw: 1)
    #expect(sample.gradient == expected.gradient)
    #expect(sample.loss == expected.loss)
    #expect(try source().dimension == 59)
  }

  @Test func turnsLabelsRoundIfItIsTold() throws {
    let indices = BatchSampler(seed: 5, worker: 2, batchSize: 16).indices(below: 40, step: 7, draw: 1)
    let flipped = Dataset(
      pixels: problem.dataset.pixels, labels: problem.dataset.labels.map { 3 - $0 },
      pixelsPerImage: problem.dataset.pixelsPerImage, normalization: problem.dataset.normalization)
    var batch = Batch()
    batch.fill(from: flipped, at: indices)
    let expected = try TorchModel(layerWidths: problem.widths).gradient(at: problem.parameters, on: batch)
    let source = try source()
    let sample = try source.gradient(at: problem.parameters, step: 7, draw: 1, flippingLabels: true)
    #expect(sample.gradient == expected.gradient && sample.loss == expected.loss)
    // The next batch has its true labels again.
    let honest = try self.source().gradient(at: problem.parameters, step: 7, draw: 1)
    #expect(try source.gradient(at: problem.parameters, step: 7, draw: 1).gradient == honest.gradient)
  }

  @Test func doesNotDependOnWhatWasAskedBefore() throws {
    let used = try source()
    for step in 0..<5 { _ = try used.gradient(at: problem.parameters, step: step, draw: 0) }
    let fresh = try source().gradient(at: problem.parameters, step: 3, draw: 0)
    #expect(try used.gradient(at: problem.parameters, step: 3, draw: 0).gradient == fresh.gradient)
  }

  @Test func differsBetweenStepsDrawsAndWorkers() throws {
    let one = try source().gradient(at: problem.parameters, step: 3, draw: 0).gradient
    #expect(try source().gradient(at: problem.parameters, step: 4, draw: 0).gradient != one)
    #expect(try source().gradient(at: problem.parameters, step: 3, draw: 1).gradient != one)
    #expect(try source(worker: 1).gradient(at: problem.parameters, step: 3, draw: 0).gradient != one)
  }
}
