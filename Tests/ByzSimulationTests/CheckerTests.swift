import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzSimulation

/// A checker that is told by hand what a run does: unless others are given, 5 servers of which 1 may be Byzantine,
/// quorum 4, and 4 workers of which 1 may be, quorum 3; a gather after every second step; one parameter, 0 at first; 5
/// ms of grace, or of Delta.
struct Watched {
  var checker: Checker
  private var now = VirtualTime.start

  init(
    faulty: Set<NodeID> = [], in mode: TrainingMode = .asynchronous,
    quorums: Quorums = Quorums(servers: (5, 1), workers: (4, 1)), holdsDelta: Bool = false
  ) {
    let configuration = ProtocolConfiguration(
      quorums: quorums,
      training: TrainingParameters(
        mode: mode, steps: 10, gatherEvery: 2, learningRate: LearningRate(initial: 1), momentum: nil),
      patience: Patience(
        graceMilliseconds: 5, startGraceMilliseconds: 5, delay: DelayBound(milliseconds: 5, floorMilliseconds: 5),
        retainedSteps: 2),
      rule: MinimumDiameterAveraging(), dimension: 1)
    checker = Checker(
      configuration, isHonest: quorums.nodeIDs.map { !faulty.contains($0) },
      initialParameters: Vector([0]), holdsDelta: holdsDelta)
  }

  var reported: [Violation.Invariant] { checker.violations.map(\.invariant) }

  private func number(_ node: NodeID) -> Int { checker.roster.number(node) }

  mutating func accepts(_ node: NodeID, _ kind: VectorKind, _ step: Int, from senders: [NodeID]) {
    for sender in senders { checker.accepted(kind, step: step, from: number(sender), by: number(node)) }
  }

  mutating func sends(_ node: NodeID, _ kind: VectorKind, _ step: Int, _ value: Float) {
    let vector = Vector([value])
    let action = Action.send(.vector(kind, step: step, vector), to: [.server(0)])
    checker.performed(action, fingerprint: TraceDigest.of(vector), by: number(node), at: now)
  }

  mutating func does(_ node: NodeID, _ action: Action) {
    checker.performed(action, fingerprint: nil, by: number(node), at: now)
  }

  mutating func updates(_ node: NodeID, to step: Int, _ value: Float, with contributors: [NodeID]) {
    does(
      node,
      .report(
        .updated(step: step, parameters: Vector([value]), contributors: contributors, selected: contributors)))
  }

  mutating func adopts(_ node: NodeID, _ step: Int, _ value: Float, from contributors: [NodeID]) {
    does(node, .report(.adopted(step: step, parameters: Vector([value]), contributors: contributors)))
  }

  mutating func computes(_ node: NodeID, _ step: Int, at value: Float) {
    does(node, .computeGradient(step: step, draw: 0, at: Vector([value])))
  }

  mutating func estimates(
    _ node: NodeID, _ step: Int, with contributors: [NodeID], as source: ModelSource = .median
  ) {
    does(node, .report(.estimated(step: step, loss: 0, contributors: contributors, source: source)))
  }

  /// A server reaches `step` as it should, from the step before.
  mutating func advances(_ node: NodeID, to step: Int, _ value: Float) {
    accepts(node, .momentum, step - 1, from: workers(0, 1, 2))
    updates(node, to: step, value, with: workers(0, 1, 2))
  }

  mutating func settles(_ node: NodeID, atMicroseconds time: Int) {
    checker.settle(number(node), at: VirtualTime(microseconds: time))
  }

  mutating func restarts(_ node: NodeID) { checker.restart(number(node)) }

  mutating func hasComputed(_ node: NodeID) { checker.computed(by: number(node)) }
}

func servers(_ indices: Int...) -> [NodeID] { indices.map(NodeID.server) }
func workers(_ indices: Int...) -> [NodeID] { indices.map(NodeID.worker) }

@Suite struct QuorumInvariantTests {
  private static let updates: [(contributors: [NodeID], expected: [Violation.Invariant])] = [
    (workers(0, 1, 2), []),
    (workers(0, 1, 2, 3), [.quorum]),
    (workers(0, 1), [.quorum]),
    (workers(0, 1, 1), [.quorum]),
    (workers(0, 1, 2, 2), [.quorum]),
    (workers(0, 1, 3), [.quorum]),
  ]

  /// Workers 0 to 2 have sent a momentum of step 0, worker 3 one of step 1.
  @Test(arguments: updates) func updatesNeedThreeMomentums(contributors: [NodeID], expected: [Violation.Invariant]) {
    var run = Watched()
    run.accepts(.server(0), .momentum, 0, from: workers(0, 1, 2))
    run.accepts(.server(0), .momentum, 1, from: workers(3))
    // What others got does not count.
    run.accepts(.server(1), .momentum, 0, from: workers(3))
    run.updates(.server(0), to: 1, 1, with: contributors)
    #expect(run.reported == expected)
    #expect(run.checker.violations.allSatisfy { $0.node == .server(0) })
  }

  private static let estimates: [(contributors: [NodeID], expected: [Violation.Invariant])] = [
    (servers(0, 1, 2, 3), []), (servers(0, 1, 2), [.quorum]), (servers(0, 1, 2, 4), [.quorum]),
    (servers(0, 1, 2, 2), [.quorum]),
  ]

  @Test(arguments: estimates) func estimatesNeedFourModels(contributors: [NodeID], expected: [Violation.Invariant]) {
    var run = Watched()
    run.accepts(.worker(0), .model, 0, from: servers(0, 1, 2, 3))
    run.estimates(.worker(0), 0, with: contributors)
    #expect(run.reported == expected)
  }

  private static let adoptions: [(contributors: [NodeID], expected: [Violation.Invariant])] = [
    (servers(0, 1, 2), []), (servers(0, 1), [.quorum]), (servers(0, 1, 3), [.quorum]),
  ]

  @Test(arguments: adoptions) func adoptionsNeedThreeModels(contributors: [NodeID], expected: [Violation.Invariant]) {
    var run = Watched()
    for server in servers(0, 1, 2) { run.advances(server, to: 1, 1) }
    run.accepts(.server(4), .model, 1, from: servers(0, 1, 2))
    run.adopts(.server(4), 1, 1, from: contributors)
    #expect(run.reported == expected)
  }

  @Test(arguments: [(servers(1, 2, 3), []), (servers(1, 2), [Violation.Invariant.quorum])])
  func gathersNeedThreeOthersModels(others: [NodeID], expected: [Violation.Invariant]) {
    var run = Watched()
    run.advances(.server(0), to: 1, 1)
    run.accepts(.server(0), .gatherModel, 1, from: others)
    run.advances(.server(0), to: 2, 1)
    #expect(run.reported == expected)
  }

  @Test func aRestartedNodeHasNothing() {
    var run = Watched()
    run.accepts(.server(0), .momentum, 0, from: workers(0, 1, 2))
    run.restarts(.server(0))
    run.updates(.server(0), to: 1, 1, with: workers(0, 1, 2))
    #expect(Set(run.reported) == [.quorum])
    #expect(run.reported.count == 3, "one for each momentum")
  }

  @Test func faultyNodesAreNotChecked() {
    var run = Watched(faulty: [.server(4)])
    run.updates(.server(4), to: 1, 1, with: [])
    run.updates(.server(3), to: 1, 1, with: [])
    #expect(run.checker.violations.map(\.node) == [.server(3)])
  }
}

@Suite struct RangeInvariantTests {
  /// Honest servers reach step 1 with 1, 2 and 4, a faulty one with 9.
  private var afterStepOne: Watched {
    var run = Watched(faulty: [.server(4)])
    for (server, value) in [(0, 1), (1, 2), (2, 4), (4, 9)] as [(Int, Float)] {
      run.advances(.server(server), to: 1, value)
    }
    return run
  }

  @Test(arguments: [(1, 1), (1, 2.5), (1, 4), (0, 0)] as [(Int, Float)])
  func estimatesBetweenHonestModelsAreFine(step: Int, value: Float) {
    var run = afterStepOne
    run.does(.worker(0), .computeGradient(step: step, draw: 0, at: Vector([value])))
    #expect(run.reported == [])
  }

  @Test(arguments: [(1, 0.99), (1, 4.01), (1, 9), (0, 0.01)] as [(Int, Float)])
  func estimatesOutsideAreReported(step: Int, value: Float) {
    var run = afterStepOne
    run.does(.worker(0), .computeGradient(step: step, draw: 0, at: Vector([value])))
    #expect(run.reported == [.range])
    // What adversaries estimate with is theirs.
    run.does(.worker(0), .computeGradient(step: step, draw: 1, at: Vector([value])))
    #expect(run.reported == [.range])
  }

  @Test(arguments: [(1, []), (4, []), (0.99, [.range]), (4.01, [.range])] as [(Float, [Violation.Invariant])])
  func adoptionsLieBetweenHonestModels(value: Float, expected: [Violation.Invariant]) {
    var run = afterStepOne
    run.accepts(.server(3), .model, 1, from: servers(0, 1, 4))
    run.adopts(.server(3), 1, value, from: servers(0, 1, 4))
    #expect(run.reported == expected)
  }

  @Test(arguments: [(1, []), (4, []), (0.99, [.range]), (4.01, [.range])] as [(Float, [Violation.Invariant])])
  func sentModelsAreThoseThatWereReached(value: Float, expected: [Violation.Invariant]) {
    var run = afterStepOne
    run.sends(.server(0), .model, 1, value)
    #expect(run.reported == expected)
  }

  @Test(
    arguments: [(5, []), (7, []), (4.99, [.range]), (7.01, [.range]), (1, [.range])]
      as [(Float, [Violation.Invariant])])
  func gathersLieBetweenHonestPreGatherModels(value: Float, expected: [Violation.Invariant]) {
    var run = afterStepOne
    for (server, value) in [(0, 5), (1, 6), (2, 7), (4, 20)] as [(Int, Float)] {
      run.sends(.server(server), .gatherModel, 1, value)
    }
    run.accepts(.server(0), .gatherModel, 1, from: servers(1, 2, 4))
    run.advances(.server(0), to: 2, value)
    #expect(run.reported == expected)
    // The same without momentums of its own, the models being enough.
    var other = afterStepOne
    for (server, value) in [(1, 5), (2, 7), (4, 20)] as [(Int, Float)] {
      other.sends(.server(server), .gatherModel, 1, value)
    }
    other.accepts(.server(0), .gatherModel, 1, from: servers(1, 2, 4))
    other.adopts(.server(0), 2, value, from: servers(0, 1, 2, 4))
    #expect(other.reported == expected)
  }

  /// Only a gather contracts: with momentums alone a server goes where these lead.
  @Test func updatesLeadAnywhere() {
    var run = afterStepOne
    run.advances(.server(3), to: 1, 100)
    #expect(run.reported == [])
  }
}

@Suite struct MonotonicityInvariantTests {
  @Test(arguments: [(4, []), (9, []), (3, [.monotonicity]), (2, [.monotonicity])] as [(Int, [Violation.Invariant])])
  func stepsGrow(step: Int, expected: [Violation.Invariant]) {
    var run = Watched()
    for server in servers(0, 1, 2, 3) {
      for step in [3, step] { run.accepts(server, .model, step, from: servers(0, 1, 2, 4)) }
    }
    run.adopts(.server(0), 3, 1, from: servers(1, 2, 4))
    run.adopts(.server(0), step, 1, from: servers(1, 2, 4))
    #expect(run.reported == expected)
  }

  @Test(arguments: [(3, []), (2, [.monotonicity]), (1, [.monotonicity])] as [(Int, [Violation.Invariant])])
  func workersGoOn(step: Int, expected: [Violation.Invariant]) {
    var run = Watched()
    for step in [2, step] {
      run.accepts(.worker(0), .model, step, from: servers(0, 1, 2, 3))
      run.estimates(.worker(0), step, with: servers(0, 1, 2, 3))
    }
    #expect(run.reported == expected)
  }

  @Test func aRestartedNodeBeginsAnew() {
    var run = Watched()
    run.advances(.server(0), to: 1, 1)
    run.restarts(.server(0))
    run.advances(.server(0), to: 1, 1)
    #expect(run.reported == [])
  }
}

@Suite struct ConsistencyInvariantTests {
  @Test func theSameAgainIsFine() {
    var run = Watched(faulty: [.worker(3)])
    for _ in 0..<2 {
      run.sends(.worker(0), .momentum, 3, 1)
      run.sends(.worker(0), .momentum, 4, 2)
      run.sends(.worker(1), .momentum, 3, 5)
      run.sends(.server(0), .gatherModel, 3, 7)
      run.sends(.server(0), .model, 3, 8)
    }
    // A faulty node says what it likes.
    for value in [1, 2] as [Float] { run.sends(.worker(3), .momentum, 3, value) }
    #expect(run.reported == [])
  }

  @Test(
    arguments: [(.momentum, .worker(0)), (.gatherModel, .server(0)), (.model, .server(0))]
      as [(VectorKind, NodeID)])
  func twoVectorsOfOneKindAndStepAreReported(kind: VectorKind, node: NodeID) {
    var run = Watched()
    run.sends(node, kind, 3, 1)
    run.sends(node, kind, 3, 2)
    #expect(run.reported == [.consistency])
    run.sends(node, kind, 3, 1)
    #expect(run.reported == [.consistency])
  }

  @Test func aRestartedNodeOwesNothing() {
    var run = Watched()
    run.sends(.worker(0), .momentum, 3, 1)
    run.restarts(.worker(0))
    run.sends(.worker(0), .momentum, 3, 2)
    #expect(run.reported == [])
  }
}

/// The grace of 5 ms is over after one millisecond more.
@Suite struct ProgressInvariantTests {
  @Test(arguments: [(4, 16_000, 0), (4, 16_001, 1), (3, 1_000_000, 0)])
  func aWorkerGoesOnWithFourModels(models: Int, time: Int, expected: Int) {
    var run = Watched()
    run.accepts(.worker(0), .model, 0, from: Array(servers(0, 1, 2, 3).prefix(models)))
    run.settles(.worker(0), atMicroseconds: 10_000)
    run.settles(.worker(0), atMicroseconds: time)
    #expect(run.reported == Array(repeating: .progress, count: expected))
    // Once is enough.
    run.settles(.worker(0), atMicroseconds: time + 1)
    #expect(run.reported.count <= 1)
  }

  @Test func theSameSenderTwiceIsNoQuorum() {
    var run = Watched()
    run.accepts(.worker(0), .model, 0, from: servers(0, 1, 2, 2))
    run.accepts(.worker(0), .model, 1, from: servers(3))
    for time in [10_000, 1_000_000] { run.settles(.worker(0), atMicroseconds: time) }
    #expect(run.reported == [])
  }

  @Test func aGradientTakesItsTime() {
    var run = Watched()
    run.does(.worker(0), .computeGradient(step: 0, draw: 0, at: Vector([0])))
    run.accepts(.worker(0), .model, 1, from: servers(0, 1, 2, 3))
    for time in [10_000, 1_000_000] { run.settles(.worker(0), atMicroseconds: time) }
    #expect(run.reported == [])
    run.hasComputed(.worker(0))
    run.settles(.worker(0), atMicroseconds: 2_000_000)
    run.settles(.worker(0), atMicroseconds: 2_006_000)
    #expect(run.reported == [])
    run.settles(.worker(0), atMicroseconds: 2_006_001)
    #expect(run.reported == [.progress])
  }

  @Test(arguments: [(3, 16_000, 0), (3, 16_001, 1), (2, 1_000_000, 0)])
  func aServerGoesOnWithThreeMomentums(momentums: Int, time: Int, expected: Int) {
    var run = Watched()
    run.accepts(.server(0), .momentum, 0, from: Array(workers(0, 1, 2).prefix(momentums)))
    for time in [10_000, time] { run.settles(.server(0), atMicroseconds: time) }
    #expect(run.reported == Array(repeating: .progress, count: expected))
  }

  /// Models of a gather count when they come early, but only from when the server takes part in it.
  @Test(
    arguments: [(servers(1, 2, 3), true, [.progress]), (servers(1, 2, 3), false, []), (servers(1, 2), true, [])]
      as [([NodeID], Bool, [Violation.Invariant])])
  func aServerGathersWithThreeOthersModels(others: [NodeID], takesPart: Bool, expected: [Violation.Invariant]) {
    var run = Watched()
    run.accepts(.server(0), .gatherModel, 1, from: others)
    run.advances(.server(0), to: 1, 1)
    if takesPart { run.sends(.server(0), .gatherModel, 1, 1) }
    for time in [10_000, 16_001] { run.settles(.server(0), atMicroseconds: time) }
    #expect(run.reported == expected)
  }

  @Test func whoGoesOnIsNotReported() {
    var run = Watched()
    run.accepts(.server(0), .momentum, 0, from: workers(0, 1, 2))
    run.settles(.server(0), atMicroseconds: 10_000)
    run.updates(.server(0), to: 1, 1, with: workers(0, 1, 2))
    run.settles(.server(0), atMicroseconds: 1_000_000)
    #expect(run.reported == [])
  }
}

@Suite struct SurvivalInvariantTests {
  @Test(
    arguments: [(.diverge(step: 3), [.survival]), (.crash, [.survival]), (.finish, [])]
      as [(Action, [Violation.Invariant])])
  func honestNodesStay(action: Action, expected: [Violation.Invariant]) {
    var run = Watched(faulty: [.server(4)])
    run.does(.server(4), action)
    #expect(run.reported == [])
    run.does(.server(0), action)
    #expect(run.reported == expected)
  }
}
