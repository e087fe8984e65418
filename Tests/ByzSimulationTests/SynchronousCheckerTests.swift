import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzSimulation

private let filtered = TrainingMode.synchronous(.filtered(.own))

/// While Delta holds no honest node is missed; whether it holds, the checker is told.
@Suite struct SynchronyInvariantTests {
  /// What is reported if Delta holds, and nothing of that if it does not.
  private func expect(_ missed: [NodeID], _ watch: (_ holdsDelta: Bool) -> Watched) {
    let run = watch(true)
    #expect(run.reported == Array(repeating: .synchrony, count: missed.count))
    for (node, violation) in zip(missed, run.checker.violations) {
      #expect(violation.sentence.contains("of \(node), which is honest"))
    }
    #expect(watch(false).reported == [])
  }

  private static let updates: [(faulty: Set<NodeID>, contributors: [NodeID], missed: [NodeID])] = [
    ([], workers(0, 1, 2, 3), []), ([], workers(0, 1, 2), workers(3)), ([], workers(0, 2, 3), workers(1)),
    ([.worker(3)], workers(0, 1, 2), []), ([.worker(3)], workers(0, 1, 3), workers(2)),
  ]

  @Test(arguments: updates)
  func updatesMissNoHonestWorker(faulty: Set<NodeID>, contributors: [NodeID], missed: [NodeID]) {
    expect(missed) { holdsDelta in
      var run = Watched(faulty: faulty, in: filtered, holdsDelta: holdsDelta)
      run.accepts(.server(0), .momentum, 0, from: contributors)
      run.updates(.server(0), to: 1, 1, with: contributors)
      return run
    }
  }

  private static let estimates: [(faulty: Set<NodeID>, contributors: [NodeID], missed: [NodeID])] = [
    ([], servers(0, 1, 2, 3, 4), []), ([], servers(0, 1, 2, 3), servers(4)),
    ([.server(4)], servers(0, 1, 2, 3), []), ([.server(4)], servers(0, 1, 3, 4), servers(2)),
  ]

  @Test(arguments: estimates)
  func mediansMissNoHonestServer(faulty: Set<NodeID>, contributors: [NodeID], missed: [NodeID]) {
    expect(missed) { holdsDelta in
      var run = Watched(faulty: faulty, in: filtered, holdsDelta: holdsDelta)
      run.accepts(.worker(0), .model, 0, from: contributors)
      run.computes(.worker(0), 0, at: 0)
      run.estimates(.worker(0), 0, with: contributors)
      return run
    }
  }

  private static let gathers: [(faulty: Set<NodeID>, others: [NodeID], missed: [NodeID])] = [
    ([], servers(1, 2, 3, 4), []), ([], servers(1, 2, 3), servers(4)), ([.server(4)], servers(1, 2, 3), []),
    ([.server(4)], servers(1, 3, 4), servers(2)),
  ]

  /// A server's own model is there for certain. The only worker that takes no part is faulty.
  @Test(arguments: gathers)
  func gathersMissNoHonestServer(faulty: Set<NodeID>, others: [NodeID], missed: [NodeID]) {
    expect(missed) { holdsDelta in
      var run = Watched(faulty: faulty.union(workers(3)), in: filtered, holdsDelta: holdsDelta)
      run.advances(.server(0), to: 1, 1)
      run.accepts(.server(0), .gatherModel, 1, from: others)
      run.advances(.server(0), to: 2, 1)
      return run
    }
  }

  /// Whoever takes a single server's model misses nobody.
  @Test(arguments: [ModelSource.filtered, .certified]) func aPulledModelNeedsNobodyElse(source: ModelSource) {
    expect([]) { holdsDelta in
      var run = Watched(in: filtered, holdsDelta: holdsDelta)
      run.accepts(.worker(0), .model, 0, from: servers(3))
      run.computes(.worker(0), 0, at: 0)
      run.estimates(.worker(0), 0, with: servers(3), as: source)
      return run
    }
  }

  /// An asynchronous run promises nothing of the kind, and its checker is not told that it does.
  @Test func asynchronousRunsMissWhomTheyLike() {
    var run = Watched()
    run.advances(.server(0), to: 1, 1)
    run.accepts(.worker(0), .model, 0, from: servers(0, 1, 2, 3))
    run.estimates(.worker(0), 0, with: servers(0, 1, 2, 3))
    #expect(run.reported == [])
  }
}

/// 3 servers of which 1 may be Byzantine, quorum 2; 5 workers of which 2 may be, quorum 3. Servers 0 and 1 are honest
/// and have reached step 1 with 1 and 2.
@Suite struct FewServersTests {
  private func afterStepOne(holdsDelta: Bool) -> Watched {
    var run = Watched(
      faulty: Set(servers(2) + workers(3, 4)), in: filtered,
      quorums: Quorums(servers: (3, 1), workers: (5, 2), in: filtered), holdsDelta: holdsDelta)
    for (server, value) in [(0, 1), (1, 2)] as [(Int, Float)] { run.advances(.server(server), to: 1, value) }
    return run
  }

  /// Two servers of which one lies may lead anybody anywhere, unless all honest ones are in time.
  @Test(arguments: [(1, false), (2, false), (1.5, false), (0.99, true), (2.01, true)] as [(Float, Bool)])
  func valuesLieBetweenHonestOnesWhileDeltaHolds(value: Float, isOutside: Bool) {
    for holdsDelta in [true, false] {
      let expected: [Violation.Invariant] = isOutside && holdsDelta ? [.range] : []
      var estimating = afterStepOne(holdsDelta: holdsDelta)
      estimating.accepts(.worker(0), .model, 1, from: servers(0, 1))
      estimating.computes(.worker(0), 1, at: value)
      estimating.estimates(.worker(0), 1, with: servers(0, 1))
      #expect(estimating.reported == expected)
      var sending = afterStepOne(holdsDelta: holdsDelta)
      sending.sends(.server(0), .model, 1, value)
      #expect(sending.reported == expected)
      var gathering = afterStepOne(holdsDelta: holdsDelta)
      for (server, model) in [(0, 1), (1, 2)] as [(Int, Float)] {
        gathering.sends(.server(server), .gatherModel, 1, model)
      }
      gathering.accepts(.server(0), .gatherModel, 1, from: servers(1))
      gathering.advances(.server(0), to: 2, value)
      #expect(gathering.reported == expected)
    }
  }

  /// Two others are enough to rejoin with. While Delta holds nobody has reason to, and else what he adopts may be
  /// anything.
  @Test(arguments: [1.5, 99] as [Float]) func whoRejoinsWasNotInTime(value: Float) {
    for holdsDelta in [true, false] {
      var run = afterStepOne(holdsDelta: holdsDelta)
      run.accepts(.server(0), .model, 3, from: servers(1, 2))
      run.adopts(.server(0), 3, value, from: servers(1, 2))
      #expect(run.reported == (holdsDelta ? [.synchrony] : []))
    }
    var alone = afterStepOne(holdsDelta: false)
    alone.accepts(.server(0), .model, 3, from: servers(1))
    alone.adopts(.server(0), 3, value, from: servers(1))
    #expect(alone.reported == [.quorum])
  }
}

/// What a worker of a synchronous run takes its gradient at. Honest servers have reached step 1 with 1, 2 and 4, a
/// faulty one says 9.
@Suite struct PulledModelTests {
  private var afterStepOne: Watched {
    var run = Watched(faulty: [.server(4)], in: filtered)
    for (server, value) in [(0, 1), (1, 2), (2, 4)] as [(Int, Float)] { run.advances(.server(server), to: 1, value) }
    run.accepts(.worker(0), .model, 1, from: servers(0, 1, 2, 4))
    return run
  }

  @Test(
    arguments: [(1, []), (2, []), (4, []), (1.5, [.range]), (9, [.range]), (0, [.range])]
      as [(Float, [Violation.Invariant])])
  func whatIsCertifiedIsAnHonestServersModel(value: Float, expected: [Violation.Invariant]) {
    var run = afterStepOne
    run.computes(.worker(0), 1, at: value)
    run.estimates(.worker(0), 1, with: servers(4), as: .certified)
    #expect(run.reported == expected)
    #expect(run.checker.violations.allSatisfy { $0.node == .worker(0) && $0.sentence.contains("certified") })
  }

  @Test(arguments: [(0, []), (-0.0, [.range]), (1, [.range])] as [(Float, [Violation.Invariant])])
  func theFirstModelIsKnownToo(value: Float, expected: [Violation.Invariant]) {
    var run = afterStepOne
    run.accepts(.worker(0), .model, 0, from: servers(0))
    run.computes(.worker(0), 0, at: value)
    run.estimates(.worker(0), 0, with: servers(0), as: .certified)
    #expect(run.reported == expected)
  }

  /// A model that was turned away at first, and then was sent by one more server, needs no second gradient.
  @Test func anyGradientOfTheStepMayBeThatOfTheCertifiedModel() {
    var run = afterStepOne
    for value in [2, 9] as [Float] { run.computes(.worker(0), 1, at: value) }
    run.estimates(.worker(0), 1, with: servers(1, 4), as: .certified)
    #expect(run.reported == [])
    // Those of former steps do not count: what a server reaches step 2 with is what the worker was at a step before.
    run.accepts(.server(0), .gatherModel, 1, from: servers(1, 2, 4))
    run.advances(.server(0), to: 2, 2)
    run.accepts(.worker(0), .model, 2, from: servers(0))
    run.computes(.worker(0), 2, at: 9)
    run.estimates(.worker(0), 2, with: servers(0), as: .certified)
    #expect(run.reported == [.range])
  }

  /// Nothing is certain of what filters let pass; a median is still checked.
  @Test(arguments: [1, 1.5, 4, 4.5, 9, 1e30] as [Float]) func whatIsFilteredMayBeAnything(value: Float) {
    var run = afterStepOne
    run.computes(.worker(0), 1, at: value)
    run.estimates(.worker(0), 1, with: servers(4), as: .filtered)
    #expect(run.reported == [])
    var other = afterStepOne
    other.computes(.worker(0), 1, at: value)
    other.estimates(.worker(0), 1, with: servers(0, 1, 2, 4))
    #expect(other.reported == (value > 4 ? [.range] : []))
  }

  private static let contributors: [(contributors: [NodeID], source: ModelSource, expected: [Violation.Invariant])] = [
    (servers(0), .filtered, []), (servers(0), .certified, []), (servers(0), .median, [.quorum]),
    (servers(0, 1, 2), .median, [.quorum]), (servers(0, 1, 2, 4), .median, []), (servers(0, 1), .certified, []),
    ([], .filtered, [.quorum]), ([], .certified, [.quorum]), (servers(0, 0), .certified, [.quorum]),
    // Server 3 has sent none.
    (servers(3), .filtered, [.quorum]), (servers(3), .certified, [.quorum]),
  ]

  @Test(arguments: contributors)
  func oneContributorIsEnoughUnlessItIsAMedian(
    contributors: [NodeID], source: ModelSource, expected: [Violation.Invariant]
  ) {
    var run = afterStepOne
    run.computes(.worker(0), 1, at: 1)
    run.estimates(.worker(0), 1, with: contributors, as: source)
    #expect(run.reported == expected)
  }

  /// It goes on with another model of the step, which then counts.
  @Test func aRefusalIsNoStep() {
    var run = afterStepOne
    for _ in 0..<2 { run.does(.worker(0), .report(.refused(step: 1, server: .server(4), .absent))) }
    run.computes(.worker(0), 1, at: 1)
    run.estimates(.worker(0), 1, with: servers(0), as: .filtered)
    #expect(run.reported == [])
  }

  /// Delta is 5 ms. A worker may wait twice that, on its way from one of the five servers to the next, and a
  /// millisecond at each; one more is over.
  @Test(arguments: [(26_000, []), (26_001, [.progress])] as [(Int, [Violation.Invariant])])
  func aWorkerMayTryOneServerAfterTheOther(time: Int, expected: [Violation.Invariant]) {
    var run = Watched(in: filtered)
    run.accepts(.worker(0), .model, 0, from: servers(0, 1, 2, 3))
    for time in [10_000, time] { run.settles(.worker(0), atMicroseconds: time) }
    #expect(run.reported == expected)
  }
}
