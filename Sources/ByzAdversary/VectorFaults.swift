import ByzNumerics
import ByzProtocol

/// A fault that sends another vector instead of each of its own, the same to all.
protocol VectorFault: Fault {
  /// What is sent instead of the node's own `vector` of `step`; nil for nothing.
  mutating func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector?
}

extension VectorFault {
  mutating func rewrite(_ action: Action) -> [Action] {
    if case .send(.digest(let step, let digest), let receivers) = action {
      // Nobody has what it lies about, unless f_ps + 1 lie alike.
      return [.send(.digest(step: step, digest.complement), to: receivers)]
    }
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action else { return [action] }
    guard let forgery = forged(vector, kind, step: step) else { return [] }
    return [.send(.vector(kind, step: step, forgery), to: receivers)]
  }
}

/// Sends every vector times a factor: -100 for `reversed` as it comes, -1 for `sign-flip`.
struct Scaling: VectorFault {
  let factor: Float

  func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? { vector.scaled(by: factor) }
}

/// Sends noise instead of every vector: the same to all, anew for each kind and step.
struct Noise: VectorFault {
  let scale: Float
  let seed: UInt64
  let node: NodeID

  func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    var generator = SeededGenerator.ofVector(RandomPurpose.noise, seed: seed, kind, of: node, step: step)
    return Vector(uncleared: vector.count) { elements in
      for index in elements.indices { elements[index] = scale * generator.normal() }
    }
  }
}

/// Sends one value in every coordinate: zeros, infinities, NaNs.
struct Constant: VectorFault {
  let value: Float

  func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    Vector(repeating: value, count: vector.count)
  }
}

/// Sends every vector with the same amount added to every coordinate.
struct Bias: VectorFault {
  let shift: Float

  func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    vector.adding(shift, times: Vector(repeating: 1, count: vector.count))
  }
}

/// Sends every vector lengthened, or shortened, to one norm; zeros, which have no direction, as they are.
struct FixedNorm: VectorFault {
  let norm: Double

  func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    let own = vector.norm
    // Two factors, because one alone may be beyond what a float can hold.
    return own > 0 ? vector.scaled(by: Float(1 / own)).scaled(by: Float(norm)) : vector
  }
}

/// Sends every vector with a share of its coordinates set to zero, drawn anew for each kind and step.
struct PartialDrop: VectorFault {
  let share: Float
  let seed: UInt64
  let node: NodeID

  func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    var generator = SeededGenerator.ofVector(RandomPurpose.partialDrop, seed: seed, kind, of: node, step: step)
    return Vector(uncleared: vector.count) { elements in
      for index in elements.indices { elements[index] = generator.uniform() < share ? 0 : vector[index] }
    }
  }
}

/// Computes gradients on examples whose labels are turned round: of C classes, class y becomes C - 1 - y.
struct LabelFlip: Fault {
  func rewrite(_ action: Action) -> [Action] {
    guard case .computeGradient(let step, let draw, _, let parameters) = action else { return [action] }
    return [.computeGradient(step: step, draw: draw, flippingLabels: true, at: parameters)]
  }
}

extension SeededGenerator {
  /// What is drawn for one vector of a node; `kind` tells servers from workers.
  fileprivate static func ofVector(
    _ purpose: UInt64, seed: UInt64, _ kind: VectorKind, of node: NodeID, step: Int
  ) -> SeededGenerator {
    SeededGenerator(seed: seed, path: [purpose, UInt64(kind.rawValue), UInt64(node.index), UInt64(step)])
  }
}
