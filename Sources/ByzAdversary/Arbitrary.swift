import ByzNumerics
import ByzProtocol

/// Anything: of every message, for each receiver apart, draws whether to send it as it is, another vector, for another
/// step, twice, not at all, or something that nobody asked for.
///
/// The most that a fault can do without knowing what others do, and the quickest way to find out what a receiver takes on
/// trust.
struct Arbitrary: Fault {
  private let share: Float
  private let node: NodeID
  private let steps: Int
  private var generator: SeededGenerator

  /// - Parameter share: of the messages, how many are tampered with.
  init(share: Float, seed: UInt64, node: NodeID, steps: Int) {
    self.share = share
    self.node = node
    self.steps = steps
    generator = SeededGenerator(
      seed: seed, path: [RandomPurpose.arbitrary, node.role == .server ? 0 : 1, UInt64(node.index)])
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    guard case .send(let message, let receivers) = action else { return [action] }
    return receivers.flatMap { receiver in tamper(message, receiver).map { .send($0, to: [receiver]) } }
  }

  private mutating func tamper(_ message: Message, _ receiver: NodeID) -> [Message] {
    guard generator.uniform() < share else { return [message] }
    switch generator.index(below: 6) {
    case 0: return []
    case 1: return [message, message]
    case 2: return [message, distorted(message)]
    case 3: return [displaced(message)]
    case 4: return [message, unasked(for: receiver)]
    default: return [distorted(message)]
    }
  }

  /// The same message with another vector: noise from tiny to huge, or one that no honest node sends.
  private mutating func distorted(_ message: Message) -> Message {
    if case .digest(let step, let digest) = message { return .digest(step: step, digest.complement) }
    guard case .vector(let kind, let step, let vector) = message else { return message }
    let scales: [Float] = [0.001, 1, 1000, 1e30, .infinity, .nan]
    let scale = scales[generator.index(below: scales.count)]
    let isShift = generator.index(below: 2) == 0
    let distorted = Vector(uncleared: vector.count) { elements in
      for index in elements.indices {
        elements[index] = scale * generator.normal() + (isShift ? vector[index] : 0)
      }
    }
    return .vector(kind, step: step, distorted)
  }

  /// The same message for a step nearby.
  private mutating func displaced(_ message: Message) -> Message {
    let shift = generator.index(below: 9) - 4
    switch message {
    case .vector(let kind, let step, let vector): return .vector(kind, step: max(step + shift, 0), vector)
    case .request(let kind, let step): return .request(kind, step: max(step + shift, 0))
    case .digest(let step, let digest): return .digest(step: max(step + shift, 0), digest)
    case .done: return message
    }
  }

  /// A request that the receiver may get from such a node, for any step, or word of being done.
  private mutating func unasked(for receiver: NodeID) -> Message {
    let kinds = VectorKind.allCases.filter { $0.sender == receiver.role && $0.receivers.contains(node.role) }
    let choice = generator.index(below: kinds.count + 1)
    return choice == kinds.count ? .done : .request(kinds[choice], step: generator.index(below: steps))
  }
}
