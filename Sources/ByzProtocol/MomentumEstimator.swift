import ByzNumerics
import CKernels

/// Turns a worker's stochastic gradients into the momentum that it sends.
public struct MomentumEstimator: Sendable {
  private let training: TrainingParameters
  /// m of the last step; nil, which stands for zeros, before the first.
  private var momentum: Vector?

  public init(_ training: TrainingParameters) { self.training = training }

  /// Takes in the gradient of a step and gives the momentum of it.
  ///
  /// The gradient g becomes g + weightDecay * theta, is shortened to the norm gradientClip if it is longer, and enters the
  /// momentum: beta m + (1 - beta) g when dampened, beta m + g when classical.
  public mutating func update(gradient: Vector, at parameters: Vector) -> Vector {
    let (kept, added) = coefficients
    let scale = scale(of: gradient, at: parameters)
    let previous = kept == nil ? nil : momentum
    for vector in [parameters, previous ?? gradient] {
      precondition(vector.count == gradient.count, "\(gradient.count) elements do not fit to \(vector.count)")
    }
    let next = Vector(uncleared: gradient.count) { result in
      withExtendedLifetime((gradient, parameters, previous)) {
        let update = byz_momentum_update(
          gradient: gradient.withUnsafeBufferPointer(\.baseAddress),
          parameters: decays ? parameters.withUnsafeBufferPointer(\.baseAddress) : nil,
          momentum: previous?.withUnsafeBufferPointer(\.baseAddress),
          decay: Float(training.weightDecay), scale: scale, kept: kept ?? 0, added: added)
        byz_update_momentum(byz_best_instructions(), update, result.count, result.baseAddress)
      }
    }
    momentum = next
    return next
  }

  private var decays: Bool { training.weightDecay != 0 }

  /// What the last momentum and the gradient are multiplied by; nil for a gradient that enters no momentum.
  private var coefficients: (kept: Float?, added: Float) {
    switch training.momentum {
    case .none: (nil, 1)
    case .classical(let coefficient): (Float(coefficient), 1)
    case .dampened(let coefficient): (Float(coefficient), Float(1 - coefficient))
    }
  }

  /// What clipping multiplies the decayed gradient by: 1, which changes nothing, if it is short enough.
  private func scale(of gradient: Vector, at parameters: Vector) -> Float {
    guard let limit = training.gradientClip else { return 1 }
    let norm = decays ? gradient.norm(adding: Float(training.weightDecay), times: parameters) : gradient.norm
    return norm > limit ? Float(limit / norm) : 1
  }
}
