import ByzNumerics
import ByzProtocol

/// Sends no vector, and only asks for what it needs to stay in step.
struct Silent: Fault {
  let node: NodeID
  let configuration: ProtocolConfiguration

  func rewrite(_ action: Action) -> [Action] {
    if case .send(.digest, _) = action { return [] }
    guard case .send(.vector(let kind, let step, _), let receivers) = action else { return [action] }
    // A momentum is at the same time the request for the next model.
    guard kind == .momentum, step + 1 < configuration.training.steps else { return [] }
    let givers =
      configuration.training.mode.isSynchronous
      ? configuration.givers(to: node.index, at: step + 1).filter(receivers.contains) : receivers
    return givers.isEmpty ? [] : [.send(.request(.model, step: step + 1), to: givers)]
  }
}

/// Sends every message later, by a fixed time and a drawn one.
struct Slow: Fault {
  let milliseconds: Int
  /// The largest time that is drawn, uniformly.
  let spread: Int
  private var held = HeldMessages()
  private var generator: SeededGenerator

  init(milliseconds: Int, spread: Int, seed: UInt64, node: NodeID) {
    self.milliseconds = milliseconds
    self.spread = spread
    generator = .ofLinks(seed: seed, node: node)
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    guard let (_, receivers) = action.transmission else { return [action] }
    return receivers.map { receiver in
      held.hold(
        action.sent(to: [receiver]), afterMilliseconds: milliseconds + generator.index(below: spread + 1))
    }
  }

  mutating func intercept(_ event: Event) -> Interception { held.intercept(event) }
}

/// Sends every message so late that it is just in time for those who wait as long as Delta: a model that a worker pulls, which
/// is waited for less long, too.
struct Dawdle: Fault {
  let share: Double
  let configuration: ProtocolConfiguration
  private var held = HeldMessages()

  init(share: Double, configuration: ProtocolConfiguration) {
    self.share = share
    self.configuration = configuration
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    guard let (message, receivers) = action.transmission else { return [action] }
    let delta = Double(configuration.patience.delay.milliseconds)
    let isPulled: Bool
    switch message {
    case .vector(.model, let step, _):
      isPulled =
        !configuration.isReference(step) || (step > 0 && configuration.training.mode.pull?.isCertified == true)
    case .digest: isPulled = true
    default: isPulled = false
    }
    let limit = isPulled ? delta / Double(2 * (configuration.quorums.servers.byzantine + 1)) : delta
    return [held.hold(action.sent(to: receivers), afterMilliseconds: Int(share * limit))]
  }

  mutating func intercept(_ event: Event) -> Interception { held.intercept(event) }
}

/// Loses some messages, sends some twice, or lets some be overtaken, each drawn for every receiver apart.
struct Unreliable: Fault {
  enum Way { case drop, duplicate, reorder(milliseconds: Int) }

  let way: Way
  let share: Float
  private var held = HeldMessages()
  private var generator: SeededGenerator

  init(_ way: Way, share: Float, seed: UInt64, node: NodeID) {
    self.way = way
    self.share = share
    generator = .ofLinks(seed: seed, node: node)
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    guard let (_, receivers) = action.transmission else { return [action] }
    return receivers.flatMap { receiver -> [Action] in
      let sending = action.sent(to: [receiver])
      guard generator.uniform() < share else { return [sending] }
      switch way {
      case .drop: return []
      case .duplicate: return [sending, sending]
      case .reorder(let milliseconds): return [held.hold(sending, afterMilliseconds: milliseconds)]
      }
    }
  }

  mutating func intercept(_ event: Event) -> Interception { held.intercept(event) }
}

/// Messages that a node keeps back for a while.
private struct HeldMessages {
  private var messages: [Int: Action] = [:]
  private var next = 0

  /// Keeps a message back that `sending` would send; the action that brings it out in time.
  mutating func hold(_ sending: Action, afterMilliseconds milliseconds: Int) -> Action {
    next += 1
    messages[next] = sending
    return .schedule(.fault(next), afterMilliseconds: milliseconds)
  }

  mutating func intercept(_ event: Event) -> Interception {
    guard case .timer(.fault(let number)) = event, let sending = messages.removeValue(forKey: number) else {
      return Interception(heard: [event])
    }
    return Interception(actions: [sending])
  }
}

extension SeededGenerator {
  /// What a node's links do.
  static func ofLinks(seed: UInt64, node: NodeID) -> SeededGenerator {
    SeededGenerator(seed: seed, path: [RandomPurpose.links, node.role == .server ? 0 : 1, UInt64(node.index)])
  }
}
