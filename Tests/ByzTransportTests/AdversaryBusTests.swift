import ByzProtocol
import ByzTransport
import Testing

/// The channel among Byzantine nodes, and what a broken sender sends.
@Suite struct AdversaryBusTests {
  /// An address on `medium` for a bus of the node that would listen at the address of server 2.
  private func address(_ network: Network, _ medium: Medium) -> String {
    medium == .ipc ? "ipc://\(network.folder)/2.bus" : network.address(of: 2)
  }

  @Test(arguments: Medium.allCases) func whatIsToldIsHeardByThoseWhoListen(medium: Medium) throws {
    let network = try Network(medium)
    let bus = address(network, medium)
    let teller = try network.node(.server(1), bus: .telling(at: bus))
    let listeners = try [0, 1].map { try network.node(.worker($0), bus: .listening(to: [.server(1): bus])) }
    let honest = try network.node(.worker(2))
    var step = 0
    // What is told before somebody listens is lost; so it is told again.
    let isHeard = try run(teller, listeners[0], listeners[1], honest) {
      step = min(step + 1, 900)
      try teller.transport.confide(.vector(.momentum, step: step, vector(Float(step))), of: .worker(3))
      return listeners.allSatisfy { $0.overheard.count >= 20 }
    }
    #expect(isHeard)
    for listener in listeners {
      #expect(listener.overheard.allSatisfy { $0.sender == .worker(3) })
      for case (.vector(.momentum, let step, let heard), _) in listener.overheard {
        #expect(heard == vector(Float(step)))
      }
      #expect(listener.received.isEmpty && listener.transport.counters.dropped.isEmpty)
    }
    // Nobody else notices.
    #expect(honest.overheard.isEmpty && honest.received.isEmpty && teller.received.isEmpty)
    #expect(teller.transport.counters.sent.isEmpty)
  }

  @Test(arguments: Medium.allCases) func theBusOfAnotherRunIsCountedAndDropped(medium: Medium) throws {
    let network = try Network(medium)
    let bus = address(network, medium)
    let teller = try network.node(.server(1), digest: Network.otherDigest, bus: .telling(at: bus))
    let listener = try network.node(.worker(0), bus: .listening(to: [.server(1): bus]))
    #expect(
      try run(teller, listener) {
        try teller.transport.confide(.vector(.momentum, step: 1, vector(1)), of: .worker(3))
        return listener.dropped("unknown", "bus") > 3
      })
    #expect(listener.overheard.isEmpty)
  }

  @Test(arguments: Medium.allCases, [true, false]) func garbledFramesAreCountedAndDropped(
    medium: Medium, fromServer: Bool
  ) throws {
    let network = try Network(medium)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(1)))
    let (sender, receiver) = fromServer ? (server, worker) : (worker, server)
    let kind: VectorKind = fromServer ? .model : .momentum
    try worker.send(.request(.model, step: 1), to: .server(0))
    #expect(try run(server, worker) { server.received.count == 1 })
    // A byte of the magic, one beyond the header's end, which counting round is its first, and one of the digest.
    for (number, byte) in [0, 64, 40].enumerated() {
      try sender.transport.garble(
        .vector(kind, step: 3, vector(1)), to: [receiver.id], [Damage(byte: byte, bits: 0xFF)])
      let counted = { receiver.dropped("\(sender.id)", "magic") + receiver.dropped("\(sender.id)", "topology") }
      #expect(try run(server, worker) { counted() == number + 1 })
    }
    let message = Message.vector(kind, step: 4, vector(2))
    try sender.send(message, to: receiver.id)
    #expect(try run(server, worker) { receiver.has(message, from: sender.id) })
    #expect(!receiver.received.contains { $0.message == .vector(kind, step: 3, vector(1)) })
  }
}
