import ByzAdversary
import ByzNumerics
import ByzProtocol
import Testing

/// One message on its way to one node.
struct Delivery: Hashable {
  let message: Message
  let receiver: NodeID
}

/// Every single message that is sent, in order.
func deliveries(_ actions: [Action]) -> [Delivery] {
  actions.flatMap { action -> [Delivery] in
    guard case .send(let message, let receivers) = action else { return [] }
    return receivers.map { Delivery(message: message, receiver: $0) }
  }
}

@Suite struct ArbitraryTests {
  private let vector = Vector([1, -2, 3])

  private func arbitrary(_ share: Double) -> FaultSpecification {
    FaultSpecification(name: "arbitrary", parameters: ["share": share])
  }

  /// What the nodes get to whom the same message is sent so often, each time apart.
  private func outcomes(
    of message: Message, by node: NodeID, to receiver: NodeID, share: Double = 1, seed: UInt64 = 1, count: Int = 2000
  ) -> [[Message]] {
    var machine = FaultCatalogue.machine(
      Puppet(id: node, script: Array(repeating: [.send(message, to: [receiver])], count: count)),
      playing: arbitrary(share), in: configuration(), seed: seed)
    return (0..<count).map { _ in deliveries(machine.handle(.start)).map(\.message) }
  }

  @Test func withoutAShareNothingChanges() {
    let receivers: [NodeID] = [.server(1), .worker(0), .server(3)]
    let messages: [Message] = [
      .vector(.model, step: 7, vector), .request(.momentum, step: 3), .vector(.gatherModel, step: 0, vector), .done,
    ]
    let actions = (0..<100).flatMap { _ in messages.map { Action.send($0, to: receivers) } }
    #expect(deliveries(play(arbitrary(0), on: .server(0), instead: actions)) == deliveries(actions))
  }

  /// Of what is displaced, now and then something is displaced by nothing.
  @Test(arguments: [0.1, 0.5, 1]) func tampersWithItsShare(share: Double) {
    let (message, count) = (Message.vector(.momentum, step: 50, vector), 20_000)
    let found = outcomes(of: message, by: .worker(1), to: .server(0), share: share, count: count)
    let tampered = Double(found.count { $0 != [message] }) / Double(count)
    let sixDeviations = 6 * (share * (1 - share) / Double(count)).squareRoot()
    #expect(tampered <= share + sixDeviations)
    #expect(tampered >= 0.9 * share - sixDeviations)
  }

  @Test func everyKindOfTamperingOccurs() {
    let message = Message.vector(.momentum, step: 50, vector)
    let found = outcomes(of: message, by: .worker(1), to: .server(0))
    /// Whether some outcome consists of messages like these.
    func occurs(_ wanted: ((Message) -> Bool)...) -> Bool {
      found.contains { outcome in
        outcome.count == wanted.count && zip(outcome, wanted).allSatisfy { $1($0) }
      }
    }
    func isOriginal(_ other: Message) -> Bool { other == message }
    func forged(where fits: @escaping (Vector) -> Bool) -> (Message) -> Bool {
      { if case .vector(.momentum, step: 50, let other) = $0 { other != self.vector && fits(other) } else { false } }
    }
    func displaced(where fits: @escaping (Int) -> Bool) -> (Message) -> Bool {
      { if case .vector(.momentum, let step, self.vector) = $0 { fits(step) } else { false } }
    }
    #expect(found.contains([]))
    #expect(occurs(isOriginal, isOriginal))
    #expect(occurs(isOriginal, forged { _ in true }))
    #expect(occurs(displaced { $0 < 50 }) && occurs(displaced { $0 > 50 }))
    #expect(occurs(isOriginal, { if case .request(.model, _) = $0 { true } else { false } }))
    #expect(occurs(isOriginal, { $0 == .done }))
    // From hardly anything to what no honest node sends.
    #expect(occurs(forged { $0.isFinite && $0.distance(to: self.vector) < 0.1 }))
    #expect(occurs(forged { $0.isFinite && $0.elements.contains { abs($0) > 1e29 } }))
    #expect(occurs(forged { $0.elements.contains(where: \.isNaN) }))
    #expect(occurs(forged { $0.elements.contains(where: \.isInfinite) }))
    #expect(found.allSatisfy { $0.count <= 2 })
  }

  @Test func eachReceiverIsTreatedApart() {
    let receivers = (0..<100).map(NodeID.server)
    let message = Message.vector(.momentum, step: 50, vector)
    let found = deliveries(play(arbitrary(0.5), on: .worker(1), instead: [.send(message, to: receivers)]))
    let untouched = receivers.filter { receiver in
      found.filter { $0.receiver == receiver } == [Delivery(message: message, receiver: receiver)]
    }
    #expect(!untouched.isEmpty && untouched.count < receivers.count)
    #expect(found.allSatisfy { receivers.contains($0.receiver) })
  }

  @Test func followsFromSeedAndNode() {
    func found(_ node: NodeID, _ seed: UInt64) -> [String] {
      let message = Message.vector(node.role == .server ? .model : .momentum, step: 50, vector)
      return outcomes(of: message, by: node, to: .server(0), seed: seed, count: 100).map { "\($0)" }
    }
    #expect(found(.worker(1), 1) == found(.worker(1), 1))
    #expect(found(.worker(1), 1) != found(.worker(1), 2))
    #expect(found(.worker(1), 1) != found(.worker(2), 1))
    #expect(found(.server(1), 1) != found(.server(2), 1))
  }

  @Test(arguments: 0...3) func noStepIsNegative(step: Int) {
    for message in [Message.vector(.momentum, step: step, vector), .request(.model, step: step)] {
      let steps = outcomes(of: message, by: .worker(1), to: .server(0)).flatMap { $0 }.compactMap(\.step)
      #expect(steps.min() == 0)
      #expect(steps.contains { $0 > step })
    }
  }

  private static let links: [(Message, NodeID, NodeID, Set<VectorKind>)] = [
    (.vector(.momentum, step: 50, Vector([1])), .worker(1), .server(0), [.model]),
    (.request(.model, step: 50), .worker(1), .server(0), [.model]),
    (.vector(.model, step: 50, Vector([1])), .server(1), .worker(0), [.momentum]),
    (.request(.momentum, step: 50), .server(1), .worker(0), [.momentum]),
    (.vector(.gatherModel, step: 50, Vector([1])), .server(1), .server(0), [.model, .gatherModel]),
    (.done, .server(1), .server(0), [.model, .gatherModel]),
  ]

  /// What nobody asked for is such as the receiver gets from honest nodes of that role, and of a step of the run.
  @Test(arguments: links)
  func theUnaskedIsWhatSuchANodeMaySay(message: Message, node: NodeID, receiver: NodeID, asked: Set<VectorKind>) {
    let second = outcomes(of: message, by: node, to: receiver).filter { $0.count == 2 }.map { $0[1] }
    var kinds: Set<VectorKind> = []
    var steps: [Int] = []
    for case .request(let kind, let step) in second where .request(kind, step: step) != message {
      kinds.insert(kind)
      steps.append(step)
    }
    #expect(kinds == asked)
    #expect(steps.allSatisfy { (0..<100).contains($0) })
    // Any step of the 100, not only those nearby.
    #expect(steps.contains { $0 < 10 } && steps.contains { $0 >= 90 })
    #expect(second.contains(.done))
    #expect(second.allSatisfy { $0.senders.contains(node.role) && $0.receivers.contains(receiver.role) })
  }

  @Test func whatIsNotSentPasses() {
    let actions = otherActions.filter { if case .send = $0 { false } else { true } }
    #expect(texts(play(arbitrary(1), on: .worker(1), instead: actions)) == texts(actions))
  }
}

extension Message {
  fileprivate var step: Int? {
    switch self {
    case .vector(_, let step, _), .request(_, let step), .digest(let step, _): step
    case .done: nil
    }
  }
}
