import ByzProtocol

/// Cuts a node off for a while: from its first vector of a step on it loses all messages to and from nodes that are not of
/// its group.
///
/// When the time is up the node sees its links come back and asks for what it lacks, as after a cut of a real network; the
/// others notice nothing and ask again when their patience ends.
struct Partition: Fault {
  let step: Int
  let milliseconds: Int
  /// The nodes that it still reaches.
  let group: Set<NodeID>
  /// All others that it has a link to.
  let outside: [NodeID]
  private var state = State.before

  private enum State { case before, cut, over }

  init(at step: Int, forMilliseconds milliseconds: Int, group: Set<NodeID>, outside: [NodeID]) {
    self.step = step
    self.milliseconds = milliseconds
    self.group = group
    self.outside = outside
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    guard let (_, receivers) = action.transmission else { return [action] }
    var begun: [Action] = []
    if let step = action.stepOfVector, state == .before, step >= self.step {
      state = .cut
      begun = [.schedule(.fault(0), afterMilliseconds: milliseconds)]
    }
    guard state == .cut else { return [action] }
    let reached = receivers.filter(group.contains)
    return begun + (reached.isEmpty ? [] : [action.sent(to: reached)])
  }

  mutating func intercept(_ event: Event) -> Interception {
    guard state == .cut else { return Interception(heard: [event]) }
    switch event {
    case .received(_, let sender) where !group.contains(sender), .reconnected(let sender) where !group.contains(sender):
      return Interception()
    case .timer(.fault):
      state = .over
      return Interception(heard: outside.map(Event.reconnected))
    default:
      return Interception(heard: [event])
    }
  }
}
