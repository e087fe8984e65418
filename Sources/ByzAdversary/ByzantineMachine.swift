import ByzProtocol

/// What makes a node depart from the protocol: it rewrites what an honest machine does, and hears what that machine hears.
public protocol Fault: Sendable {
  /// What the node really does where the honest machine would do `action`.
  mutating func rewrite(_ action: Action) -> [Action]

  /// What the honest machine gets to hear of `event`; nil for nothing.
  mutating func intercept(_ event: Event) -> Event?
}

extension Fault {
  public mutating func intercept(_ event: Event) -> Event? { event }
}

/// A faulty node: an honest machine behind a fault.
///
/// The honest machine knows nothing of it and stays in step with the run, which is what makes a Byzantine node dangerous.
public struct ByzantineMachine<Honest: Machine>: Machine {
  private var honest: Honest
  private var fault: any Fault

  public init(_ honest: Honest, playing fault: any Fault) {
    self.honest = honest
    self.fault = fault
  }

  public var id: NodeID { honest.id }

  public mutating func handle(_ event: Event) -> [Action] {
    guard let heard = fault.intercept(event) else { return [] }
    return honest.handle(heard).flatMap { fault.rewrite($0) }
  }
}
