import ByzAdversary
import ByzNumerics
import ByzProtocol

extension Simulation {
  /// How often a liar claims to be somebody else.
  private static let falseClaims = 0.1

  mutating func send(_ message: Message, from sender: Int, to receivers: [NodeID]) throws {
    try occur(.sent(message, to: receivers), at: sender)
    digest.add(fingerprints.of(.send(message, to: receivers), by: sender) ?? 0)
    for receiver in receivers { try send(message, from: sender, to: roster.number(receiver)) }
    if case .vector(.momentum, _, _) = message, isHonest[sender] {
      for listener in listeners {
        insert(.overheard(message, of: roster.id(sender)), for: listener, afterMilliseconds: 0)
      }
    }
  }

  /// Sends what no receiver can read: as if it were lost.
  mutating func sendGarbled(_ message: Message, from sender: Int, to receivers: [NodeID]) throws {
    try occur(.sent(message, to: receivers), at: sender)
    for receiver in receivers { try occur(.lost(message, to: receiver), at: sender) }
  }

  private mutating func send(_ message: Message, from sender: Int, to receiver: Int) throws {
    let claimed = !isHonest[sender] && network.uniform() < Self.falseClaims ? network.drawNode() : sender
    let delivery = Delivery(
      message: message, sender: sender, claimed: claimed, receiver: receiver,
      incarnation: nodes[receiver].incarnation)
    let isRushing = if case .vector = message { listeners.contains(sender) } else { false }
    switch network.fate(
      from: sender, to: receiver, at: now, hold: hold(from: sender, to: receiver), isRushing: isRushing)
    {
    case .lost:
      try lose(delivery)
    case .arrives(let time):
      let place = message.place(retaining: configuration.patience.retainedSteps)
      if let waiting = links.waiting(sender, receiver, in: place),
        case .delivery(let former)? = queue.replace(waiting, with: .delivery(delivery))
      {
        try lose(former)
      } else {
        links.join(sender, receiver, in: place, as: queue.insert(.delivery(delivery), at: time))
      }
    }
  }

  mutating func lose(_ delivery: Delivery) throws {
    let receiver = roster.id(delivery.receiver)
    try occur(.lost(delivery.message, to: receiver), at: delivery.sender)
  }

  /// For how long the adversary holds what goes from `sender` to `receiver` now.
  private func hold(from sender: Int, to receiver: Int) -> Double {
    guard let adversary = topology.schedule.adversary else { return 0 }
    return isStarved(sender, by: adversary) || isStarved(receiver, by: adversary) ? adversary.hold : 0
  }

  private func isStarved(_ node: Int, by adversary: Schedule.NetworkAdversary) -> Bool {
    guard isHonest[node] else { return false }
    let peers = roster.isServer(node) ? 0..<roster.servers : roster.servers..<roster.all.count
    switch adversary.starves {
    case .nobody: return false
    case .behind: return peers.contains { isHonest[$0] && nodes[$0].step > nodes[node].step }
    case .ahead: return peers.contains { isHonest[$0] && nodes[$0].step < nodes[node].step }
    }
  }
}
