import ByzNumerics
import ByzProtocol

/// Damages frames as a broken sender would: of some messages, for each receiver apart, some bytes of the header or of the
/// payload have some of their bits turned round.
struct Corrupt: Fault {
  /// Damage is drawn among so many bytes; in a shorter header counting begins again at its first.
  private static let headerBytes = 64

  let share: Float
  let bytes: Int
  private var generator: SeededGenerator

  init(share: Float, bytes: Int, seed: UInt64, node: NodeID) {
    self.share = share
    self.bytes = bytes
    generator = .ofLinks(seed: seed, node: node)
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    guard case .send(let message, let receivers) = action else { return [action] }
    return receivers.map { receiver in
      guard generator.uniform() < share else { return .send(message, to: [receiver]) }
      if case .vector(let kind, let step, let vector) = message, generator.index(below: 2) == 0 {
        return .send(.vector(kind, step: step, damaged(vector)), to: [receiver])
      }
      return .garble(message, to: [receiver], (0..<bytes).map { _ in damage(below: Self.headerBytes) })
    }
  }

  private mutating func damaged(_ vector: Vector) -> Vector {
    guard vector.count > 0 else { return vector }
    var elements = vector.elements
    for _ in 0..<bytes {
      let damage = damage(below: 4 * elements.count)
      let bits = elements[damage.byte / 4].bitPattern ^ (UInt32(damage.bits) << UInt32(8 * (damage.byte % 4)))
      elements[damage.byte / 4] = Float(bitPattern: bits)
    }
    return Vector(elements)
  }

  private mutating func damage(below count: Int) -> Damage {
    Damage(byte: generator.index(below: count), bits: UInt8(1 + generator.index(below: 255)))
  }
}
