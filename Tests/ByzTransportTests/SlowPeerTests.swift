import ByzNumerics
import ByzProtocol
import ByzTransport
import Synchronization
import Testing

/// Peers that do not read.
@Suite(.timeLimit(.minutes(1))) struct SlowPeerTests {
  /// Counts the vectors that are there, by the owners that keep their memory.
  private final class Census: Sendable {
    let living = Atomic(0)
  }

  private final class Owner {
    let memory: Vector
    let census: Census

    init(of memory: Vector, in census: Census) {
      self.memory = memory
      self.census = census
      census.living.add(1, ordering: .relaxed)
    }

    deinit { census.living.subtract(1, ordering: .relaxed) }
  }

  /// A megabyte, more than the system's buffers of a connection hold of a few messages.
  private let dimension = 250_000

  /// A vector over the memory of `memory` that is counted until libzmq and everyone else has let go of it.
  private func counted(_ memory: Vector, _ census: Census) throws -> Vector {
    try memory.withUnsafeBufferPointer { elements in
      let base = try #require(elements.baseAddress)
      return Vector(borrowing: base, count: elements.count, owner: Owner(of: memory, in: census))
    }
  }

  private func hasNewest(_ node: TestNode, _ kind: VectorKind, _ newest: Int) -> Bool {
    node.received.contains { received in
      if case .vector(kind, newest, _) = received.message { return true }
      return false
    }
  }

  private func steps(_ node: TestNode, _ kind: VectorKind) -> [Int] {
    node.received.compactMap { received in
      guard case .vector(kind, let step, _) = received.message else { return nil }
      return step
    }
  }

  /// From the side that connects, which hears by itself that the peer takes more.
  @Test(arguments: Medium.allCases) func aServerThatDoesNotRead(over medium: Medium) throws {
    let network = try Network(medium, dimension: dimension)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    try worker.send(.request(.model, step: 0), to: server.id)
    #expect(try run(server, worker) { server.received.count == 1 })
    let (census, memory) = (Census(), Vector(repeating: 1, count: dimension))
    for step in 0..<300 {
      try worker.send(.vector(.momentum, step: step, counted(memory, census)), to: server.id)
      try worker.poll()
      #expect(census.living.load(ordering: .relaxed) < 16, "step \(step)")
    }
    try worker.send(.done, to: server.id)
    #expect(try run(server, worker) { hasNewest(server, .momentum, 299) && server.has(.done, from: worker.id) })
    // Before it came what the system held on the way: little of the 300, in order.
    let steps = steps(server, .momentum)
    #expect(steps.count < 64 && steps.last == 299 && steps == Set(steps).sorted(), "\(steps)")
    #expect(try run(server, worker) { census.living.load(ordering: .relaxed) == 0 })
  }

  /// From the side that listens, which sends what waits when it hears of the peer again. That it does hear of it is the
  /// protocol's part: who lacks something asks again.
  @Test(arguments: Medium.allCases) func aWorkerThatDoesNotRead(over medium: Medium) throws {
    let network = try Network(medium, dimension: dimension)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    let other = try network.node(.worker(1))
    for node in [worker, other] { try node.send(.request(.model, step: 0), to: server.id) }
    #expect(try run(server, until: { server.received.count == 2 }))
    let (census, memory) = (Census(), Vector(repeating: 1, count: dimension))
    for step in 0..<300 {
      try server.send(.vector(.model, step: step, counted(memory, census)), to: worker.id, other.id)
      #expect(try run(server, other) { hasNewest(other, .model, step) })
      #expect(census.living.load(ordering: .relaxed) < 16, "step \(step)")
    }
    // The one that reads has missed nothing for the one that does not.
    #expect(steps(other, .model) == Array(0..<300))
    #expect(
      try run(server, worker) {
        try worker.send(.request(.model, step: 299), to: server.id)
        return hasNewest(worker, .model, 299)
      })
    let steps = steps(worker, .model)
    #expect(steps.count < 64 && steps.last == 299 && steps == Set(steps).sorted(), "\(steps)")
    #expect(try run(server, worker, other) { census.living.load(ordering: .relaxed) == 0 })
  }

  /// A server that never comes up costs no more than one that does not read.
  @Test func aServerThatIsNotThere() throws {
    let network = try Network(.ipc, dimension: dimension)
    let worker = try network.node(.worker(0))
    let (census, memory) = (Census(), Vector(repeating: 1, count: dimension))
    for step in 0..<300 {
      try worker.send(.vector(.momentum, step: step, counted(memory, census)), to: .server(0))
      #expect(census.living.load(ordering: .relaxed) < 16, "step \(step)")
    }
    let server = try network.node(.server(0))
    #expect(try run(server, worker) { hasNewest(server, .momentum, 299) })
  }

  /// Nothing is kept for who has never connected.
  @Test func aWorkerThatHasNeverBeenThere() throws {
    let network = try Network(.ipc)
    let server = try network.node(.server(0))
    let census = Census()
    for step in 0..<10 {
      try server.send(.vector(.model, step: step, counted(vector(1), census)), to: .worker(0), .server(2))
    }
    #expect(census.living.load(ordering: .relaxed) == 0)
    #expect(server.transport.counters == TrafficCounters())
  }
}
