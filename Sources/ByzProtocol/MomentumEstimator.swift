import ByzNumerics

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
    let next = accumulate(clip(decay(gradient, at: parameters)))
    momentum = next
    return next
  }

  private func decay(_ gradient: Vector, at parameters: Vector) -> Vector {
    guard training.weightDecay != 0 else { return gradient }
    return gradient.adding(Float(training.weightDecay), times: parameters)
  }

  private func clip(_ gradient: Vector) -> Vector {
    guard let limit = training.gradientClip else { return gradient }
    let norm = gradient.norm
    return norm > limit ? gradient.scaled(by: Float(limit / norm)) : gradient
  }

  private func accumulate(_ gradient: Vector) -> Vector {
    switch training.momentum {
    case .none:
      return gradient
    case .classical(let coefficient):
      guard let momentum else { return gradient }
      return momentum.scaled(by: Float(coefficient), adding: 1, times: gradient)
    case .dampened(let coefficient):
      let rest = Float(1 - coefficient)
      guard let momentum else { return gradient.scaled(by: rest) }
      return momentum.scaled(by: Float(coefficient), adding: rest, times: gradient)
    }
  }
}
