import ByzNumerics
import ByzProtocol

/// Sends a different vector to each receiver: the true one and noise as long as it, times a scale, drawn for each receiver,
/// kind and step: random signs, which are quickly drawn, since it is to be in time for all of them.
struct Equivocation: Fault {
  let scale: Float
  let seed: UInt64
  let node: NodeID

  func rewrite(_ action: Action) -> [Action] {
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action else { return [action] }
    return receivers.map { receiver in
      let path = [
        RandomPurpose.equivocation, UInt64(node.index), receiver.role == .server ? 0 : 1, UInt64(receiver.index),
        UInt64(kind.rawValue), UInt64(step),
      ]
      let noise = direction(SeededGenerator(seed: seed, path: path), asLongAs: vector)
      return .send(.vector(kind, step: step, vector.adding(scale, times: noise)), to: [receiver])
    }
  }
}

/// Sends one vector to half of the nodes and another one to the others: to these with a shift along one direction, to those
/// with the opposite one. Halves and direction are the same for all that play it, and for all steps.
struct Split: Fault {
  let scale: Float
  let seed: UInt64

  func rewrite(_ action: Action) -> [Action] {
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action else { return [action] }
    let shift = direction(SeededGenerator(seed: seed, path: [RandomPurpose.equivocation]), asLongAs: vector)
    return [(0, scale), (1, -scale)].compactMap { half, scale in
      let part = receivers.filter { $0.index % 2 == half }
      return part.isEmpty ? nil : .send(.vector(kind, step: step, vector.adding(scale, times: shift)), to: part)
    }
  }
}

/// Lies in one kind of round alone: to workers in Scatter rounds, or to servers in Gather rounds.
struct TwoFaced: Fault {
  let factor: Float
  let isInGather: Bool

  func rewrite(_ action: Action) -> [Action] {
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action,
      (kind == .gatherModel) == isInGather
    else { return [action] }
    return [.send(.vector(kind, step: step, vector.scaled(by: factor)), to: receivers)]
  }
}

/// A vector of random signs as long as `vector`.
private func direction(_ generator: SeededGenerator, asLongAs vector: Vector) -> Vector {
  var generator = generator
  let size = Float(vector.norm / Double(max(vector.count, 1)).squareRoot())
  return Vector(uncleared: vector.count) { elements in
    var signs: UInt64 = 0
    for index in elements.indices {
      if index % 64 == 0 { signs = generator.next() }
      elements[index] = signs & 1 == 0 ? size : -size
      signs >>= 1
    }
  }
}
