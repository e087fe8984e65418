import ByzNumerics
import ByzProtocol
import Testing

/// Each form of momentum against its recursion, written out in Double on drawn gradients.
@Suite struct MomentumEstimatorTests {
  private func training(_ momentum: Momentum, clip: Double? = nil, decay: Double = 0) -> TrainingParameters {
    TrainingParameters(
      steps: 10, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: momentum, gradientClip: clip,
      weightDecay: decay)
  }

  @Test(arguments: [
    (Momentum.none, 0.0, 1.0), (.dampened(coefficient: 0.9), 0.9, 0.1), (.classical(coefficient: 0.9), 0.9, 1.0),
  ])
  func followsItsRecursion(momentum: Momentum, kept: Double, added: Double) {
    var estimator = MomentumEstimator(training(momentum))
    var generator = SeededGenerator(seed: 3)
    var expected = [0.0, 0.0, 0.0]
    for _ in 0..<50 {
      let gradient = (0..<3).map { _ in generator.normal() }
      let result = estimator.update(gradient: Vector(gradient), at: Vector([0, 0, 0]))
      expected = zip(expected, gradient).map { kept * $0 + added * Double($1) }
      for index in 0..<3 { #expect(abs(Double(result[index]) - expected[index]) < 1e-5) }
    }
  }

  @Test func decaysThenClips() {
    var estimator = MomentumEstimator(training(.none, clip: 1, decay: 0.5))
    // (0 + 0.5 * 6, 0 + 0.5 * 8) = (3, 4) has norm 5.
    let result = estimator.update(gradient: Vector([0, 0]), at: Vector([6, 8]))
    #expect(abs(result[0] - 0.6) < 1e-6 && abs(result[1] - 0.8) < 1e-6)
    // Short gradients stay as they are.
    #expect(estimator.update(gradient: Vector([0.25, 0]), at: Vector([0, 0])).elements == [0.25, 0])
  }
}
