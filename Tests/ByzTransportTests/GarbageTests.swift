import ByzNumerics
import ByzProtocol
import ByzWire
import Testing

/// Peers that speak no protocol, or not this one: what they send is counted at most, and everyone else goes on.
@Suite(.timeLimit(.minutes(1))) struct GarbageTests {
  /// Checks that an honest worker and an honest server still hear each other.
  private func exchange(_ server: TestNode, _ worker: TestNode, step: Int) throws {
    try worker.send(.vector(.momentum, step: step, vector(Float(step))), to: server.id)
    #expect(
      try run(server, worker) { server.has(.vector(.momentum, step: step, vector(Float(step))), from: worker.id) })
    try server.send(.vector(.model, step: step, vector(Float(step))), to: worker.id)
    #expect(try run(server, worker) { worker.has(.vector(.model, step: step, vector(Float(step))), from: server.id) })
    #expect(server.received.count == step + 1 && worker.received.count == step + 1)
  }

  private func port(of server: Int, in network: Network) throws -> UInt16 {
    try #require(network.address(of: server).split(separator: ":").last.flatMap { UInt16($0) })
  }

  @Test func randomBytesChangeNothing() throws {
    let network = try Network(.tcp)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    var generator = SeededGenerator(seed: 1)
    var sockets: [TCPSocket] = []
    for round in 0..<30 {
      let socket = try TCPSocket(connectingTo: port(of: 0, in: network))
      // Every other one gets past the handshake.
      if round % 2 == 0 { try socket.shakeHands(with: server) }
      socket.send((0..<300).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
      sockets.append(socket)
      if round % 10 == 9 { try exchange(server, worker, step: round / 10) }
    }
    #expect(server.transport.counters.dropped.keys.allSatisfy { ["unknown", "127.0.0.1"].contains($0) })
    #expect(server.differing.isEmpty && server.reconnected.isEmpty && worker.transport.counters.dropped.isEmpty)
  }

  /// A frame over the limit is cut off when it is announced, before there is memory for it.
  @Test func aHugeFrameEndsItsConnection() throws {
    let network = try Network(.tcp)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let allowed = try TCPSocket(connectingTo: port(of: 0, in: network))
    let huge = try TCPSocket(connectingTo: port(of: 0, in: network))
    try allowed.shakeHands(with: server)
    try huge.shakeHands(with: server)
    // 64 bytes are the most that a frame of this run has.
    allowed.send(frameStart(64) + [UInt8](repeating: 9, count: 64))
    huge.send(frameStart(65))
    #expect(
      try run(server, worker) { huge.hasEnded() && server.refused("magic") == 1 && server.refused("nothingValid") == 1 }
    )
    #expect(!allowed.hasEnded())
    #expect(server.refused("magic") == 1 && server.refused("nothingValid") == 1)
    try exchange(server, worker, step: 0)
  }

  @Test(arguments: Medium.allCases) func framesThatAreNoMessagesAreCounted(over medium: Medium) throws {
    let network = try Network(medium)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let peer = try RawPeer(connectingTo: network.address(of: 0))
    let header = network.codec(.worker(1)).header(of: .vector(.momentum, step: 0, vector(1)))
    peer.send([])
    peer.send([], [])
    peer.send(header)
    peer.send(header, [1, 2, 3])
    peer.send(header, [], [])
    peer.send(header, [], [], [], [], [], [], [], [], [])
    peer.send([UInt8](repeating: 0, count: 64))
    let expected = ["headerLength": 2, "payloadLength": 2, "frameCount": 2, "magic": 1]
    #expect(try run(server, worker) { server.transport.counters.dropped["unknown"] == expected })
    try exchange(server, worker, step: 0)
    // It has not said anything valid, so it is nobody; now it does, and what follows is counted under its name.
    peer.send(network.codec(.worker(1)).header(of: .request(.model, step: 5)))
    #expect(try run(server, until: { server.has(.request(.model, step: 5), from: .worker(1)) }))
    peer.send([1])
    #expect(try run(server, until: { server.dropped("worker-1", "headerLength") == 1 }))
    #expect(server.transport.counters.dropped == ["unknown": expected, "worker-1": ["headerLength": 1]])
  }

  @Test func drawnFramesChangeNothing() throws {
    let network = try Network(.ipc)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let peer = try RawPeer(connectingTo: network.address(of: 0))
    var generator = SeededGenerator(seed: 2)
    for step in 0..<20 {
      for _ in 0..<20 {
        let frames = (0..<1 + generator.index(below: 4)).map { _ in
          (0..<generator.index(below: 65)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        peer.send(frames[0])
        if frames.count > 1 { peer.send(frames[0], frames[1]) }
        if frames.count > 2 { peer.send(frames[0], frames[1], frames[2]) }
      }
      try exchange(server, worker, step: step)
    }
    #expect(server.transport.counters.dropped.keys.allSatisfy { $0 == "unknown" })
  }

  /// What sits at a server's address at first, and says something else or says it badly.
  private func impersonate(_ server: Int, in network: Network, to worker: TestNode, speaksZMTP: Bool) throws {
    let other = try TCPSocket(listeningOn: port(of: server, in: network))
    var accepted: TCPSocket?
    #expect(
      try run(worker) {
        accepted = try other.accepted()
        return accepted != nil
      })
    let connection = try #require(accepted)
    if speaksZMTP { try connection.shakeHands(with: worker) }
    connection.send(speaksZMTP ? frameStart(1 << 40) : Array("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n".utf8))
    connection.send([UInt8](repeating: 0x20, count: 100))
    #expect(try run(worker) { connection.hasEnded() })
  }

  @Test(arguments: [false, true]) func aServerIsReachedAfterAnotherProgramHadItsAddress(speaksZMTP: Bool) throws {
    let network = try Network(.tcp)
    let worker = try network.node(.worker(0))
    try worker.send(.request(.model, step: 0), to: .server(0))
    try impersonate(0, in: network, to: worker, speaksZMTP: speaksZMTP)
    let server = try network.node(.server(0))
    #expect(
      try run(server, worker) {
        // A node asks again for what it lacks.
        try worker.send(.request(.model, step: 0), to: .server(0))
        return server.has(.request(.model, step: 0), from: worker.id)
      })
  }
}
