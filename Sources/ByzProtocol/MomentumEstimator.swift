import ByzNumerics

/// Turns a worker's stochastic gradients into what it sends: their momentum, unless that is none or the servers'.
public struct MomentumEstimator: Sendable {
  private let training: TrainingParameters
  private var recursion: MomentumRecursion

  public init(_ training: TrainingParameters) {
    self.training = training
    recursion = MomentumRecursion(training.momentum?.place == .worker ? training.momentum : nil)
  }

  /// Takes in the gradient of a step and gives what is sent at it.
  ///
  /// The gradient g becomes g + weightDecay * theta, is shortened to the norm gradientClip if it is longer, and enters the
  /// momentum.
  public mutating func update(gradient: Vector, at parameters: Vector) -> Vector {
    recursion.update(
      gradient: gradient, scale: scale(of: gradient, at: parameters), decay: Float(training.weightDecay),
      parameters: parameters)
  }

  /// What clipping multiplies the decayed gradient by: 1, which changes nothing, if it is short enough.
  private func scale(of gradient: Vector, at parameters: Vector) -> Float {
    guard let limit = training.gradientClip else { return 1 }
    let decay = Float(training.weightDecay)
    let norm = decay == 0 ? gradient.norm : gradient.norm(adding: decay, times: parameters)
    return norm > limit ? Float(limit / norm) : 1
  }
}
