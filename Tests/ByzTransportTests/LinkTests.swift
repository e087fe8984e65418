import ByzNumerics
import ByzProtocol
import ByzTransport
import Testing

/// Nodes that keep to the protocol, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct LinkTests {
  @Test(arguments: Medium.allCases) func messagesGoBothWays(over medium: Medium) throws {
    let network = try Network(medium)
    let (first, second) = (try network.node(.server(0)), try network.node(.server(1)))
    let worker = try network.node(.worker(2))
    // Those who connect speak first.
    try worker.send(.request(.model, step: 0), to: first.id, second.id)
    try second.send(.vector(.gatherModel, step: 1, vector(1)), to: first.id)
    #expect(
      try run(first, second, worker) {
        first.has(.request(.model, step: 0), from: worker.id) && second.has(.request(.model, step: 0), from: worker.id)
          && first.has(.vector(.gatherModel, step: 1, vector(1)), from: second.id)
      })
    let values = Vector([.nan, -0.0, .infinity, 1, 2, 3, .leastNonzeroMagnitude, -5])
    try first.send(.vector(.model, step: 0, values), to: worker.id)
    try first.send(.vector(.gatherModel, step: 1, vector(2)), to: second.id)
    try second.send(.done, to: worker.id, first.id)
    #expect(
      try run(first, second, worker) {
        worker.has(.vector(.model, step: 0, values), from: first.id) && worker.has(.done, from: second.id)
          && second.has(.vector(.gatherModel, step: 1, vector(2)), from: first.id) && first.has(.done, from: second.id)
      })
    try worker.send(.vector(.momentum, step: 0, vector(3)), to: first.id)
    #expect(try run(first, second, worker) { first.has(.vector(.momentum, step: 0, vector(3)), from: worker.id) })
    for node in [first, second, worker] {
      #expect(node.transport.counters.dropped.isEmpty && node.reconnected.isEmpty && node.differing.isEmpty)
    }
    // Nobody heard what was not said to it.
    #expect(first.received.count == 4 && second.received.count == 2 && worker.received.count == 2)
  }

  @Test(arguments: Medium.allCases) func oneBroadcastReachesAll(over medium: Medium) throws {
    let network = try Network(medium)
    let server = try network.node(.server(0))
    let (one, two, three) = (try network.node(.worker(0)), try network.node(.worker(1)), try network.node(.worker(3)))
    for worker in [one, two, three] { try worker.send(.request(.model, step: 0), to: server.id) }
    #expect(try run(server, until: { server.received.count == 3 }))
    #expect(Set(server.received.map(\.sender)) == [one.id, two.id, three.id])
    // Worker 2 is not there, which keeps nothing from the others.
    let model = Message.vector(.model, step: 0, vector(7))
    try server.send(model, to: one.id, .worker(2), two.id, three.id)
    #expect(
      try run(server, one, two, three) { [one, two, three].allSatisfy { $0.has(model, from: server.id) } })
    // Three headers of 64 bytes and three payloads of 8 floats.
    let sent = server.transport.counters.sent
    #expect(sent.count == 1 && sent["model"]?.messages == 3 && sent["model"]?.bytes == 3 * (64 + 32))
    #expect(one.transport.counters.sent["modelRequest"]?.bytes == 64)
  }

  @Test(arguments: Medium.allCases) func aPeerThatComesUpLateGetsWhatWaitsForIt(over medium: Medium) throws {
    let network = try Network(medium)
    let worker = try network.node(.worker(0))
    try worker.send(.request(.model, step: 0), to: .server(0))
    try worker.send(.vector(.momentum, step: 0, vector(1)), to: .server(0), .server(1))
    for _ in 0..<20 { try worker.poll() }
    let server = try network.node(.server(0))
    #expect(
      try run(server, worker) {
        server.has(.request(.model, step: 0), from: worker.id)
          && server.has(.vector(.momentum, step: 0, vector(1)), from: worker.id)
      })
    // Being there for the first time is not being there again.
    #expect(worker.reconnected.isEmpty && server.reconnected.isEmpty)
  }

  @Test(arguments: Medium.allCases) func aServerThatComesBackIsReached(over medium: Medium) throws {
    let network = try Network(medium)
    let worker = try network.node(.worker(0))
    try meet(network, worker)
    let again = try network.node(.server(0))
    #expect(try run(again, worker) { worker.reconnected == [.server(0)] })
    try worker.send(.vector(.momentum, step: 3, vector(4)), to: .server(0))
    #expect(try run(again, worker) { again.has(.vector(.momentum, step: 3, vector(4)), from: worker.id) })
    try again.send(.vector(.model, step: 4, vector(5)), to: worker.id)
    #expect(try run(again, worker) { worker.has(.vector(.model, step: 4, vector(5)), from: .server(0)) })
    #expect(worker.reconnected == [.server(0)])
  }

  /// Lets `worker` speak to a server 0 that is gone again afterwards.
  private func meet(_ network: Network, _ worker: TestNode) throws {
    let server = try network.node(.server(0))
    try worker.send(.request(.model, step: 0), to: server.id)
    #expect(try run(server, worker) { !server.received.isEmpty })
    try server.send(.vector(.model, step: 0, vector(1)), to: worker.id)
    #expect(try run(server, worker) { worker.received.count == 1 })
  }

  /// A new connection says whose it is, so that the side that was dialed can speak first.
  @Test(arguments: Medium.allCases) func whoWasDialedCanSpeakFirst(over medium: Medium) throws {
    let network = try Network(medium)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let model = Message.vector(.model, step: 0, vector(1))
    // Until the hello has come there is nobody to send to, and the message is gone.
    #expect(
      try run(server, worker) {
        try? server.send(model, to: worker.id)
        return worker.has(model, from: server.id)
      })
    #expect(server.received.isEmpty && server.reconnected.isEmpty)
  }

  /// Whether or not the server noticed, by sending something, that the worker was gone.
  @Test(arguments: Medium.allCases, [false, true])
  func aWorkerThatComesBackIsReached(over medium: Medium, serverSendsMeanwhile: Bool) throws {
    let network = try Network(medium)
    let server = try network.node(.server(0))
    try visit(network, server)
    // While the worker is gone, and until libzmq says so, if it does.
    let model = Message.vector(.model, step: 1, vector(2))
    for _ in 0..<(serverSendsMeanwhile ? 300 : 0) {
      try server.send(model, to: .worker(0))
      try server.poll()
    }
    let again = try network.node(.worker(0))
    try again.send(.request(.model, step: 2), to: server.id)
    #expect(try run(server, again) { server.has(.request(.model, step: 2), from: again.id) })
    // Once more if the hello of the first visit came after the server had noticed its end.
    #expect(try run(server, again) { server.reconnected.last == again.id && server.reconnected.count <= 2 })
    try server.send(.vector(.model, step: 2, vector(3)), to: again.id)
    #expect(try run(server, again) { again.has(.vector(.model, step: 2, vector(3)), from: server.id) })
  }

  /// Lets a worker 0 speak to `server` that is gone again afterwards.
  private func visit(_ network: Network, _ server: TestNode) throws {
    let worker = try network.node(.worker(0))
    try worker.send(.request(.model, step: 0), to: server.id)
    #expect(try run(server, worker) { server.received.count == 1 })
  }

  @Test func anAddressThatCannotBeBoundIsNamed() throws {
    let network = try Network(.tcp)
    let first = try network.node(.server(1))
    let error = #expect(throws: (any Error).self) { try network.node(.server(1)) }
    #expect(error.map { "\($0)" } == "cannot listen on \(network.address(of: 1)): Address already in use")
    withExtendedLifetime(first) {}
  }
}
