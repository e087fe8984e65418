import ByzAggregation
import ByzNumerics
import Testing

@testable import ByzProtocol

/// Each form of momentum against its recursion, written out in Double on drawn gradients.
@Suite struct MomentumEstimatorTests {
  private func training(_ momentum: Momentum?, clip: Double? = nil, decay: Double = 0) -> TrainingParameters {
    TrainingParameters(
      steps: 10, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: momentum, gradientClip: clip,
      weightDecay: decay)
  }

  private func written(_ form: Momentum.Form, _ beta: Double, _ gradients: [[Double]]) -> [[Double]] {
    var m = gradients[0].map { _ in 0.0 }
    return gradients.map { g in
      switch form {
      case .dampened:
        m = zip(m, g).map { beta * $0 + (1 - beta) * $1 }
        return m
      case .classical:
        m = zip(m, g).map { beta * $0 + $1 }
        return m
      case .nesterov:
        m = zip(m, g).map { beta * $0 + $1 }
        return zip(m, g).map { $1 + beta * $0 }
      }
    }
  }

  private func drawnGradients() -> [[Float]] {
    var generator = SeededGenerator(seed: 3)
    return (0..<50).map { _ in (0..<3).map { _ in generator.normal() } }
  }

  @Test(arguments: Momentum.Form.allCases, [0, 0.5, 0.9])
  func workersFollowTheRecursion(form: Momentum.Form, beta: Double) {
    let gradients = drawnGradients()
    let expected = written(form, beta, gradients.map { $0.map(Double.init) })
    var estimator = MomentumEstimator(training(Momentum(coefficient: beta, form: form)))
    for (gradient, expected) in zip(gradients, expected) {
      let result = estimator.update(gradient: Vector(gradient), at: Vector([0, 0, 0]))
      for index in 0..<3 { #expect(abs(Double(result[index]) - expected[index]) < 1e-5, "\(form), beta = \(beta)") }
    }
  }

  @Test func workersSendPlainGradientsWithoutMomentumOrWithTheServers() {
    for momentum in [nil, Momentum(coefficient: 0.9, form: .dampened, at: .server)] {
      var estimator = MomentumEstimator(training(momentum))
      for gradient in drawnGradients() {
        #expect(estimator.update(gradient: Vector(gradient), at: Vector([0, 0, 0])) == Vector(gradient))
      }
    }
  }

  /// A server alone with one worker aggregates that worker's vector, so its model shows what it made of it.
  @Test(arguments: Momentum.Form.allCases, [0, 0.9])
  func serversFollowTheRecursion(form: Momentum.Form, beta: Double) throws {
    let gradients = Array(drawnGradients().prefix(9))
    let expected = written(form, beta, gradients.map { $0.map(Double.init) })
    let configuration = ProtocolConfiguration(
      quorums: Quorums(servers: (1, 0), workers: (1, 0)),
      training: training(Momentum(coefficient: beta, form: form, at: .server)), patience: Patience(),
      rule: MinimumDiameterAveraging(), dimension: 3)
    var server = ServerMachine(0, configuration, model: Vector([0, 0, 0]))
    _ = server.handle(.start)
    var model = [0.0, 0.0, 0.0]
    for (step, gradient) in gradients.enumerated() {
      _ = server.handle(.received(.vector(.momentum, step: step, Vector(gradient)), from: .worker(0)))
      model = zip(model, expected[step]).map { $0 - $1 }
      #expect(server.step == step + 1)
      for index in 0..<3 {
        #expect(abs(Double(server.model[index]) - model[index]) < 1e-4, "\(form), beta = \(beta), step \(step)")
      }
    }
  }

  @Test func decaysThenClips() {
    var estimator = MomentumEstimator(training(nil, clip: 1, decay: 0.5))
    // (0 + 0.5 * 6, 0 + 0.5 * 8) = (3, 4) has norm 5.
    let result = estimator.update(gradient: Vector([0, 0]), at: Vector([6, 8]))
    #expect(abs(result[0] - 0.6) < 1e-6 && abs(result[1] - 0.8) < 1e-6)
    // Short gradients stay as they are.
    #expect(estimator.update(gradient: Vector([0.25, 0]), at: Vector([0, 0])).elements == [0.25, 0])
  }
}
