import ByzNumerics
import Foundation
import Testing

@testable import ByzGradients

/// What holds for every analytic problem.
@Suite struct AnalyticProblemTests {
  static let problems = [
    AnalyticProblem.quadratic(dimension: 7, noise: 0.5), .logistic(dimension: 7, examples: 90),
    .quadratic(dimension: 1, noise: 3), .logistic(dimension: 1, examples: 4),
  ]

  private func drawn(_ count: Int, seed: UInt64) -> Vector {
    var generator = SeededGenerator(seed: seed, path: [1])
    return Vector((0..<count).map { _ in 2 * generator.normal() })
  }

  @Test(arguments: problems) func hasOneTensorAndStartsInItsRange(problem: AnalyticProblem) {
    #expect(problem.parameters.map(\.count) == [problem.dimension])
    let start = problem.initialParameters(seed: 4)
    #expect(start.count == problem.dimension && start == problem.initialParameters(seed: 4))
    #expect(start != problem.initialParameters(seed: 5))
    #expect(start.elements.allSatisfy { abs($0) <= 1 / Float(problem.dimension).squareRoot() })
  }

  /// Every element against (loss(theta + h) - loss(theta - h)) / 2h on the same batch. With h = 2^-10 the curvature makes
  /// an error of h^2 times the third derivative, and rounding to `Float` one of 1e-7 of the gradient.
  @Test(arguments: problems) func gradientsAreTheSlopeOfTheLoss(problem: AnalyticProblem) throws {
    let noiseless: AnalyticProblem =
      if case .quadratic(let dimension, _) = problem { .quadratic(dimension: dimension, noise: 0) } else { problem }
    let source = noiseless.gradientSource(seed: 6, worker: 1, batch: 8, workers: 3)
    for step in 0..<5 {
      let theta = drawn(problem.dimension, seed: UInt64(step))
      let gradient = try source.gradient(at: theta, step: step, draw: 0).gradient
      for index in 0..<problem.dimension {
        let losses = try [Float(0x1p-10), -0x1p-10].map { h in
          var moved = theta.elements
          moved[index] += h
          return (moved[index], try source.gradient(at: Vector(moved), step: step, draw: 0).loss)
        }
        let slope = (losses[0].1 - losses[1].1) / (Double(losses[0].0) - Double(losses[1].0))
        #expect(abs(slope - Double(gradient[index])) < 2e-5 * max(1, abs(slope)), "step \(step), element \(index)")
      }
    }
  }

  @Test(arguments: problems) func stepAndDrawAloneDecide(problem: AnalyticProblem) throws {
    let theta = drawn(problem.dimension, seed: 1)
    func source(worker: Int = 2, seed: UInt64 = 5) -> any GradientSource & Sendable {
      problem.gradientSource(seed: seed, worker: worker, batch: 4, workers: 4)
    }
    let used = source()
    for step in 0..<5 { _ = try used.gradient(at: theta, step: step, draw: step) }
    let one = try used.gradient(at: theta, step: 3, draw: 0)
    let again = try source().gradient(at: theta, step: 3, draw: 0)
    #expect(one.gradient == again.gradient && one.loss == again.loss)
    // With four examples of a single input there is one in a share: every batch is the same.
    guard problem.dimension > 1 || problem == .quadratic(dimension: 1, noise: 3) else { return }
    #expect(try source().gradient(at: theta, step: 4, draw: 0).gradient != one.gradient)
    #expect(try source().gradient(at: theta, step: 3, draw: 1).gradient != one.gradient)
    #expect(try source(worker: 1).gradient(at: theta, step: 3, draw: 0).gradient != one.gradient)
    #expect(try source(seed: 6).gradient(at: theta, step: 3, draw: 0).gradient != one.gradient)
  }

  /// Simulations are replayed from their seeds: change these bits on purpose only.
  @Test(arguments: [
    (problems[0], [0x404f_98b8, 0xbe27_1274] as [UInt32], 0x4021_8f4f_4564_53d6, 0x4021_8f4f_4564_53d6),
    (problems[1], [0xbe3a_1169, 0xbd6a_0e32], 0x3fe7_79bc_4d01_4716, 0x3feb_c9f1_c4f3_ad6c),
  ])
  func bitsAreTheSameEverywhere(
    problem: AnalyticProblem, gradient: [UInt32], loss: UInt64, testLoss: UInt64
  ) throws {
    let theta = problem.initialParameters(seed: 1)
    let sample = try problem.gradientSource(seed: 1, worker: 3, batch: 32, workers: 7)
      .gradient(at: theta, step: 17, draw: 2)
    #expect([sample.gradient[0], sample.gradient[6]].map(\.bitPattern) == gradient)
    #expect(sample.loss.bitPattern == loss)
    let evaluation = try problem.evaluator(seed: 1).evaluate(theta)
    #expect(evaluation.loss.bitPattern == testLoss)
  }

  /// Plain SGD with the mean of five workers' gradients and a learning rate of 0.5.
  @Test(arguments: [problems[0], .logistic(dimension: 10, examples: 1_000)])
  func descentLeadsDown(problem: AnalyticProblem) throws {
    let evaluator = problem.evaluator(seed: 2)
    let sources = (0..<5).map { problem.gradientSource(seed: 2, worker: $0, batch: 32, workers: 5) }
    var theta = problem.initialParameters(seed: 2)
    let before = try evaluator.evaluate(theta)
    for step in 0..<100 {
      let gradients = try sources.map { try $0.gradient(at: theta, step: step, draw: 0).gradient }
      for gradient in gradients { theta = theta.adding(-0.1, times: gradient) }
    }
    let after = try evaluator.evaluate(theta)
    #expect(after.loss < 0.5 * before.loss)
    switch problem {
    case .quadratic: #expect(after.accuracy == nil)
    case .logistic: #expect(0.9...0.97 ~= after.accuracy ?? 0, "\(after)")
    }
  }
}

@Suite struct QuadraticTests {
  private let minimum = Quadratic.minimum(dimension: 5, seed: 3)

  @Test func lossIsHalfTheSquareOfTheDistance() throws {
    let moved = minimum.adding(1, times: Vector([3, 0, 4, 0, 0]))
    let problem = AnalyticProblem.quadratic(dimension: 5, noise: 9)
    let evaluator = problem.evaluator(seed: 3)
    #expect(try evaluator.evaluate(minimum) == Evaluation(accuracy: nil, loss: 0))
    #expect(abs(try evaluator.evaluate(moved).loss - 12.5) < 1e-5)
    let sample = try problem.gradientSource(seed: 3, worker: 0, batch: 1, workers: 1).gradient(
      at: moved, step: 0, draw: 0)
    #expect(try evaluator.evaluate(moved).loss == sample.loss, "without its noise")
  }

  @Test func turnedRoundItsMinimumIsTheNegative() {
    let source = QuadraticGradientSource(minimum: minimum, noise: 2, seed: 3, worker: 1, batch: 4)
    let moved = minimum.adding(1, times: Vector([3, 0, 4, 0, 0]))
    let honest = source.gradient(at: moved, step: 5, draw: 1, flippingLabels: false).gradient
    let flipped = source.gradient(at: moved, step: 5, draw: 1, flippingLabels: true).gradient
    // theta - m + noise and theta + m + noise.
    #expect(flipped.adding(-1, times: honest).distance(to: minimum.scaled(by: 2)) < 1e-5)
  }

  /// 40,000 elements: their mean has a deviation of 1/200 of theirs, their variance one of 1/141 of its own.
  @Test(arguments: [(0.0, 4), (1.0, 1), (3.0, 25)]) func noiseShrinksWithTheBatch(noise: Double, batch: Int) {
    let source = QuadraticGradientSource(minimum: minimum, noise: noise, seed: 3, worker: 1, batch: batch)
    let deviation = noise / Double(batch).squareRoot()
    let moved = minimum.adding(1, times: Vector(repeating: 1, count: 5))
    let errors = (0..<8_000).flatMap { step in
      source.gradient(at: moved, step: step / 2, draw: step % 2, flippingLabels: false).gradient.elements.map {
        Double($0) - 1
      }
    }
    let mean = errors.reduce(0, +) / Double(errors.count)
    let variance = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
    #expect(abs(mean) <= deviation * 5 / 200 + 1e-6)
    #expect(abs(variance - deviation * deviation) <= deviation * deviation * 6 / 141 + 1e-12)
  }
}

@Suite struct LogisticTests {
  @Test func evaluationByHand() {
    let examples = LogisticExamples(dimension: 2, inputs: [1, 0, 0, 2, 3, 3, -1, 1], labels: [1, -1, 1, -1])
    // Products 2, -2, 3 and -3: each has its label's sign.
    let evaluation = LogisticEvaluator(examples: examples).evaluate(Vector([2, -1]))
    #expect(evaluation.accuracy == 1)
    let losses = [2.0, 2, 3, 3].map { log1p(exp(-$0)) }
    #expect(abs(evaluation.loss - losses.reduce(0, +) / 4) < 1e-15)
    // The other way round nothing is right, and at 0 nothing is decided.
    #expect(LogisticEvaluator(examples: examples).evaluate(Vector([-2, 1])).accuracy == 0)
    let undecided = LogisticEvaluator(examples: examples).evaluate(Vector([0, 0]))
    #expect(undecided.accuracy == 0 && abs(undecided.loss - log(2)) < 1e-15)
  }

  @Test func gradientByHand() {
    let examples = LogisticExamples(dimension: 2, inputs: [1, 0, 0, 2], labels: [1, -1])
    let sample = examples.gradient(at: Vector([0, 0]), on: [0, 1, 1, 1])
    // Slopes are -y / 2 at 0.
    #expect(sample.gradient.elements == [-0.125, 0.75] && abs(sample.loss - log(2)) < 1e-15)
  }

  @Test func turnedRoundItsLabelsHaveTheOtherSign() {
    let share = LogisticExamples(.training, at: 0..<30, dimension: 3, seed: 4)
    let turned = LogisticExamples(dimension: 3, inputs: share.inputs, labels: share.labels.map { -$0 })
    let sampler = BatchSampler(seed: 4, worker: 2, batchSize: 8)
    let theta = Vector([1, -2, 0.5])
    let sample = LogisticGradientSource(share: share, sampler: sampler)
      .gradient(at: theta, step: 6, draw: 1, flippingLabels: true)
    let expected = turned.gradient(at: theta, on: sampler.indices(below: 30, step: 6, draw: 1))
    #expect(sample.gradient == expected.gradient && sample.loss == expected.loss)
  }

  @Test(arguments: [1e4, -1e4, 1e30, -1e30] as [Float]) func largeMarginsDoNotOverflow(weight: Float) {
    let sample = LogisticExamples(dimension: 1, inputs: [1], labels: [1]).gradient(at: Vector([weight]), on: [0])
    #expect(sample.loss == Double(max(-weight, 0)))
    #expect(sample.gradient[0] == (weight > 0 ? 0 : -1))
  }

  @Test func parametersThatAreNotFiniteGiveALossThatIsNot() {
    let examples = LogisticExamples(.training, at: 0..<10, dimension: 3, seed: 1)
    for element in [Float.nan, .infinity] {
      let sample = examples.gradient(at: Vector([0, element, 0]), on: Array(0..<10))
      #expect(!sample.loss.isFinite)
    }
  }

  /// 20,000 examples: a share of one in twenty has a deviation of 0.0016.
  @Test func oneLabelInTwentyIsTurned() {
    let examples = LogisticExamples(.training, at: 0..<20_000, dimension: 2, seed: 8)
    var solution = SeededGenerator(seed: 8, path: [RandomPurpose.solution])
    let truth = Vector([solution.normal(), solution.normal()])
    let accuracy = LogisticEvaluator(examples: examples).evaluate(truth).accuracy ?? 0
    #expect(abs(accuracy - 0.95) < 0.008)
    #expect(abs(Double(examples.labels.count { $0 > 0 }) - 10_000) < 350)
  }

  /// An example does not depend on which others are drawn with it, so a worker draws its own share alone.
  @Test func sharesAreDisjointPartsOfTheWhole() {
    let whole = LogisticExamples(.training, at: 0..<23, dimension: 2, seed: 5)
    let shares = Partition.independent(of: 23, among: 4, seed: 5)
    for share in shares {
      let part = LogisticExamples(.training, at: share, dimension: 2, seed: 5)
      #expect(part.labels == share.map { whole.labels[$0] })
      #expect(part.inputs == share.flatMap { whole.inputs[2 * $0..<2 * $0 + 2] })
    }
    let test = LogisticExamples(.test, at: 0..<23, dimension: 2, seed: 5)
    #expect(Set(test.inputs).isDisjoint(with: whole.inputs))
  }
}
