import ByzAdversary
import ByzAggregation
import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology
import Testing

@testable import ByzSimulation

/// A quadratic run in `mode`, with the fewest nodes that it permits, under a Delta that is not measured unless there is
/// a `floor`.
private func quadratic(
  in mode: TrainingMode, servers: (Int, Int) = (3, 1), workers: (Int, Int) = (5, 2), steps: Int = 60,
  gatherEvery: Int = 5, delta: Int = 200, floor: Int? = nil, dimension: Int = 3, noise: Double = 1,
  faults: [NodeID: FaultSpecification] = [:], schedule: Schedule = Schedule()
) -> Topology {
  Topology(
    name: "quadratic", seed: 1, model: .analytic(.quadratic(dimension: dimension, noise: noise)),
    training: TrainingParameters(
      mode: mode, steps: steps, gatherEvery: gatherEvery, learningRate: LearningRate(initial: 0.2), momentum: nil),
    batch: 1, evaluateEvery: steps, quorums: Quorums(servers: servers, workers: workers, in: mode),
    patience: Patience(
      startGraceMilliseconds: 0, delay: DelayBound(milliseconds: delta, floorMilliseconds: floor ?? delta),
      askAgainMilliseconds: 20, lingerMilliseconds: 10_000_000, retainedSteps: 3),
    faults: faults, schedule: schedule, rule: MinimumDiameterAveraging())
}

private let filtered = TrainingMode.synchronous(.filtered(.own))
private let reversed = FaultSpecification(name: "reversed")

extension ModelPull {
  fileprivate static let all = LipschitzBatch.allCases.flatMap { [ModelPull.filtered($0), .certified($0)] }
}

/// What synchronous scenarios are drawn.
@Suite struct SynchronousScenarioTests {
  private static let scenarios = (0..<100).map { Swarm.synchronousScenario(seed: $0) }

  @Test func everyScenarioKeepsToTheDeclaredBounds() {
    for topology in Self.scenarios {
      let (quorums, mode) = (topology.quorums, topology.training.mode)
      #expect(mode.isSynchronous, "seed \(topology.seed)")
      #expect(quorums.violations(under: topology.rule, in: mode).isEmpty, "seed \(topology.seed)")
      for (role, group) in [(Role.server, quorums.servers), (.worker, quorums.workers)] {
        #expect(topology.faults.keys.count { $0.role == role } <= group.byzantine, "seed \(topology.seed)")
      }
      for (node, fault) in topology.faults {
        #expect(quorums.contains(node), "seed \(topology.seed)")
        #expect(FaultCatalogue.violation(of: fault, on: node) == nil, "seed \(topology.seed)")
      }
      let delay = topology.patience.delay
      #expect((0...delay.milliseconds).contains(delay.floorMilliseconds), "seed \(topology.seed)")
    }
  }

  @Test func everyScenarioIsReadBackFromItsFile() throws {
    for topology in Self.scenarios {
      #expect(try Topology(yaml: topology.yaml, file: "scenario.yaml") == topology, "seed \(topology.seed)")
    }
  }

  @Test func theSeedDecides() {
    for (seed, topology) in Self.scenarios.enumerated() {
      #expect(Swarm.synchronousScenario(seed: UInt64(seed)).yaml == topology.yaml, "seed \(seed)")
    }
    // Without name and seed.
    #expect(Set(Self.scenarios.map { $0.yaml.split(separator: "\n").dropFirst(2).joined() }).count > 95)
  }

  @Test func stepsCanBeGiven() {
    #expect((0..<50).allSatisfy { Swarm.synchronousScenario(seed: $0, steps: 7).training.steps == 7 })
    #expect(Set(Self.scenarios.map(\.training.steps)).subtracting([100]).isSubset(of: 1...20))
  }

  @Test func calmAndHostileOnesOccur() {
    let calm = Self.scenarios.filter(Simulation.holdsDelta)
    // Half of them, give or take six deviations.
    #expect((20...80).contains(calm.count))
    #expect(calm.contains { !$0.faults.isEmpty } && calm.contains { !$0.schedule.slow.isEmpty })
    let hostile = Self.scenarios.filter { !Simulation.holdsDelta($0) }
    #expect(hostile.contains { !$0.schedule.cuts.isEmpty } && hostile.contains { !$0.schedule.restarts.isEmpty })
    #expect(hostile.contains { $0.schedule.adversary != nil } && hostile.contains { $0.schedule.late != nil })
    #expect(hostile.contains { $0.patience.delay.isMeasured } && hostile.contains { !$0.patience.delay.isMeasured })
    #expect(hostile.contains { $0.faults.values.contains { $0.contains("arbitrary") } })
  }

  @Test func bothWaysOfPullingAndTheFewestNodesOccur() {
    for pull in ModelPull.all {
      #expect(Self.scenarios.contains { $0.training.mode == .synchronous(pull) }, "\(pull)")
    }
    func isLeast(_ group: Group) -> Bool { group.byzantine > 0 && group.count == 2 * group.byzantine + 1 }
    for isCalm in [true, false] {
      #expect(
        Self.scenarios.contains {
          Simulation.holdsDelta($0) == isCalm && isLeast($0.quorums.servers) && isLeast($0.quorums.workers)
        })
    }
  }
}

@Suite struct SynchronousSwarmTests {
  @Test func scenariosHoldAllInvariants() {
    let seeds = 0..<150 as Range<UInt64>
    let tally = Swarm.test(.synchronous, seeds: seeds, planting: nil) { _ in true }
    #expect(tally.findings.isEmpty, "\(tally.findings.map { "seed \($0.seed): \($0.violations)" })")
    #expect(tally.scenarios == seeds.count)
    // They are the synchronous ones.
    #expect(tally.steps == seeds.reduce(0) { $0 + Swarm.synchronousScenario(seed: $1).training.steps })
  }

  /// Every fiftieth scenario is run twice by the swarm test, too.
  @Test(arguments: [0, 1, 2, 3, 50, 51] as [UInt64]) func scenariosAreDeterministic(seed: UInt64) throws {
    let (topology, finding) = Swarm.test(.synchronous, seed: seed, steps: 20)
    #expect(topology == Swarm.synchronousScenario(seed: seed, steps: 20))
    #expect(finding?.violations.contains { $0.invariant == .determinism } != true)
    let (one, other) = (watch(topology), watch(topology))
    #expect(one.occurrences.map(\.description) == other.occurrences.map(\.description))
    #expect(one.result.digest == other.result.digest)
    #expect((one.result.end, one.result.events) == (other.result.end, other.result.events))
    // Whoever gets the file sees the same.
    let read = try Topology(yaml: topology.yaml, file: "scenario.yaml")
    #expect(Swarm.run(read).digest == one.result.digest)
  }

  @Test func modesShowInTheDigest() {
    let modes = [TrainingMode.asynchronous] + ModelPull.all.map(TrainingMode.synchronous)
    let digests = modes.map { Swarm.run(quadratic(in: $0, servers: (5, 1), workers: (7, 2))).digest }
    #expect(Set(digests).count == modes.count)
  }
}

/// Whether it is certain that Delta holds: for three servers, a delay of up to 1 ms and a gradient that takes 1 ms, if
/// it is at least twice the 4 * (2 * 1 + 2 * 1) ms that a step takes with every server asked in turn.
@Suite struct DeltaTests {
  private static let schedule = Schedule(delay: 0.1...1, gradient: 1)

  @Test(arguments: [(32, true), (33, true), (31, false), (0, false)]) func itMustExceedTwoSteps(delta: Int, holds: Bool)
  {
    #expect(Simulation.holdsDelta(quadratic(in: filtered, delta: delta, schedule: Self.schedule)) == holds)
  }

  /// What goes to and from a node that is 5 ms slower takes 5 ms more, between two of them 10: 4 * (2 * 11 + 2) ms.
  @Test(arguments: [(192, true), (191, false)]) func stragglersCount(delta: Int, holds: Bool) {
    let schedule = Schedule(delay: 0.1...1, gradient: 1, slow: [.worker(0): 5])
    #expect(Simulation.holdsDelta(quadratic(in: filtered, delta: delta, schedule: schedule)) == holds)
  }

  @Test func itIsNotMeasuredAndTheRunIsSynchronous() {
    #expect(!Simulation.holdsDelta(quadratic(in: filtered, delta: 200, floor: 199)))
    #expect(!Simulation.holdsDelta(quadratic(in: .asynchronous, servers: (5, 1), workers: (7, 2))))
    #expect(ModelPull.all.allSatisfy { Simulation.holdsDelta(quadratic(in: .synchronous($0))) })
  }

  private static let disturbed: [Schedule] = [
    Schedule(late: Schedule.Late(share: 0.1, upTo: 1)), Schedule(loss: Schedule.Loss(share: 0.1, again: 1)),
    Schedule(cuts: [Schedule.Cut([.server(0)], from: 1, to: 2)]),
    Schedule(restarts: [Schedule.Restart(.server(0), at: 1, after: 1)]),
    Schedule(adversary: Schedule.NetworkAdversary(starves: .behind, hold: 1)),
  ]

  @Test(arguments: disturbed) func nothingElseComesBetweenNodes(schedule: Schedule) {
    #expect(!Simulation.holdsDelta(quadratic(in: filtered, schedule: schedule)))
  }

  @Test(
    arguments: [
      ("reversed", true), ("random", true), ("little-is-enough", true), ("arbitrary", false), ("partial", false),
      ("slow", false), ("dawdle", false),
    ])
  func faultyNodesTreatAllAlike(name: String, holds: Bool) {
    let topology = quadratic(in: filtered, faults: [.worker(0): FaultSpecification(name: name)])
    #expect(Simulation.holdsDelta(topology) == holds)
  }

  private static let stall = [Violation(invariant: .liveness, time: .start, node: nil, sentence: "")]

  private func isKnownStall(_ topology: Topology, _ violations: [Violation] = DeltaTests.stall) -> Bool {
    Swarm.Finding(seed: 1, topology: topology, violations: violations).isKnownStall
  }

  /// A server that was left behind needs others to rejoin with, and while Delta holds none is left behind.
  @Test func stallsAreKnownToBePossibleWhereNobodyCanRejoin() {
    let late = Schedule(late: Schedule.Late(share: 0.1, upTo: 1))
    // 7 - 3 = 4 honest servers, of which 2 * 3 - 1 = 5 are needed.
    #expect(isKnownStall(quadratic(in: filtered, servers: (7, 3), schedule: late)))
    #expect(!isKnownStall(quadratic(in: filtered, servers: (7, 3))))
    // 5 - 2 = 3 are as many as are needed; a faulty one among them may fall silent.
    #expect(!isKnownStall(quadratic(in: filtered, servers: (5, 2), schedule: late)))
    #expect(isKnownStall(quadratic(in: filtered, servers: (5, 2), faults: [.server(4): reversed], schedule: late)))
    let other = Violation(invariant: .range, time: .start, node: nil, sentence: "")
    #expect(!isKnownStall(quadratic(in: filtered, servers: (7, 3), schedule: late), Self.stall + [other]))
  }
}

/// n = 2 f + 1 for both roles: 3 servers and 5 workers, of which one and two send everything reversed, a hundred times
/// as long. Delta is 200 ms where a step takes 16 at most.
@Suite struct FewestNodesTests {
  private static let liars: [NodeID: FaultSpecification] = [
    .server(2): reversed, .worker(3): reversed, .worker(4): reversed,
  ]

  /// The models that the honest servers end with, and all that happened. Without `faults` the same servers are looked
  /// at.
  private func train(
    _ pull: ModelPull, steps: Int, dimension: Int, noise: Double, faults: [NodeID: FaultSpecification]
  ) throws -> (models: [Vector], reports: [(node: NodeID, report: Report)]) {
    let topology = quadratic(
      in: .synchronous(pull), steps: steps, dimension: dimension, noise: noise, faults: faults)
    #expect(Simulation.holdsDelta(topology))
    let (result, occurrences) = watch(topology)
    #expect(result.violations == [])
    #expect(result.steps.allSatisfy { faults[$0.key] != nil || $0.value == steps })
    let reports = occurrences.compactMap { occurrence -> (node: NodeID, report: Report)? in
      guard case .reported(let report) = occurrence.what, Self.liars[occurrence.node] == nil else { return nil }
      return (occurrence.node, report)
    }
    let models = reports.compactMap { _, report -> Vector? in
      guard case .updated(steps, let parameters, _, _) = report else { return nil }
      return parameters
    }
    try #require(models.count == 2)
    return (models, reports)
  }

  /// With a gradient's noise of 1 in each coordinate, an average of three and a learning rate of 0.2, the square of a
  /// coordinate's distance from the minimum comes to 0.2^2 / 3 / (1 - 0.8^2) = 1 / 27 in the mean, and the loss in 20
  /// coordinates to 10 / 27 = 0.37, give or take 0.37 * sqrt(2 / 20) = 0.12. Two losses that differ by no more than
  /// noise are within six deviations of a difference, 6 * sqrt(2) * 0.12, of each other: 1. At the beginning the loss
  /// is about 10, and who goes where the liars lead comes to more than that.
  @Test(arguments: ModelPull.all) func theLossIsAsLowAsWithoutFaults(pull: ModelPull) throws {
    let (steps, dimension) = (60, 20)
    let problem = AnalyticProblem.quadratic(dimension: dimension, noise: 1)
    let evaluator = problem.evaluator(seed: 1)
    #expect(try evaluator.evaluate(problem.initialParameters(seed: 1)).loss > 5)
    let attacked = try train(pull, steps: steps, dimension: dimension, noise: 1, faults: Self.liars)
    let spared = try train(pull, steps: steps, dimension: dimension, noise: 1, faults: [:])
    for (model, other) in zip(attacked.models, spared.models) {
      let (loss, expected) = (try evaluator.evaluate(model).loss, try evaluator.evaluate(other).loss)
      #expect(abs(loss - expected) < 1, "\(loss), and \(expected) without faults")
    }
    // Its model was turned away whenever it was pulled, for what it is, and only in a median it was there.
    let reasons = attacked.reports.compactMap { _, report -> String? in
      guard case .refused(_, .server(2), let refusal) = report else { return nil }
      return refusal.name
    }
    #expect(Set(reasons) == [pull.isCertified ? "digest" : "outliers"])
    for (_, report) in attacked.reports {
      guard case .estimated(_, _, let contributors, let source) = report, source != .median else { continue }
      #expect(!contributors.contains(.server(2)))
    }
  }

  /// Without noise all honest gradients of a step are equal, and so are the three closest together, their average, the
  /// two honest models and any median that has both in it: the liars leave no trace, to the bit.
  @Test(arguments: LipschitzBatch.allCases) func whereHonestNodesAgreeLiarsLeaveNoTrace(batch: LipschitzBatch) throws {
    let pull = ModelPull.certified(batch)
    let attacked = try train(pull, steps: 30, dimension: 3, noise: 0, faults: Self.liars)
    let spared = try train(pull, steps: 30, dimension: 3, noise: 0, faults: [:])
    #expect(attacked.models == spared.models && attacked.models[0] == attacked.models[1])
    // From step 1 on worker j pulls from server 2 where 3 divides j + t - 2: at 10, 10 and 9 of 29 steps. The two
    // others agree on another digest, and one of them gives the model.
    var (refusals, medians, certified) = ([NodeID: Int](), 0, 0)
    for (node, report) in attacked.reports {
      switch report {
      case .refused(_, let server, let refusal):
        #expect(server == .server(2) && refusal == .digest)
        refusals[node, default: 0] += 1
      case .estimated(let step, _, let contributors, .median):
        #expect(step == 0 && contributors.count == 3)
        medians += 1
      case .estimated(_, _, let contributors, let source):
        #expect(source == .certified && contributors.count == 1)
        certified += 1
      default: break
      }
    }
    #expect(refusals == [.worker(0): 10, .worker(1): 10, .worker(2): 9])
    #expect(medians == 3 && certified == 3 * 29)
  }
}

/// From 30 to 130 ms, five times as long as Delta, nobody reaches anybody.
@Suite struct TotalCutTests {
  @Test(arguments: [ModelPull.filtered(.own), .certified(.own)], [false, true])
  func aRunGoesOnWhenLinksAreBack(pull: ModelPull, isLossy: Bool) {
    let nodes = (0..<5).map(NodeID.server) + (0..<7).map(NodeID.worker)
    let cuts = nodes.map { Schedule.Cut([$0], from: 30, to: 130, isLossy: isLossy) }
    for gatherEvery in [3, 50] {
      let (result, occurrences) = watch(
        quadratic(
          in: .synchronous(pull), servers: (5, 1), workers: (7, 2), gatherEvery: gatherEvery, delta: 20,
          schedule: Schedule(delay: 0.1...1, gradient: 1, cuts: cuts)))
      #expect(result.violations == [], "T = \(gatherEvery)")
      #expect(nodes.allSatisfy { result.steps[$0] == 60 }, "T = \(gatherEvery)")
      // What is under way arrives within 1 ms and a gradient is there 1 ms later; then servers may have their quorum,
      // and in a gather, too, and have waited for the rest by 72 ms.
      let updates = occurrences.compactMap { occurrence -> Int? in
        if case .reported(.updated) = occurrence.what { occurrence.time.microseconds } else { nil }
      }
      #expect(!updates.contains { (72_000..<130_000).contains($0) }, "T = \(gatherEvery)")
      #expect(updates.contains { $0 < 72_000 } && updates.contains { $0 > 130_000 }, "T = \(gatherEvery)")
      guard gatherEvery == 50 else { continue }
      // A step takes 1.2 ms at least: before the cut no worker comes to the gather after 50, so that all are pulling,
      // and wait in vain for one server after the other.
      let waited = occurrences.compactMap { occurrence -> NodeID? in
        guard case .reported(.refused(_, _, .absent)) = occurrence.what else { return nil }
        return (30_000..<130_000).contains(occurrence.time.microseconds) ? occurrence.node : nil
      }
      #expect(Set(waited) == Set(nodes.filter { $0.role == .worker }))
    }
  }
}
