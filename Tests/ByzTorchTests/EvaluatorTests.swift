import ByzGradients
import ByzNumerics
import ByzTorch
import Testing

@Suite struct EvaluatorTests {
  @Test(arguments: GradientTests.problems, [1, 7, 1_000]) func equalsTheFormulas(
    problem: Problem, chunkSize: Int
  ) throws {
    let evaluator = TorchEvaluator(
      model: try TorchModel(layerWidths: problem.widths), dataset: problem.dataset, chunkSize: chunkSize)
    let evaluation = try evaluator.evaluate(problem.parameters)
    let expected = problem.naive.evaluate(problem.parameters.elements.map(Double.init), on: problem.batch)
    #expect(evaluation.accuracy == Double(expected.correct) / Double(problem.count))
    // As for the loss that comes with a gradient.
    #expect(abs(evaluation.loss - expected.loss) <= 2e-6 * expected.loss)
  }

  @Test func sameCallsGiveSameBits() throws {
    let problem = GradientTests.problems[0]
    let evaluator = TorchEvaluator(
      model: try TorchModel(layerWidths: problem.widths), dataset: problem.dataset, chunkSize: 5)
    let first = try evaluator.evaluate(problem.parameters)
    for _ in 0..<10 { #expect(try evaluator.evaluate(problem.parameters) == first) }
  }
}
