import ByzNumerics
import ByzProtocol
import ByzTransport
import Foundation
import Synchronization
import Testing

/// Nodes that wait for nothing but each other: a message that nobody wakes up for stops the run.
@Suite(.timeLimit(.minutes(2))) struct WaitingTests {
  private struct Stall: Error {
    let node: NodeID
    let round: Int
    let heard: Int
  }

  /// The numbers of messages in the bursts of a run, which all of its nodes know.
  private struct Plan {
    static let rounds = 100
    /// By round; what each of the 4 workers sends, 1 to 3 vectors.
    private(set) var momentums: [[Int]] = []
    private(set) var models: [Int] = []

    init(seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<Self.rounds {
        momentums.append((0..<4).map { _ in 1 + generator.index(below: 3) })
        models.append(1 + generator.index(below: 3))
      }
    }
  }

  /// What a node sends in a round, and what goes with it: a request or word that needs no vector.
  private static func burst(_ kind: VectorKind, round: Int, count: Int, by node: NodeID, dimension: Int) -> [Message] {
    (0..<count).map { index in
      let element = Float(100 * round + 10 * index + node.index)
      return .vector(kind, step: 3 * round + index, Vector(repeating: element, count: dimension))
    } + [kind == .momentum ? .request(.model, step: 3 * round) : .done]
  }

  /// Goes through all rounds as `node`: whenever it has heard all that is `expected` in a round, in the order of each
  /// sender, it ends the round with `answer`, from within the poll, as nodes do.
  private static func take(
    _ transport: Transport, as node: NodeID, hearing expected: (Int) -> [NodeID: [Message]],
    answer: (Int) throws -> Void
  ) throws {
    var (round, heard) = (0, [NodeID: [Message]]())
    var last = ContinuousClock.now
    while round < Plan.rounds {
      try transport.poll(atMost: 20_000) { event in
        guard case .received(let message, let sender) = event else { return }
        last = .now
        heard[sender, default: []].append(message)
        guard round < Plan.rounds, heard == expected(round) else { return }
        try answer(round)
        (round, heard) = (round + 1, [:])
      }
      // Nothing takes so long but waiting in vain.
      guard ContinuousClock.now - last < .seconds(19) else {
        throw Stall(node: node, round: round, heard: heard.values.reduce(0) { $0 + $1.count })
      }
    }
  }

  private static func transport(of node: NodeID, in network: Network) throws -> Transport {
    // The other servers are not there, and nobody is to be woken by attempts to reach them.
    try Transport(network.codec(node), endpoints: network.endpoints.filter { $0.key == .server(0) })
  }

  private static func serve(_ network: Network, _ plan: Plan) throws {
    let transport = try transport(of: .server(0), in: network)
    let (workers, dimension) = ((0..<4).map(NodeID.worker), network.configuration.dimension)
    func expected(_ round: Int) -> [NodeID: [Message]] {
      let bursts = workers.map {
        burst(.momentum, round: round, count: plan.momentums[round][$0.index], by: $0, dimension: dimension)
      }
      return Dictionary(uniqueKeysWithValues: zip(workers, bursts))
    }
    try take(transport, as: .server(0), hearing: expected) { round in
      for message in burst(.model, round: round, count: plan.models[round], by: .server(0), dimension: dimension) {
        try transport.send(message, to: workers)
      }
    }
  }

  private static func work(_ worker: NodeID, _ network: Network, _ plan: Plan) throws {
    let transport = try transport(of: worker, in: network)
    let dimension = network.configuration.dimension
    func speak(_ round: Int) throws {
      guard round < Plan.rounds else { return }
      let count = plan.momentums[round][worker.index]
      for message in burst(.momentum, round: round, count: count, by: worker, dimension: dimension) {
        try transport.send(message, to: [.server(0)])
      }
    }
    func expected(_ round: Int) -> [NodeID: [Message]] {
      [.server(0): burst(.model, round: round, count: plan.models[round], by: .server(0), dimension: dimension)]
    }
    try speak(0)
    try take(transport, as: worker, hearing: expected) { try speak($0 + 1) }
  }

  /// Runs each of `parts` on a thread of its own, to its end; returns what has failed.
  private func onThreads(_ parts: [@Sendable () throws -> Void]) -> [any Error] {
    final class Failures: Sendable {
      let all = Mutex<[any Error]>([])
    }
    let (failures, group) = (Failures(), DispatchGroup())
    for part in parts {
      group.enter()
      Thread.detachNewThread {
        do { try part() } catch { failures.all.withLock { $0.append(error) } }
        group.leave()
      }
    }
    group.wait()
    return failures.all.withLock { $0 }
  }

  /// Small vectors and shared ones, which cost no more than small ones, and ones that fill the buffers of a connection.
  @Test(arguments: [(Medium.ipc, 8), (.tcp, 8), (.ipc, 10_000), (.tcp, 60_000)])
  func nothingIsWaitedForInVain(over medium: Medium, dimension: Int) throws {
    let network = try Network(medium, dimension: dimension, sharesVectors: true)
    let plan = Plan(seed: UInt64(dimension))
    let workers = (0..<4).map(NodeID.worker).map { id in { @Sendable in try Self.work(id, network, plan) } }
    let failures = onThreads(workers + [{ try Self.serve(network, plan) }])
    #expect(failures.isEmpty, "\(failures)")
  }
}
