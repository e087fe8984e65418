import ByzNumerics
import CKernels

/// The recursion of a ``Momentum``: takes in gradients, one for each step, and gives what is used instead of them.
struct MomentumRecursion: Sendable {
  private let momentum: Momentum?
  /// m of the last step; nil, which stands for zeros, before the first.
  private var state: Vector?

  /// The recursion of `momentum` before the first step; without one, gradients come out as they go in.
  init(_ momentum: Momentum?) { self.momentum = momentum }

  /// What is used at a step whose gradient is `scale` * (`gradient` + `decay` * `parameters`).
  mutating func update(gradient: Vector, scale: Float = 1, decay: Float = 0, parameters: Vector? = nil) -> Vector {
    func sum(_ kept: Float, _ state: Vector?, adding added: Float) -> Vector {
      for vector in [parameters, state].compactMap(\.self) {
        precondition(vector.count == gradient.count, "\(gradient.count) elements do not fit to \(vector.count)")
      }
      return Vector(uncleared: gradient.count) { result in
        withExtendedLifetime((gradient, parameters, state)) {
          let update = byz_momentum_update(
            gradient: gradient.withUnsafeBufferPointer(\.baseAddress),
            parameters: decay == 0 ? nil : parameters?.withUnsafeBufferPointer(\.baseAddress),
            momentum: state?.withUnsafeBufferPointer(\.baseAddress),
            decay: decay, scale: scale, kept: kept, added: added)
          byz_update_momentum(byz_best_instructions(), update, result.count, result.baseAddress)
        }
      }
    }
    guard let momentum else { return sum(0, nil, adding: 1) }
    let beta = Float(momentum.coefficient)
    let next = sum(beta, state, adding: momentum.form == .dampened ? Float(1 - momentum.coefficient) : 1)
    state = next
    return momentum.form == .nesterov ? sum(beta, next, adding: 1) : next
  }
}
