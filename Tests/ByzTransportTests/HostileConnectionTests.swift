import ByzKeys
import ByzProtocol
import ByzWire
import Testing

/// Peers that misuse connections themselves, against protected links and others: honest nodes go on, and what is held for
/// the others stays bounded.
@Suite(.timeLimit(.minutes(1))) struct HostileConnectionTests {
  private func exchange(_ server: TestNode, _ worker: TestNode, step: Int) throws {
    let momentum = Message.vector(.momentum, step: step, vector(1))
    try worker.send(momentum, to: server.id)
    #expect(try run(server, worker) { server.has(momentum, from: worker.id) })
    try server.send(.vector(.model, step: step, vector(2)), to: worker.id)
    #expect(
      try run(server, worker) { worker.has(.vector(.model, step: step, vector(2)), from: server.id) })
  }

  private func port(of server: Int, in network: Network) throws -> UInt16 {
    try #require(network.address(of: server).split(separator: ":").last.flatMap { UInt16($0) })
  }

  @Test func randomBytesOnAProtectedPort() throws {
    let network = try Network(.tcp, hasKeys: true)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let sockets = try (0..<30).map { round in
      let socket = try TCPSocket(connectingTo: port(of: 0, in: network))
      socket.send((0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ round &* 17) })
      return socket
    }
    try exchange(server, worker, step: 0)
    #expect(
      try run(server, worker) {
        sockets.allSatisfy { $0.hasEnded() } && server.refused("nothingValid") == 30
      })
    try exchange(server, worker, step: 1)
  }

  @Test(arguments: [false, true]) func halfOpenConnectionsByTheHundred(hasKeys: Bool) throws {
    let network = try Network(.tcp, hasKeys: hasKeys)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    try exchange(server, worker, step: 0)
    let port = try port(of: 0, in: network)
    var silent: [TCPSocket] = []
    for step in 1...8 {
      for _ in 0..<50 { silent.append(try TCPSocket(connectingTo: port)) }
      try exchange(server, worker, step: step)
    }
    // More than so many do not stay, and those who have something to say find room among them.
    #expect(try run(server, worker) { silent.count { $0.hasEnded() } >= 400 - 256 })
    #expect(server.refused("tooManyUnknown") >= 400 - 256)
    let late = try network.node(.worker(1))
    try exchange(server, late, step: 20)
    #expect(worker.transport.counters.dropped.isEmpty)
  }

  /// libzmq counts whole messages only, so that one which never ends would fill the memory.
  @Test func aMessageThatNeverEndsIsCutOff() throws {
    let network = try Network(.tcp)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let endless = try TCPSocket(connectingTo: port(of: 0, in: network))
    try endless.shakeHands(with: server)
    // Frames of one byte, each announcing another one.
    let frames = [UInt8]((0..<5_000).flatMap { _ in [1, 1, 65] as [UInt8] })
    var sent = 0
    #expect(
      try run(server, worker) {
        endless.send(frames)
        sent += frames.count
        return endless.hasEnded()
      })
    #expect(server.refused("endlessMessage") == 1)
    #expect(sent > 65_536 && sent < 512 << 20)
    try exchange(server, worker, step: 0)
  }

  /// The other way round: a Byzantine server to those who connect to it.
  @Test func aServerThatNeverEndsItsMessageIsCutOff() throws {
    let network = try Network(.tcp)
    let worker = try network.node(.worker(0))
    let listener = try TCPSocket(listeningOn: port(of: 0, in: network))
    var accepted: TCPSocket?
    #expect(
      try run(worker) {
        accepted = try listener.accepted()
        return accepted != nil
      })
    let endless = try #require(accepted)
    try endless.shakeHands(with: worker)
    let frames = [UInt8]((0..<5_000).flatMap { _ in [1, 1, 65] as [UInt8] })
    #expect(
      try run(worker) {
        endless.send(frames)
        return endless.hasEnded()
      })
    #expect(worker.dropped("server-0", "endlessMessage") == 1)
  }

  /// What is long, but whole, is not taken for that: messages of many frames, and far more bytes than are ever held.
  @Test func manyWholeMessagesPass() throws {
    let network = try Network(.tcp, dimension: 100_000, hasKeys: true)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    for step in 0..<60 {
      let momentum = Message.vector(.momentum, step: step, vector(Float(step), count: 100_000))
      try worker.send(momentum, to: server.id)
      #expect(try run(server, worker) { server.has(momentum, from: worker.id) })
    }
    #expect(server.transport.counters.dropped.isEmpty)
  }

  /// A frame over the limit ends its connection when it is announced, also one that comes in a peer's own name.
  @Test func hugeFramesOfAPeer() throws {
    let network = try Network(.tcp, hasKeys: true)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let key = try #require(network.secrets[.server(0)]).publicKey
    let huge = try RawPeer(connectingTo: network.address(of: 0), as: network.secrets[.worker(1)], to: key)
    huge.send(network.codec(.worker(1)).header(of: .request(.model, step: 0)))
    #expect(try run(server, worker) { server.has(.request(.model, step: 0), from: .worker(1)) })
    huge.send([UInt8](repeating: 7, count: 1 << 20))
    try exchange(server, worker, step: 0)
    // And one of 2 GB from somebody who has not got past the handshake.
    let greeting =
      [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8) + [UInt8](repeating: 0, count: 47)
    let stranger = try TCPSocket(connectingTo: port(of: 0, in: network))
    stranger.send(greeting)
    stranger.send(frameStart(2 << 30).enumerated().map { $0 == 0 ? 6 : $1 })
    stranger.send([UInt8](repeating: 7, count: 1000))
    #expect(try run(server, worker) { stranger.hasEnded() })
    try exchange(server, worker, step: 1)
    #expect(server.received.count == 3)
  }

  /// The handshake has to end in time, however alive the other side seems.
  @Test func whoTricklesIsCutOff() throws {
    let network = try Network(.tcp, hasKeys: true)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let slow = try TCPSocket(connectingTo: port(of: 0, in: network))
    // A good greeting, byte by byte, far too slowly.
    var greeting = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8) + [UInt8](repeating: 0, count: 47)
    let start = ContinuousClock.now
    #expect(
      try run(server, worker) {
        if ContinuousClock.now - start > .milliseconds(200 * (65 - greeting.count)) {
          slow.send([greeting.removeFirst()])
        }
        return slow.hasEnded() && server.refused("nothingValid") == 1
      })
    #expect(greeting.count > 20)
    try exchange(server, worker, step: 0)
  }

  /// Somebody on the way who sends everything twice: each box carries a number that only grows.
  @Test func replayedFramesEndTheConnection() throws {
    let entrance = try TCPSocket(listeningOn: 0)
    let network = try Network(.tcp, hasKeys: true, relay: entrance.port())
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let bind = try #require(network.endpoints[.server(0)]?.bind?.split(separator: ":").last.flatMap { UInt16($0) })
    var pairs: [(near: TCPSocket, far: TCPSocket)] = []
    var isReplaying = false
    func relay() throws {
      if let near = try entrance.accepted() { pairs.append((near, try TCPSocket(connectingTo: bind))) }
      for (near, far) in pairs {
        let bytes = near.takeAll()
        if !bytes.isEmpty { far.send(isReplaying ? bytes + bytes : bytes) }
        let answer = far.takeAll()
        if !answer.isEmpty { near.send(answer) }
      }
    }
    try worker.send(.request(.model, step: 0), to: server.id)
    #expect(
      try run(server, worker) {
        try relay()
        return server.has(.request(.model, step: 0), from: .worker(0))
      })
    isReplaying = true
    try worker.send(.request(.model, step: 1), to: server.id)
    #expect(
      try run(server, worker) {
        try relay()
        return server.refused("replay") == 1
      })
    // It came in once, and not again.
    #expect(server.received.count { $0.message == .request(.model, step: 1) } <= 1)
    // libzmq reads no more from such a connection; another one is as good as the first was.
    isReplaying = false
    pairs.removeAll()
    #expect(
      try run(server, worker) {
        try relay()
        try worker.send(.request(.model, step: 2), to: server.id)
        return server.has(.request(.model, step: 2), from: .worker(0))
      })
  }
}
