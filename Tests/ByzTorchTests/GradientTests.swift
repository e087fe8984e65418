import ByzGradients
import ByzNumerics
import ByzTorch
import Foundation
import Testing

@Suite struct GradientTests {
  static let problems = [
    Problem(widths: Architecture.mlp.layerWidths, count: 32, seed: 1),
    Problem(widths: Architecture.mlp.layerWidths, count: 1, seed: 2),
    Problem(widths: Architecture.logistic.layerWidths, count: 32, seed: 3),
    Problem(widths: [7, 6, 5, 4, 3], count: 9, seed: 4),
    Problem(widths: [5, 4, 3], count: 1, seed: 5),
    Problem(widths: [1, 1], count: 2, seed: 6),
    Problem(widths: [17, 33, 2], count: 65, seed: 7),
  ]

  /// A sum of n products in f32 is off by about sqrt(n) * 2^-24 of its terms' size: 2e-6 for 784 inputs. Several such sums
  /// follow each other, and signs cancel, hence 2e-5 of each tensor's norm.
  @Test(arguments: problems) func equalsTheFormulasInDoublePrecision(problem: Problem) throws {
    let sample = try TorchModel(layerWidths: problem.widths).gradient(at: problem.parameters, on: problem.batch)
    let expected = problem.naive.gradient(at: problem.parameters.elements.map(Double.init), on: problem.batch)
    #expect(abs(sample.loss - expected.loss) <= 2e-6 * expected.loss)
    for layer in 0..<problem.widths.count - 1 {
      let weight = problem.naive.offset(of: layer)
      let end = problem.naive.offset(of: layer + 1)
      let bias = end - problem.widths[layer + 1]
      for range in [weight..<bias, bias..<end] {
        let norm = range.reduce(0) { $0 + expected.gradient[$1] * expected.gradient[$1] }.squareRoot()
        let error = range.reduce(0) {
          $0 + (Double(sample.gradient[$1]) - expected.gradient[$1])
            * (Double(sample.gradient[$1]) - expected.gradient[$1])
        }.squareRoot()
        #expect(error <= 2e-5 * norm, "layer \(layer), elements \(range)")
      }
    }
  }

  /// Every element against (loss(theta + h) - loss(theta - h)) / 2h. With h = 1/256 the loss, known to about 1e-7, makes an
  /// error of 3e-5, and the curvature one of about h^2 = 2e-5.
  @Test func equalsTheSlopeOfTheLoss() throws {
    let problem = Problem(widths: [6, 5, 4], count: 8, seed: 8)
    let model = try TorchModel(layerWidths: problem.widths)
    let theta = problem.parameters
    let gradient = try model.gradient(at: theta, on: problem.batch).gradient
    for index in 0..<theta.count {
      let losses = try [Float(1) / 256, -Float(1) / 256].map { step in
        var moved = theta.elements
        moved[index] += step
        return try model.score(Vector(moved), on: problem.batch).lossSum / Double(problem.count)
      }
      #expect(abs((losses[0] - losses[1]) * 128 - Double(gradient[index])) < 2e-4, "element \(index)")
    }
  }

  @Test func sameCallsGiveSameBits() throws {
    let problem = Self.problems[0]
    let theta = problem.parameters
    let model = try TorchModel(layerWidths: problem.widths)
    let first = try model.gradient(at: theta, on: problem.batch)
    for _ in 0..<50 {
      _ = try model.gradient(at: Vector(repeating: 0.01, count: theta.count), on: problem.batch)
      let again = try model.gradient(at: theta, on: problem.batch)
      #expect(again.gradient == first.gradient)
      #expect(again.loss == first.loss)
    }
    let other = try TorchModel(layerWidths: problem.widths).gradient(at: theta, on: problem.batch)
    #expect(other.gradient == first.gradient)
  }

  /// A model that came over the network may begin at any address.
  @Test(arguments: 1..<16) func sameBitsWhereverTheParametersLie(shift: Int) throws {
    let problem = Self.problems[0]
    let theta = problem.parameters
    let memory = Vector([Float](repeating: 0, count: shift) + theta.elements)
    let shifted = memory.withUnsafeBufferPointer {
      Vector(borrowing: $0.baseAddress! + shift, count: theta.count, owner: memory)
    }
    let model = try TorchModel(layerWidths: problem.widths)
    #expect(
      try model.gradient(at: shifted, on: problem.batch).gradient
        == model.gradient(at: theta, on: problem.batch).gradient)
  }

  @Test func sameBitsOnAnotherThread() async throws {
    let problem = Self.problems[0]
    let here = try TorchModel(layerWidths: problem.widths).gradient(at: problem.parameters, on: problem.batch)
    let there = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try TorchModel(layerWidths: problem.widths).gradient(at: problem.parameters, on: problem.batch).gradient
          })
      }
    }
    #expect(there == here.gradient)
  }

  @Test func leavesParametersAlone() throws {
    let problem = Self.problems[3]
    let theta = problem.parameters
    _ = try TorchModel(layerWidths: problem.widths).gradient(at: theta, on: problem.batch)
    #expect(theta == problem.parameters)
  }

  @Test func hugeParametersGiveALossThatIsNotFiniteInsteadOfAnError() throws {
    let problem = Self.problems[3]
    let model = try TorchModel(layerWidths: problem.widths)
    let sample = try model.gradient(at: Vector(repeating: 1e30, count: model.dimension), on: problem.batch)
    #expect(!sample.loss.isFinite)
  }
}
