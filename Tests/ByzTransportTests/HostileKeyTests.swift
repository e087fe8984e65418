import ByzKeys
import ByzProtocol
import ByzWire
import Testing

/// Protected links, and peers that have no key, the wrong one, or misuse their own: they are turned away or counted for what
/// their key says they are, and honest nodes go on.
@Suite(.timeLimit(.minutes(1))) struct HostileKeyTests {
  private let network: Network

  init() throws { network = try Network(.tcp, hasKeys: true) }

  private func publicKey(of server: Int) throws -> PublicKey {
    try #require(network.secrets[.server(server)]).publicKey
  }

  /// A peer of a server that says what it is told, with the key of `node` or one that nobody knows.
  private func liar(with node: NodeID?, to server: Int = 0) throws -> RawPeer {
    let secret = node.flatMap { network.secrets[$0] } ?? SecretKey()
    return try RawPeer(connectingTo: network.address(of: server), as: secret, to: publicKey(of: server))
  }

  private func header(_ node: NodeID, _ message: Message) -> [UInt8] { network.codec(node).header(of: message) }

  private func bytes(_ element: Float) -> [UInt8] {
    vector(element).withUnsafeBufferPointer { Array(UnsafeRawBufferPointer($0)) }
  }

  /// Checks that an honest worker and an honest server hear each other.
  private func exchange(_ server: TestNode, _ worker: TestNode, step: Int) throws {
    let (momentum, model) = (
      Message.vector(.momentum, step: step, vector(1)), Message.vector(.model, step: step, vector(2))
    )
    try worker.send(momentum, to: server.id)
    #expect(try run(server, worker) { server.has(momentum, from: worker.id) })
    try server.send(model, to: worker.id)
    #expect(try run(server, worker) { worker.has(model, from: server.id) })
  }

  @Test(arguments: Medium.allCases) func honestNodesHearEachOther(over medium: Medium) throws {
    let network = try Network(medium, hasKeys: true)
    let (first, second) = (try network.node(.server(0)), try network.node(.server(1)))
    let worker = try network.node(.worker(3))
    for (step, server) in [first, second].enumerated() { try exchange(server, worker, step: step) }
    try second.send(.vector(.gatherModel, step: 9, vector(3)), to: first.id)
    #expect(try run(first, second) { first.has(.vector(.gatherModel, step: 9, vector(3)), from: second.id) })
    for node in [first, second, worker] { #expect(node.transport.counters.dropped == [:], "\(node.id)") }
  }

  @Test func withoutAKeyNobodyGetsIn() throws {
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let stranger = try RawPeer(connectingTo: network.address(of: 0))
    stranger.send(header(.worker(1), .request(.model, step: 7)))
    // Both ends see that their mechanisms differ, and who sees it first hangs up. The stranger, if it is the one, does not
    // come again: then it has said nothing valid.
    #expect(try run(server, worker) { server.refused("noKey") + server.refused("nothingValid") > 0 })
    try exchange(server, worker, step: 0)
    #expect(server.received.allSatisfy { $0.sender == .worker(0) })
    withExtendedLifetime(stranger) {}
  }

  @Test func anUnknownKeyIsTurnedAwayAndNamed() throws {
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let secret = SecretKey()
    let stranger = try RawPeer(connectingTo: network.address(of: 0), as: secret, to: publicKey(of: 0))
    stranger.send(header(.worker(1), .request(.model, step: 7)))
    #expect(try run(server, worker) { server.refused("unknownKey") > 0 })
    #expect(server.refused.count == 1 && server.refused[0].key == secret.publicKey && server.refused[0].owner == nil)
    try exchange(server, worker, step: 0)
    #expect(server.received.allSatisfy { $0.sender == .worker(0) })
    // Counted each time, told once.
    let again = try RawPeer(connectingTo: network.address(of: 0), as: secret, to: publicKey(of: 0))
    #expect(try run(server, worker) { server.refused("unknownKey") > 1 })
    #expect(server.refused.count == 1)
    withExtendedLifetime((stranger, again)) {}
  }

  @Test func aKeySpeaksForNobodyElse() throws {
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let liar = try liar(with: .worker(2))
    let momentum = Message.vector(.momentum, step: 3, vector(5))
    for claimed in [NodeID.worker(0), .worker(1), .server(1), .server(0)] {
      liar.send(network.codec(claimed).header(of: .request(.model, step: 1)))
    }
    liar.send(header(.worker(1), momentum), bytes(5))
    #expect(try run(server, worker) { server.dropped("worker-2", "impostor") == 5 })
    #expect(server.received.isEmpty)
    // What it says in its own name counts, and it has not taken anybody's place.
    liar.send(header(.worker(2), momentum), bytes(5))
    #expect(try run(server, worker) { server.has(momentum, from: .worker(2)) })
    try exchange(server, worker, step: 0)
    #expect(server.transport.counters.dropped == ["worker-2": ["impostor": 5]])
  }

  @Test func aWorkersKeyDoesNotSayWhatServersSay() throws {
    let server = try network.node(.server(0))
    let liar = try liar(with: .worker(2))
    liar.send(header(.server(1), .vector(.gatherModel, step: 9, vector(5))), bytes(5))
    #expect(try run(server) { server.dropped("worker-2", "impostor") == 1 })
    liar.send(header(.worker(2), .vector(.gatherModel, step: 9, vector(5))), bytes(5))
    liar.send(header(.worker(2), .vector(.model, step: 9, vector(5))), bytes(5))
    #expect(try run(server) { server.dropped("worker-2", "sender") == 2 })
    #expect(server.received.isEmpty)
  }

  /// Who is to be connected to has no business connecting.
  @Test func aServersKeyOpensNoDoorBeforeIt() throws {
    let server = try network.node(.server(1))
    let liar = try liar(with: .server(0), to: 1)
    liar.send(header(.server(0), .vector(.gatherModel, step: 9, vector(5))), bytes(5))
    #expect(try run(server) { server.dropped("server-0", "unexpectedKey") > 0 })
    #expect(server.received.isEmpty && server.refused.map(\.owner) == [.server(0)])
    withExtendedLifetime(liar) {}
  }

  /// Nor does it say of another node that it runs another topology.
  @Test func aKeyDoesNotSpeakOfOthersTopologies() throws {
    let server = try network.node(.server(0))
    let liar = try liar(with: .worker(3))
    liar.send(network.codec(.server(2), digest: Network.otherDigest).hello)
    #expect(try run(server) { server.dropped("worker-3", "topology") == 1 })
    #expect(server.differing.map(\.peer) == [.worker(3)])
  }

  /// A stolen key makes two of one node; the owner is not locked out, and neither are many times over.
  @Test func theOwnerOfAStolenKeyIsNotLockedOut() throws {
    let (server, other) = (try network.node(.server(0)), try network.node(.worker(1)))
    let early = try liar(with: .worker(0))
    early.send(header(.worker(0), .request(.model, step: 900)))
    #expect(try run(server, other) { server.received.count == 1 })
    let owner = try network.node(.worker(0))
    try exchange(server, owner, step: 0)
    let thieves = try (0..<5).map { index in
      let thief = try liar(with: .worker(0))
      thief.send(header(.worker(0), .request(.model, step: 901 + index)))
      return thief
    }
    #expect(
      try run(server, owner, other) {
        (0..<5).allSatisfy { server.has(.request(.model, step: 901 + $0), from: .worker(0)) }
      })
    #expect(try run(server, owner, other) { server.dropped("worker-0", "tooManyOfOne") > 0 })
    // The owner's link may have been one of those that were cut; it comes back by itself.
    for step in 1..<4 {
      let momentum = Message.vector(.momentum, step: step, vector(1))
      #expect(
        try run(server, owner, other) {
          try owner.send(momentum, to: server.id)
          return server.has(momentum, from: .worker(0))
        })
    }
    try exchange(server, other, step: 9)
    withExtendedLifetime((early, thieves)) {}
  }

  /// Another program, or somebody who has found out a server's address, has not got its key.
  @Test func whoeverListensAtAServersAddressNeedsItsKey() throws {
    let worker = try network.node(.worker(0))
    let false0 = try network.node(.server(0), secret: SecretKey())
    try worker.send(.request(.model, step: 0), to: .server(0))
    #expect(
      try run(worker, false0) {
        worker.transport.silentPeers(for: .seconds(60)).contains {
          $0.peer == .server(0) && $0.reason.hasSuffix("speaks another protocol")
        }
      })
    #expect(false0.received.isEmpty && worker.received.isEmpty)
    let reasons = worker.transport.silentPeers(for: .seconds(60)).map(\.peer)
    #expect(reasons == [.server(0), .server(1), .server(2)])
    #expect(worker.transport.silentPeers(for: .seconds(60))[2].reason == "\(network.address(of: 2)) cannot be reached")
  }

  @Test func whoIsNotAdmittedIsTold() throws {
    let server = try network.node(.server(0))
    let stranger = try network.node(.worker(1), secret: SecretKey())
    try stranger.send(.request(.model, step: 0), to: .server(0))
    #expect(
      try run(server, stranger) {
        stranger.transport.silentPeers(for: .seconds(60)).contains {
          $0.peer == .server(0) && $0.reason.hasSuffix("admit this node's key")
        }
      })
    #expect(server.transport.silentPeers(for: .seconds(60)).count == 6 && server.received.isEmpty)
  }
}
