import ByzGradients
import ByzNumerics
import ByzTorch
import Testing

/// Everything together: reading, sharing out, sampling, gradients, evaluation.
@Suite(.enabled(if: PublishedMNIST.isPresent)) struct TrainingTests {
  /// Plain SGD on a thirtieth of MNIST: with ten seeds an accuracy of 0.83 to 0.89, from 0.05 to 0.15.
  @Test func plainSGDLearnsMNIST() throws {
    let share = Partition.independent(of: 60_000, among: 30, seed: 1)[0]
    let model = try TorchModel(.mlp)
    let source = TorchGradientSource(
      model: model, dataset: try MNIST.load(.training, in: PublishedMNIST.directory, keeping: share),
      sampler: BatchSampler(seed: 1, worker: 0, batchSize: 32))
    let evaluator = TorchEvaluator(
      model: model, dataset: try MNIST.load(.test, in: PublishedMNIST.directory, keeping: Array(0..<1_000)))
    var theta = Architecture.mlp.initialParameters(seed: 1)
    let before = try evaluator.evaluate(theta)
    for step in 0..<150 {
      let gradient = try source.gradient(at: theta, step: step, draw: 0).gradient
      theta = theta.adding(-0.1, times: gradient)
    }
    let after = try evaluator.evaluate(theta)
    #expect(before.accuracy! < 0.3)
    #expect(after.accuracy! > 0.8)
    #expect(after.loss < before.loss / 3)
  }
}
