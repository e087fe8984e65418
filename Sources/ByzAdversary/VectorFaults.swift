import ByzNumerics
import ByzProtocol

/// Sends every vector times a factor: -100 for `reversed` as it comes, -1 for `sign-flip`.
struct Scaling: Fault {
  let factor: Float

  mutating func rewrite(_ action: Action) -> [Action] {
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action else { return [action] }
    return [.send(.vector(kind, step: step, vector.scaled(by: factor)), to: receivers)]
  }
}

/// Sends noise instead of every vector: the same to all, anew for each kind and step.
struct Noise: Fault {
  let scale: Float
  let seed: UInt64
  let node: NodeID

  mutating func rewrite(_ action: Action) -> [Action] {
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action else { return [action] }
    return [.send(.vector(kind, step: step, noise(count: vector.count, kind: kind, step: step)), to: receivers)]
  }

  private func noise(count: Int, kind: VectorKind, step: Int) -> Vector {
    var generator = SeededGenerator(
      seed: seed,
      path: [RandomPurpose.noise, UInt64(kind.rawValue), UInt64(node.index), UInt64(step)])
    return Vector(uncleared: count) { elements in
      for index in elements.indices { elements[index] = scale * generator.normal() }
    }
  }
}

/// Ends without a word when it is about to send its first vector of a step.
struct Crash: Fault {
  let step: Int

  mutating func rewrite(_ action: Action) -> [Action] {
    if case .send(.vector(_, let step, _), _) = action, step >= self.step { return [.crash] }
    return [action]
  }
}
