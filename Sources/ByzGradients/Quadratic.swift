import ByzNumerics

/// The quadratic problem: loss |theta - theta*|^2 / 2.
enum Quadratic {
  /// theta*.
  static func minimum(dimension: Int, seed: UInt64) -> Vector {
    var generator = SeededGenerator(seed: seed, path: [RandomPurpose.solution])
    return Vector(uncleared: dimension) { for index in $0.indices { $0[index] = generator.normal() } }
  }

  static func loss(at parameters: Vector, minimum: Vector) -> Double {
    let distance = parameters.distance(to: minimum)
    return distance * distance / 2
  }
}

/// A worker's gradients: the difference to the minimum, and noise that (step, draw) names.
struct QuadraticGradientSource: GradientSource, Sendable {
  let minimum: Vector
  let noise: Double
  let seed: UInt64
  let worker: Int
  let batch: Int

  var dimension: Int { minimum.count }

  /// What stands for labels is the minimum; turned round, it is its negative.
  func gradient(at parameters: Vector, step: Int, draw: Int, flippingLabels: Bool) -> GradientSample {
    precondition(
      parameters.count == dimension, "\(parameters.count) parameters are not the \(dimension) of the problem")
    var generator = SeededGenerator(
      seed: seed, path: [RandomPurpose.gradientNoise, UInt64(worker), UInt64(step), UInt64(draw)])
    let scale = Float(noise / Double(batch).squareRoot())
    let minimum = flippingLabels ? minimum.scaled(by: -1) : minimum
    let gradient = Vector(uncleared: dimension) { gradient in
      parameters.withUnsafeBufferPointer { parameters in
        minimum.withUnsafeBufferPointer { minimum in
          for index in gradient.indices {
            gradient[index] = parameters[index] - minimum[index] + scale * generator.normal()
          }
        }
      }
    }
    return GradientSample(gradient: gradient, loss: Quadratic.loss(at: parameters, minimum: minimum))
  }
}

/// The loss, known exactly.
struct QuadraticEvaluator: Evaluator, Sendable {
  let minimum: Vector

  func evaluate(_ parameters: Vector) -> Evaluation {
    Evaluation(loss: Quadratic.loss(at: parameters, minimum: minimum))
  }
}
