import ByzNumerics
import ByzProtocol

/// Speaks, from a step on, to some nodes only, and to them like an honest node; all that play this favour the same ones.
///
/// So some honest nodes get ahead with the help of the faulty ones, while the others depend on every honest node there is:
/// on those, too, that have been left behind.
struct Partial: Fault {
  let share: Float
  /// The step of the first vector that only favoured nodes get.
  let step: Int
  let seed: UInt64
  private var hasBegun = false

  init(share: Float, step: Int, seed: UInt64) {
    self.share = share
    self.step = step
    self.seed = seed
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    if let step = action.stepOfVector, step >= self.step { hasBegun = true }
    guard hasBegun, let (_, receivers) = action.transmission else { return [action] }
    let favoured = receivers.filter(isFavoured)
    return favoured.isEmpty ? [] : [action.sent(to: favoured)]
  }

  private func isFavoured(_ node: NodeID) -> Bool {
    var generator = SeededGenerator(
      seed: seed, path: [RandomPurpose.favour, node.role == .server ? 0 : 1, UInt64(node.index)])
    return generator.uniform() < share
  }
}
