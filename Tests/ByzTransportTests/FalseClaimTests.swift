import ByzNumerics
import ByzProtocol
import ByzWire
import Testing

/// Peers that speak the format and lie about who they are, or run something else.
@Suite(.timeLimit(.minutes(1))) struct FalseClaimTests {
  private func request(_ network: Network, from claimed: NodeID, step: Int = 0) -> [UInt8] {
    network.codec(claimed).header(of: .request(.model, step: step))
  }

  @Test(arguments: Medium.allCases) func aLinkSpeaksForNobodyElse(over medium: Medium) throws {
    let network = try Network(medium)
    let (server, honest) = (try network.node(.server(0)), try network.node(.worker(1)))
    let liar = try RawPeer(connectingTo: network.address(of: 0))
    liar.send(request(network, from: .worker(0)))
    #expect(try run(server, until: { server.has(.request(.model, step: 0), from: .worker(0)) }))
    for step in 1...5 { liar.send(request(network, from: .worker(1), step: step)) }
    liar.send(request(network, from: .server(1), step: 6))
    #expect(try run(server, until: { server.dropped("worker-0", "impostor") == 6 }))
    #expect(server.received.count == 1)
    // The one that it claimed to be is heard, and the liar is still heard as itself.
    try honest.send(.request(.model, step: 7), to: server.id)
    liar.send(request(network, from: .worker(0), step: 8))
    #expect(
      try run(server, honest) {
        server.has(.request(.model, step: 7), from: .worker(1))
          && server.has(.request(.model, step: 8), from: .worker(0))
      })
    #expect(server.transport.counters.dropped == ["worker-0": ["impostor": 6]])
    #expect(server.reconnected.isEmpty)
  }

  /// A server connects to those before it by itself: whoever comes and claims to be one of them, or to be that server, lies.
  @Test(arguments: [0, 1]) func nobodyComesInAsAServerThatDoesNotConnect(claimed: Int) throws {
    let network = try Network(.ipc)
    let server = try network.node(.server(1))
    let liar = try RawPeer(connectingTo: network.address(of: 1))
    liar.send(request(network, from: .server(claimed)))
    #expect(try run(server, until: { server.dropped("unknown", "impostor") == 1 }))
    // Its link is not that server's now, and can still become that of the one behind it.
    liar.send(request(network, from: .worker(3), step: 1))
    #expect(try run(server, until: { server.has(.request(.model, step: 1), from: .worker(3)) }))
    #expect(server.received.count == 1 && server.transport.counters.dropped == ["unknown": ["impostor": 1]])
  }

  @Test func aServerThatOneConnectsToSpeaksForNobodyElse() throws {
    let network = try Network(.ipc)
    let liar = try RawPeer(listeningOn: network.address(of: 0))
    let worker = try network.node(.worker(0))
    let model = Message.vector(.model, step: 0, vector(1))
    let bytes = vector(1).withUnsafeBufferPointer { Array(UnsafeRawBufferPointer($0)) }
    #expect(try run(worker, until: { liar.send(network.codec(.server(1)).header(of: model), bytes) }))
    #expect(try run(worker, until: { worker.dropped("server-0", "impostor") == 1 }))
    liar.send(network.codec(.server(0)).header(of: model), bytes)
    #expect(try run(worker, until: { worker.has(model, from: .server(0)) }))
    #expect(worker.received.count == 1)
  }

  /// Who comes last with a name has it: a node that was started again comes over a new link while the old one may seem to
  /// be there.
  @Test func aNewLinkTakesTheNameOver() throws {
    let network = try Network(.ipc)
    let server = try network.node(.server(0))
    let old = try RawPeer(connectingTo: network.address(of: 0))
    old.send(request(network, from: .worker(0)))
    #expect(try run(server, until: { server.received.count == 1 }))
    let new = try network.node(.worker(0))
    try new.send(.request(.model, step: 1), to: server.id)
    #expect(try run(server, new) { server.reconnected == [.worker(0)] })
    try server.send(.vector(.model, step: 1, vector(2)), to: .worker(0))
    #expect(try run(server, new) { new.has(.vector(.model, step: 1, vector(2)), from: server.id) })
    withExtendedLifetime(old) {}
  }

  @Test(arguments: Medium.allCases) func differingTopologiesAreNoticedOnBothSides(over medium: Medium) throws {
    let network = try Network(medium)
    let (server, honest) = (try network.node(.server(0)), try network.node(.worker(1)))
    let stranger = try network.node(.worker(0), digest: Network.otherDigest)
    func haveRefused(_ count: Int) -> Bool {
      server.dropped("unknown", "topology") == count && stranger.dropped("server-0", "refusal") == count
    }
    // The hello that every connection begins with, and what comes after it.
    #expect(try run(server, stranger) { haveRefused(1) })
    for step in 0..<3 {
      try stranger.send(.request(.model, step: step), to: server.id)
      #expect(try run(server, stranger) { haveRefused(step + 2) })
    }
    // Counted each time, said once.
    #expect(server.differing.map(\.peer) == [.worker(0)] && server.differing.map(\.theirs) == [Network.otherDigest])
    #expect(stranger.differing.map(\.peer) == [.server(0)] && stranger.differing.map(\.theirs) == [Network.digest])
    #expect(server.received.isEmpty && stranger.received.isEmpty)
    try honest.send(.request(.model, step: 0), to: server.id)
    #expect(try run(server, honest, stranger) { server.has(.request(.model, step: 0), from: .worker(1)) })
    // Its link has not become that of the node whose name it shares.
    try server.send(.vector(.model, step: 0, vector(1)), to: .worker(0), .worker(1))
    #expect(try run(server, honest, stranger) { honest.received.count == 1 })
    #expect(stranger.transport.counters.dropped == ["server-0": ["refusal": 4]])
  }

  /// Strangers without a place in the run are all counted and told of as one.
  @Test func strangersHaveNoNames() throws {
    let network = try Network(.ipc)
    let server = try network.node(.server(0))
    let strangers = try (0..<3).map { _ in try RawPeer(connectingTo: network.address(of: 0)) }
    for (index, stranger) in strangers.enumerated() {
      let codec = Codec(node: .worker(100 + index), digest: Network.otherDigest, configuration: network.configuration)
      stranger.send(codec.header(of: .request(.model, step: 0)))
    }
    #expect(try run(server, until: { server.dropped("unknown", "topology") == 3 }))
    #expect(server.differing.count == 1 && server.differing.first?.peer == nil)
  }
}
