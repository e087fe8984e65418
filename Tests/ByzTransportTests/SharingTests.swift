import ByzNumerics
import ByzProtocol
import ByzWire
import Foundation
import Testing

@testable import ByzTransport

/// Nodes of one machine that share their vectors, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct SharingTests {
  private static let dimension = 10_000

  private func network(except others: Set<Int> = []) throws -> Network {
    try Network(.ipc, dimension: Self.dimension, sharesVectors: true, except: others)
  }

  private func vector(_ element: Float) -> Vector { Vector(repeating: element, count: Self.dimension) }

  private func momentum(_ step: Int, _ element: Float) -> Message { .vector(.momentum, step: step, vector(element)) }

  /// Lets `peers` say who they are to `server`.
  private func meet(_ server: TestNode, _ peers: TestNode...) throws {
    for peer in peers {
      try peer.send(.request(.model, step: 0), to: server.id)
      #expect(try run(server, peer) { server.has(.request(.model, step: 0), from: peer.id) })
    }
  }

  @Test func vectorsOfAllKindsArrive() throws {
    let network = try network()
    let (first, second) = (try network.node(.server(0)), try network.node(.server(1)))
    let worker = try network.node(.worker(2))
    try meet(first, second, worker)
    try meet(second, worker)
    for step in 0..<10 {
      let model = Message.vector(.model, step: step, vector(1))
      let gather = Message.vector(.gatherModel, step: step, vector(2))
      try first.send(model, to: worker.id, second.id)
      try first.send(gather, to: second.id)
      try second.send(gather, to: first.id)
      try worker.send(momentum(step, 3), to: first.id, second.id)
      #expect(
        try run(first, second, worker) {
          worker.has(model, from: first.id) && second.has(model, from: first.id) && second.has(gather, from: first.id)
            && first.has(gather, from: second.id) && first.has(momentum(step, 3), from: worker.id)
            && second.has(momentum(step, 3), from: worker.id)
        }, "step \(step)")
    }
    for node in [first, second, worker] { #expect(node.transport.counters.dropped.isEmpty) }
    // What goes through files counts like what goes over sockets.
    #expect(worker.transport.counters.sent["momentum"] == TrafficCounters.Sent(messages: 20, bytes: 20 * 40_064))
    #expect(first.transport.counters.sent["model"] == TrafficCounters.Sent(messages: 20, bytes: 20 * 40_064))
  }

  @Test func aReceivedVectorIsTheReceiversOwn() throws {
    let network = try network()
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    try worker.send(momentum(0, 5), to: server.id)
    #expect(try run(server, worker) { server.has(momentum(0, 5), from: worker.id) })
    // It came through the file, and the file is of no further use.
    let path = network.vectors(of: worker.id)
    let bytes = try Data(contentsOf: URL(filePath: path))
    let slot = network.slots.offset(of: momentum(0, 5).place(retaining: 3))
    #expect(bytes[slot..<slot + 40_000] == vector(5).withUnsafeBufferPointer { Data(buffer: $0) })
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.write(contentsOf: Data(repeating: 0xFF, count: bytes.count))
    #expect(server.has(momentum(0, 5), from: worker.id))
  }

  /// Only the first can be in the file.
  @Test func twoVectorsOfOneStepBothArrive() throws {
    let network = try network()
    let (first, second) = (try network.node(.server(0)), try network.node(.server(1)))
    let worker = try network.node(.worker(0))
    for step in 0..<10 {
      try worker.send(momentum(step, 1), to: first.id)
      try worker.send(momentum(step, 2), to: second.id)
      #expect(
        try run(first, second, worker) {
          first.has(momentum(step, 1), from: worker.id) && second.has(momentum(step, 2), from: worker.id)
        }, "step \(step)")
    }
    #expect(first.received.count == 10 && second.received.count == 10)
  }

  /// One who reads late gets the newest ones, like one whose link is slow.
  @Test func overwrittenVectorsAreCounted() throws {
    let network = try network()
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    try meet(server, worker)
    for step in 0..<5 { try worker.send(momentum(step, Float(step)), to: server.id) }
    #expect(try run(server, worker) { server.has(momentum(4, 4), from: worker.id) })
    #expect(server.transport.counters.dropped == ["worker-0": ["overwritten": 2]])
    #expect(server.received.dropFirst().map(\.message) == (2...4).map { momentum($0, Float($0)) })
  }

  @Test func aNodeThatComesBackIsRead() throws {
    let network = try network()
    let server = try network.node(.server(0))
    for life in 1...3 {
      let worker = try network.node(.worker(0))
      try worker.send(momentum(0, Float(life)), to: server.id)
      #expect(try run(server, worker) { server.has(momentum(0, Float(life)), from: worker.id) })
    }
    #expect(server.transport.counters.dropped.isEmpty)
  }

  // MARK: Who shares with whom

  /// Where one server is reached over TCP, it gets whole vectors, and the others go on sharing.
  @Test(arguments: [0, 1]) func aServerOverTCPGetsWholeVectors(distant: Int) throws {
    let network = try network(except: [distant])
    let (first, second) = (try network.node(.server(0)), try network.node(.server(1)))
    let worker = try network.node(.worker(0))
    let (far, near) = distant == 0 ? (first, second) : (second, first)
    try meet(first, second, worker)
    try meet(second, worker)
    try first.send(.vector(.model, step: 0, vector(7)), to: second.id, worker.id)
    try second.send(.vector(.model, step: 0, vector(8)), to: first.id, worker.id)
    try worker.send(momentum(0, 1), to: far.id, near.id)
    #expect(
      try run(first, second, worker) {
        [first, second].allSatisfy { $0.has(momentum(0, 1), from: worker.id) }
          && [second, worker].allSatisfy { $0.has(.vector(.model, step: 0, vector(7)), from: first.id) }
          && [first, worker].allSatisfy { $0.has(.vector(.model, step: 0, vector(8)), from: second.id) }
      })
    // Without the file the one beside it does not find the vector, and the other one does not miss it.
    try FileManager.default.removeItem(atPath: network.vectors(of: worker.id))
    let again = try network.node(.worker(0))
    try FileManager.default.removeItem(atPath: network.vectors(of: worker.id))
    try again.send(momentum(1, 2), to: far.id, near.id)
    #expect(
      try run(first, second, again) {
        far.has(momentum(1, 2), from: worker.id) && near.transport.counters.dropped != [:]
      })
    #expect(near.transport.counters.dropped.values.first == ["missing": 1] && far.transport.counters.dropped.isEmpty)
  }

  /// Else one would refer to files in a folder where the other does not look.
  @Test func serversInDifferentFoldersDoNotShare() throws {
    let (here, there) = (try network(), try network())
    var endpoints = here.endpoints
    endpoints[.server(1)] = there.endpoints[.server(1)]
    let first = TestNode(.server(0), try Transport(here.codec(.server(0)), endpoints: endpoints), in: here)
    let second = TestNode(.server(1), try Transport(here.codec(.server(1)), endpoints: endpoints), in: there)
    let worker = TestNode(.worker(0), try Transport(here.codec(.worker(0)), endpoints: endpoints), in: here)
    try meet(first, second, worker)
    try meet(second, worker)
    let model = Message.vector(.model, step: 0, vector(1))
    try first.send(model, to: second.id, worker.id)
    try second.send(model, to: first.id, worker.id)
    try worker.send(momentum(0, 2), to: first.id, second.id)
    #expect(
      try run(first, second, worker) {
        second.has(model, from: first.id) && worker.has(model, from: first.id) && first.has(model, from: second.id)
          && worker.has(model, from: second.id) && first.has(momentum(0, 2), from: worker.id)
          && second.has(momentum(0, 2), from: worker.id)
      })
  }

  // MARK: Who lies

  /// Sends drawn references and lengths, those of another node, and a file of its own that it has shortened.
  @Test func falseReferencesAreCounted() throws {
    let network = try network()
    let (server, honest) = (try network.node(.server(0)), try network.node(.worker(0)))
    try honest.send(momentum(0, 1), to: server.id)
    #expect(try run(server, honest) { server.has(momentum(0, 1), from: honest.id) })
    let folder = try #require(SharedFolder(besideSocketAt: network.address(of: 0), dimension: Self.dimension))
    let own = try #require(OwnVectors(of: .worker(1), in: folder, layout: network.slots))
    let good = try #require(own.reference(to: vector(3), of: 0, in: 3))
    let liar = try RawPeer(connectingTo: network.address(of: 0))
    let header = network.codec(.worker(1)).header(of: momentum(0, 3))
    liar.send(header, good.bytes)
    #expect(try run(server, until: { server.has(momentum(0, 3), from: .worker(1)) }))
    func dropped() -> Int { server.transport.counters.dropped["worker-1"]?.values.reduce(0, +) ?? 0 }
    func expectDropped(_ count: Int) throws {
      #expect(try run(server, until: { dropped() == count }), "\(server.transport.counters.dropped)")
    }
    var generator = SeededGenerator(seed: 3)
    for round in 1...200 {
      switch round % 4 {
      case 0: liar.send(header, VectorReference(place: generator.index(below: 12), serial: 0).bytes)
      case 1: liar.send(header, VectorReference(place: generator.index(below: 12), serial: generator.next()).bytes)
      case 2: liar.send(header, (0..<16).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
      default: liar.send(header, [UInt8](repeating: 7, count: generator.index(below: 41)))
      }
      try expectDropped(round)
    }
    // The vector of another node is no one else's to send.
    liar.send(network.codec(honest.id).header(of: momentum(0, 1)), try network.reference(in: honest.id, place: 3).bytes)
    try expectDropped(201)
    #expect(server.dropped("worker-1", "impostor") == 1)
    #expect(truncate(folder.file(of: .worker(1)), 0) == 0)
    liar.send(header, good.bytes)
    try expectDropped(202)
    // Nothing of it was taken for a message, and nobody else has lost anything.
    try honest.send(momentum(1, 2), to: server.id)
    #expect(try run(server, honest) { server.has(momentum(1, 2), from: honest.id) })
    #expect(server.received.count == 3 && server.transport.counters.dropped.keys.sorted() == ["worker-1"])
  }

  /// Its references are not looked at: the topology is what is wrong.
  @Test func aStrangersVectorsTellOfItsTopology() throws {
    let network = try network()
    let server = try network.node(.server(0))
    let stranger = try network.node(.worker(0), digest: Network.otherDigest)
    // Its hello comes first.
    #expect(try run(server, stranger) { server.dropped("unknown", "topology") == 1 })
    try stranger.send(momentum(0, 1), to: server.id)
    #expect(try run(server, stranger) { server.dropped("unknown", "topology") == 2 })
    #expect(server.differing.map(\.peer) == [.worker(0)] && server.received.isEmpty)
    #expect(server.transport.counters.dropped == ["unknown": ["topology": 2]])
  }
}

extension Network {
  var slots: SlotLayout { SlotLayout(dimension: configuration.dimension, places: 9) }

  /// The file in which `node` shares its vectors.
  func vectors(of node: NodeID) -> String { "\(folder)/vectors/\(node)" }

  /// The reference to what is now in `place` of the file of `node`.
  func reference(in node: NodeID, place: Int) throws -> VectorReference {
    let file = try Data(contentsOf: URL(filePath: vectors(of: node)))
    let serial = file.withUnsafeBytes {
      $0.load(fromByteOffset: slots.offset(of: place) + slots.serialOffset, as: UInt64.self)
    }
    return VectorReference(place: place, serial: serial)
  }
}
