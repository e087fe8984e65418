import ByzProtocol

/// What makes a node depart from the protocol: it rewrites what an honest machine does, and decides what that gets to hear.
public protocol Fault: Sendable {
  /// What the node really does where the honest machine, or the fault before this one, would do `action`.
  mutating func rewrite(_ action: Action) -> [Action]

  /// What the honest machine gets to hear of `event`, and what the node does besides.
  mutating func intercept(_ event: Event) -> Interception
}

extension Fault {
  public mutating func rewrite(_ action: Action) -> [Action] { [action] }
  public mutating func intercept(_ event: Event) -> Interception { Interception(heard: [event]) }
}

/// What a fault makes of an event.
public struct Interception: Sendable {
  /// What the honest machine, or the fault before this one, gets to hear instead, in order.
  public var heard: [Event]
  /// What the node does on its own account.
  public var actions: [Action]
  /// Whether the honest machine forgets everything before it hears of that.
  public var isAnew: Bool

  public init(heard: [Event] = [], actions: [Action] = [], isAnew: Bool = false) {
    self.heard = heard
    self.actions = actions
    self.isAnew = isAnew
  }
}

extension Action {
  /// The step that this action is about, if it is about one.
  var step: Int? {
    switch self {
    case .send(let message, _), .garble(let message, _, _), .confide(let message, _): message.step
    case .computeGradient(let step, _, _, _), .diverge(let step): step
    case .report(.updated(let step, _, _, _)), .report(.adopted(let step, _, _)),
      .report(.estimated(let step, _, _, _)),
      .report(.refused(let step, _, _)), .report(.forged(let step, _, _)):
      step
    case .schedule, .reject, .finish, .crash: nil
    }
  }

  /// What it sends, whole or garbled, and to whom; nil if it sends nothing.
  var transmission: (message: Message, receivers: [NodeID])? {
    switch self {
    case .send(let message, let receivers), .garble(let message, let receivers, _): (message, receivers)
    default: nil
    }
  }

  /// The step of the vector that it sends, whole or garbled; nil if it sends none.
  var stepOfVector: Int? {
    if case .vector(_, let step, _)? = transmission?.message { step } else { nil }
  }

  /// The same to others; what sends nothing stays as it is.
  func sent(to receivers: [NodeID]) -> Action {
    switch self {
    case .send(let message, _): .send(message, to: receivers)
    case .garble(let message, _, let damages): .garble(message, to: receivers, damages)
    default: self
    }
  }
}
