import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

/// Whole runs of honest machines under drawn schedules.
@Suite struct ClusterTests {
  static func configuration(
    servers: (Int, Int), workers: (Int, Int), steps: Int, gatherEvery: Int = 3, retained: Int = 3, grace: Int = 0
  ) -> ProtocolConfiguration {
    ProtocolConfiguration(
      quorums: Quorums(servers: servers, workers: workers),
      training: TrainingParameters(
        steps: steps, gatherEvery: gatherEvery, learningRate: LearningRate(initial: 0.5), momentum: .none),
      patience: Patience(graceMilliseconds: grace, startGraceMilliseconds: grace, retainedSteps: retained),
      rule: MinimumDiameterAveraging(), dimension: 2)
  }

  /// With exactly the quorums alive (all others silent), whatever the order of messages, everyone reaches the last step:
  /// nobody can be left behind, so nobody has to rejoin.
  @Test(arguments: 0..<60) func exactQuorumsReachTheEnd(seed: Int) {
    let configuration = Self.configuration(servers: (5, 1), workers: (7, 2), steps: 12)
    var cluster = Cluster(
      configuration, seed: UInt64(seed), silent: [.server(seed % 5), .worker(seed % 7), .worker((seed + 1) % 7)])
    cluster.run(atMost: 100_000)
    #expect(cluster.violations.isEmpty, "seed \(seed)")
    #expect(cluster.finished == Set(cluster.honest), "seed \(seed): \(cluster.steps)")
  }

  /// A lone server and its workers, too.
  @Test(arguments: 0..<10) func trustedServerReachesTheEnd(seed: Int) {
    let configuration = Self.configuration(servers: (1, 0), workers: (3, 1), steps: 20)
    var cluster = Cluster(configuration, seed: UInt64(seed))
    cluster.run(atMost: 20_000)
    #expect(cluster.violations.isEmpty && cluster.finished.count == 4, "seed \(seed): \(cluster.steps)")
  }

  /// With everyone alive an unkind order of messages leaves some behind; they rejoin, and everyone reaches the end.
  @Test(arguments: 0..<60) func thoseLeftBehindRejoin(seed: Int) {
    let configuration = Self.configuration(
      servers: (5, 1), workers: (7, 2), steps: 24, gatherEvery: 1 + seed % 5, retained: 2 + seed % 2,
      grace: seed.isMultiple(of: 2) ? 0 : 50)
    var cluster = Cluster(configuration, seed: UInt64(1000 + seed))
    cluster.run(atMost: 40_000)
    #expect(cluster.violations.isEmpty, "seed \(1000 + seed)")
    #expect(cluster.finished == Set(cluster.honest), "seed \(1000 + seed): \(cluster.steps)")
  }

  /// One server is cut off until the others are far ahead, while another one is silent for good: the workers' quorum then
  /// needs the one that comes back.
  @Test(arguments: 0..<20) func serverThatWasCutOffRejoins(seed: Int) {
    let configuration = Self.configuration(servers: (6, 1), workers: (4, 1), steps: 30, gatherEvery: 4)
    var cluster = Cluster(configuration, seed: UInt64(2000 + seed), silent: [.worker(3)])
    cluster.isDelivered = { _, from, to in from != .server(0) && to != .server(0) }
    cluster.run(atMost: 10_000, until: .server(1), reaches: 9)
    #expect(cluster.steps[.server(1)] == 9 && cluster.steps[.server(0)] == nil, "seed \(2000 + seed)")
    cluster.isDelivered = { _, _, _ in true }
    cluster.run(atMost: 40_000)
    #expect(cluster.violations.isEmpty, "seed \(2000 + seed)")
    #expect(cluster.finished == Set(cluster.honest), "seed \(2000 + seed): \(cluster.steps)")
  }

  /// A server and a worker are started again in the middle, with nothing on disk. Until it has rejoined each of them counts as
  /// faulty, so that beside them one more worker may be silent (f_w = 2), but no server (f_ps = 1).
  @Test(arguments: 0..<30) func restartedNodesTakePartAgain(seed: Int) {
    let configuration = Self.configuration(servers: (5, 1), workers: (7, 2), steps: 30, gatherEvery: 1 + seed % 6)
    let silent: Set<NodeID> = seed.isMultiple(of: 2) ? [.worker(6)] : []
    var cluster = Cluster(configuration, seed: UInt64(3000 + seed), silent: silent)
    cluster.run(atMost: 10_000, until: .server(seed % 4), reaches: 1 + seed % 10)
    cluster.restart(.server(seed % 4))
    cluster.run(atMost: 200)
    cluster.restart(.worker(seed % 5))
    cluster.run(atMost: 60_000)
    #expect(cluster.violations.isEmpty, "seed \(3000 + seed)")
    #expect(cluster.finished == Set(cluster.honest), "seed \(3000 + seed): \(cluster.steps)")
  }

  /// A server and two workers send noise, to everyone another one. Gathers stay within honest values, and everyone arrives
  /// where the gradients lead.
  @Test(arguments: 0..<30) func equivocationDoesNoHarm(seed: Int) {
    let configuration = Self.configuration(servers: (5, 1), workers: (7, 2), steps: 40, gatherEvery: 1 + seed % 4)
    let liars: Set<NodeID> = [.server(seed % 5), .worker(seed % 7), .worker((seed + 3) % 7)]
    var cluster = Cluster(configuration, seed: UInt64(4000 + seed), equivocating: liars)
    cluster.run(atMost: 60_000)
    #expect(cluster.violations.isEmpty, "seed \(4000 + seed)")
    #expect(cluster.finished.isSuperset(of: cluster.honest), "seed \(4000 + seed): \(cluster.steps)")
    for server in cluster.honest where server.role == .server {
      let model = cluster.parameters[server]?.elements ?? []
      #expect(model.allSatisfy { abs($0 - 1) < 0.1 } && !model.isEmpty, "seed \(4000 + seed), \(server): \(model)")
    }
  }

  /// The gradients lead from 0 towards 1, and so do all servers.
  @Test func learns() throws {
    let configuration = Self.configuration(servers: (5, 1), workers: (7, 2), steps: 40)
    var cluster = Cluster(configuration, seed: 7, silent: [.server(4), .worker(5), .worker(6)])
    cluster.run(atMost: 200_000)
    #expect(cluster.parameters.count == 4)
    for (server, parameters) in cluster.parameters {
      #expect(abs(parameters[0] - 1) < 1e-3 && abs(parameters[1] - 1) < 1e-3, "\(server): \(parameters)")
    }
  }

  /// The deadlock that keeping two steps avoids. A Byzantine worker gives its momentum to server 0 alone, which so runs a
  /// step ahead while worker 2's links are slow. If server 0 then keeps only its newest model, worker 2 can never collect
  /// q_ps = 4 models of step 0 (server 4 is silent), so it never sends the momentum that servers 1 to 3 wait for.
  @Test(arguments: [1, 2]) func oneRetainedStepDeadlocks(retained: Int) {
    let configuration = Self.configuration(servers: (5, 1), workers: (4, 1), steps: 6, retained: retained)
    var cluster = Cluster(configuration, seed: 1, silent: [.server(4), .worker(3)])
    cluster.isDelivered = { _, from, to in from != .worker(2) && to != .worker(2) }
    cluster.feed(.received(.vector(.momentum, step: 0, Vector([1, 1])), from: .worker(3)), to: .server(0))
    cluster.run(atMost: 1_000)
    #expect(cluster.steps[.server(0)] == 1 && cluster.steps[.server(1)] == nil)

    // Now the slow links deliver everything that was ever sent.
    cluster.isDelivered = { _, _, _ in true }
    cluster.run(atMost: 8_000)
    if retained == 1 {
      #expect(cluster.steps[.server(1)] == nil && cluster.finished.isEmpty)
    } else {
      #expect(cluster.finished == Set(cluster.honest), "\(cluster.steps)")
    }
    #expect(cluster.violations.isEmpty)
  }
}
