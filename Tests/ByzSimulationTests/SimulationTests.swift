import ByzAdversary
import ByzAggregation
import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology
import Testing

@testable import ByzSimulation

/// A quadratic run.
func quadratic(
  servers: (Int, Int) = (5, 1), workers: (Int, Int) = (4, 1), steps: Int = 60, noise: Double = 1, seed: UInt64 = 1,
  faults: [NodeID: FaultSpecification] = [:], schedule: Schedule = Schedule()
) -> Topology {
  Topology(
    name: "quadratic", seed: seed, model: .analytic(.quadratic(dimension: 3, noise: noise)),
    training: TrainingParameters(
      steps: steps, gatherEvery: 5, learningRate: LearningRate(initial: 0.2), momentum: nil),
    batch: 1, evaluateEvery: steps, quorums: Quorums(servers: servers, workers: workers),
    patience: Patience(
      graceMilliseconds: 0, startGraceMilliseconds: 0, askAgainMilliseconds: 20, lingerMilliseconds: 10_000_000,
      retainedSteps: 3),
    faults: faults, schedule: schedule, rule: MinimumDiameterAveraging())
}

/// A run, and all that happened in it.
func watch(_ topology: Topology) -> (result: Simulation.Result, occurrences: [Occurrence]) {
  var occurrences: [Occurrence] = []
  let result = Swarm.run(topology) { occurrences.append($0) }
  return (result, occurrences)
}

private let arbitrary = FaultSpecification(name: "arbitrary")
private let crash = FaultSpecification(name: "crash", parameters: ["step": 0])

/// Much that can happen to messages; nothing that happens to nodes.
private let rough = Schedule(
  delay: 0.5...4, late: Schedule.Late(share: 0.1, upTo: 30), loss: Schedule.Loss(share: 0.1, again: 5),
  slow: [.server(1): 3], cuts: [Schedule.Cut([.worker(0)], from: 20, to: 60)],
  adversary: Schedule.NetworkAdversary(starves: .behind, hold: 10))

/// Faulty workers that forge from honest momentums.
@Suite struct RushingTests {
  /// In how many quorums, the first five momentums to arrive, there was worker 5 or worker 6.
  private func admitted(_ fault: FaultSpecification, seed: UInt64) -> (some: Int, of: Int, forged: [Report]) {
    let (result, occurrences) = watch(
      quadratic(
        workers: (7, 2), steps: 40, seed: seed, faults: [.worker(5): fault, .worker(6): fault],
        schedule: Schedule(delay: 1...9)))
    #expect(result.violations == [])
    let quorums = occurrences.compactMap { occurrence -> [NodeID]? in
      guard case .reported(.updated(_, _, let contributors, _)) = occurrence.what else { return nil }
      return contributors
    }
    let forged = occurrences.compactMap { occurrence -> Report? in
      guard case .reported(let report) = occurrence.what, case .forged = report else { return nil }
      return report
    }
    return (quorums.count { $0.contains(.worker(5)) || $0.contains(.worker(6)) }, quorums.count, forged)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func theyKnowEverythingAndArriveInTime(seed: UInt64) {
    let rushing = admitted(FaultSpecification(name: "fall-of-empires"), seed: seed)
    // All that a server can wait for, before it can have it.
    let isInformed = rushing.forged.allSatisfy {
      if case .forged(_, samples: 5, areOverheard: true) = $0 { true } else { false }
    }
    #expect(isInformed && rushing.forged.count == 80 && rushing.of >= 5 * 39)
    #expect(rushing.some == rushing.of)
    // Whoever waits its turn does not always get one.
    let waiting = admitted(FaultSpecification(name: "zero"), seed: seed)
    #expect(waiting.some < waiting.of && waiting.forged.isEmpty)
  }
}

@Suite struct SimulationDeterminismTests {
  @Test func theSameTopologyDoesTheSame() {
    let topology = quadratic(faults: [.server(4): arbitrary, .worker(3): arbitrary], schedule: rough)
    let (one, other) = (watch(topology), watch(topology))
    #expect(one.result.digest == other.result.digest)
    #expect(one.occurrences.map(\.description) == other.occurrences.map(\.description))
    #expect((one.result.end, one.result.events) == (other.result.end, other.result.events))
    #expect(one.result.violations == [])
  }

  @Test func whatDiffersShowsInTheDigest() {
    let topologies = [
      quadratic(), quadratic(seed: 2), quadratic(steps: 59), quadratic(noise: 2), quadratic(workers: (5, 1)),
      quadratic(schedule: rough), quadratic(schedule: Schedule(gradient: 2)),
      quadratic(faults: [.server(4): arbitrary]),
      quadratic(faults: [.server(3): arbitrary]),
    ]
    #expect(Set(topologies.map { Swarm.run($0).digest }).count == topologies.count)
  }

  /// Whoever watches changes nothing.
  @Test func anObserverLeavesTheRunAsItIs() {
    #expect(watch(quadratic(schedule: rough)).result.digest == Swarm.run(quadratic(schedule: rough)).digest)
  }

  @Test func anObserversErrorEndsTheRun() throws {
    struct Enough: Error {}
    var heard = 0
    var simulation = try Simulation(
      of: quadratic(),
      observer: { _ in
        heard += 1
        if heard == 100 { throw Enough() }
      },
      gradients: { worker in
        AnalyticProblem.quadratic(dimension: 3, noise: 1).gradientSource(
          seed: 1, worker: worker.index, batch: 1, workers: 4)
      })
    #expect(throws: Enough.self) { try simulation.run() }
    #expect(heard == 100)
  }
}

@Suite struct SimulationLivenessTests {
  @Test(
    arguments: [
      ([.worker(3): crash], true), ([.worker(2): crash, .worker(3): crash], false),
      ([.server(4): crash], true), ([.server(3): crash, .server(4): crash], false),
    ] as [([NodeID: FaultSpecification], Bool)])
  func aRunThatLosesMoreNodesThanDeclaredStalls(faults: [NodeID: FaultSpecification], isLive: Bool) {
    let topology = quadratic(faults: faults)
    let result = Swarm.run(topology)
    #expect(result.violations.map(\.invariant) == (isLive ? [] : [.liveness]))
    #expect(result.violations.allSatisfy { $0.node == nil })
    let honest = result.steps.filter { faults[$0.key] == nil }
    #expect(honest.values.allSatisfy { isLive ? $0 == 60 : $0 < 60 })
  }

  /// Every fiftieth scenario is run twice.
  @Test(arguments: [0, 50, 100]) func scenariosAreDeterministic(seed: UInt64) {
    let (topology, finding) = Swarm.test(seed: seed, steps: 20)
    #expect(finding?.violations.contains { $0.invariant == .determinism } != true)
    #expect(Swarm.run(topology).digest == Swarm.run(topology).digest)
  }
}

/// What an observer hears of messages.
@Suite struct SimulationMessageTests {
  private struct Sending: Hashable {
    let message: Message
    let sender: NodeID
    let receiver: NodeID
  }

  @Test(arguments: [Schedule(delay: 2...9), rough]) func messagesArriveAfterTheyWereSent(schedule: Schedule) {
    let (result, occurrences) = watch(quadratic(schedule: schedule))
    let least = VirtualTime(milliseconds: schedule.delay.lowerBound)
    var onTheirWay: [Sending: [VirtualTime]] = [:]
    var received = 0
    for occurrence in occurrences {
      switch occurrence.what {
      case .sent(let message, let receivers):
        for receiver in receivers {
          let sending = Sending(message: message, sender: occurrence.node, receiver: receiver)
          onTheirWay[sending, default: []].append(occurrence.time)
        }
      case .received(let message, let sender):
        let sending = Sending(message: message, sender: sender, receiver: occurrence.node)
        let sent = onTheirWay[sending]?.firstIndex { $0 + least <= occurrence.time }
        guard let sent else {
          Issue.record("nobody has sent: \(occurrence)")
          return
        }
        onTheirWay[sending]?.remove(at: sent)
        received += 1
      default: break
      }
    }
    #expect(result.violations == [])
    // Four models for each of four workers and three momentums for each of five servers, in every step.
    #expect(received >= 60 * (4 * 4 + 5 * 3))
    #expect(zip(occurrences, occurrences.dropFirst()).allSatisfy { $0.time <= $1.time })
  }

  /// A link takes 2 R messages and one more of each kind: three vectors, three requests and word of being done.
  @Test func aLinkThatIsNotReadHoldsSoMuch() {
    let schedule = Schedule(delay: 1...1, slow: [.server(1): 2000])
    let (_, occurrences) = watch(quadratic(steps: 200, schedule: schedule))
    var (inFlight, most) = ([NodeID: Int](), 0)
    for occurrence in occurrences {
      switch occurrence.what {
      case .sent(_, let receivers) where receivers.contains(.server(1)): inFlight[occurrence.node, default: 0] += 1
      case .lost(_, to: .server(1)): inFlight[occurrence.node, default: 0] -= 1
      case .received(_, let sender) where occurrence.node == .server(1): inFlight[sender, default: 0] -= 1
      default: continue
      }
      most = max(most, inFlight.values.max() ?? 0)
    }
    // What takes another's place is seen to be sent before that is seen to be lost.
    let capacity = 2 * 3
    #expect(most > capacity && most <= capacity + 7 + 1)
  }

  /// Server 0 and worker 1 are cut off from all others from 20 to 50 ms; between the two nothing changes.
  @Test func aLossyCutLosesAndItsEndIsSeen() {
    let inside: Set<NodeID> = [.server(0), .worker(1)]
    let cut = Schedule.Cut(inside, from: 20, to: 50, isLossy: true)
    let (result, occurrences) = watch(quadratic(schedule: Schedule(delay: 1...2, cuts: [cut])))
    var lost = 0
    var reconnected: [Set<NodeID>] = []
    for occurrence in occurrences {
      let (isMeanwhile, isInside) = (
        (20_000..<50_000).contains(occurrence.time.microseconds), inside.contains(occurrence.node)
      )
      switch occurrence.what {
      case .lost(_, let receiver):
        #expect(isMeanwhile && isInside != inside.contains(receiver))
        lost += 1
      case .received(_, let sender) where isInside != inside.contains(sender):
        // Nothing that was sent meanwhile: what is under way at the beginning takes up to 2 ms, what follows at least 1.
        #expect(!(22_001..<51_000).contains(occurrence.time.microseconds), "\(occurrence)")
      case .reconnected(let peer):
        // Once nothing that was sent during the cut can be under way.
        #expect(occurrence.time.microseconds == 52_000)
        reconnected.append([occurrence.node, peer])
      default: break
      }
    }
    // Server 0 with four servers and three workers, worker 1 with four servers, seen from both ends.
    #expect(reconnected.count == 2 * (4 + 3 + 4) && Set(reconnected).count == 4 + 3 + 4)
    #expect(reconnected.allSatisfy { $0.count { inside.contains($0) } == 1 })
    #expect(lost > 0)
    #expect(result.violations == [])
  }

  @Test func anotherCutOnlyDelays() {
    let cut = Schedule.Cut([.server(0)], from: 20, to: 50)
    let (result, occurrences) = watch(quadratic(schedule: Schedule(delay: 1...2, cuts: [cut])))
    for occurrence in occurrences {
      switch occurrence.what {
      case .reconnected: Issue.record("\(occurrence)")
      case .received(_, let sender) where (sender == .server(0)) != (occurrence.node == .server(0)):
        #expect(!(22_001..<51_000).contains(occurrence.time.microseconds), "\(occurrence)")
      default: break
      }
    }
    #expect(result.violations == [] && result.steps[.server(0)] == 60)
  }
}

@Suite struct SimulationRestartTests {
  /// When a node crashed, when it started, and when it took a step, in milliseconds.
  private func history(_ node: NodeID, _ occurrences: [Occurrence]) -> (stops: [Double], starts: [Double]) {
    var (stops, starts) = ([Double](), [Double]())
    for occurrence in occurrences where occurrence.node == node {
      switch occurrence.what {
      case .stopped: stops.append(occurrence.time.seconds * 1000)
      case .started: starts.append(occurrence.time.seconds * 1000)
      default: break
      }
    }
    return (stops, starts)
  }

  private func schedule(_ restarts: Schedule.Restart...) -> Schedule { Schedule(delay: 1...2, restarts: restarts) }

  @Test(arguments: [NodeID.server(2), .worker(1)]) func aRestartWithinTheBoundsHappens(node: NodeID) {
    let (result, occurrences) = watch(
      quadratic(schedule: schedule(Schedule.Restart(node, at: 30, after: 12))))
    let (stops, starts) = history(node, occurrences)
    #expect(stops == [30] && starts == [0, 42])
    #expect(result.violations == [])
    #expect(result.steps.values.allSatisfy { $0 == 60 })
    // While it is down it does nothing, and what was on its way to it is lost.
    let meanwhile = occurrences.filter { (30_001..<42_000).contains($0.time.microseconds) }
    #expect(!meanwhile.contains { if case .lost = $0.what { false } else { $0.node == node } })
    #expect(meanwhile.contains { if case .lost(_, to: node) = $0.what { true } else { false } })
    // All that it talks to see that it is back: other workers do not.
    let told = occurrences.filter { if case .reconnected(node) = $0.what { true } else { false } }.map(\.node)
    let all = (0..<5).map(NodeID.server) + (node.role == .server ? (0..<4).map(NodeID.worker) : [])
    #expect(told.sorted() == all.filter { $0 != node })
  }

  /// One faulty server is declared: the second crash waits until the first node has caught up, be it by jumping over many
  /// steps, be it one by one.
  @Test(arguments: [(30, 12), (11, 1)]) func aRestartThatWouldBeOneTooManyWaits(at: Double, after: Double) throws {
    let (result, occurrences) = watch(
      quadratic(
        schedule: schedule(
          Schedule.Restart(.server(2), at: at, after: after), Schedule.Restart(.server(3), at: at + 1, after: 1))))
    #expect(history(.server(2), occurrences).stops == [at])
    let second = try #require(history(.server(3), occurrences).stops.first)
    // It tries every millisecond, and not before server 2 is back.
    #expect(second > at + after && second.rounded() == second)
    #expect(history(.server(3), occurrences) == ([second], [0, second + 1]))
    func furthest(_ nodes: Set<NodeID>, _ times: ClosedRange<Double>) -> Int {
      occurrences.filter { nodes.contains($0.node) && times.contains($0.time.seconds * 1000) }.compactMap(\.step).max()
        ?? 0
    }
    #expect(furthest([.server(2)], at + after...second) >= furthest(Set((0..<5).map(NodeID.server)), 0...at))
    #expect(result.violations == [])
  }

  @Test func whatWasOnItsWayToACrashedNodeIsLost() {
    let schedule = Schedule(delay: 10...12, restarts: [Schedule.Restart(.server(2), at: 30, after: 1)])
    let (_, occurrences) = watch(quadratic(schedule: schedule))
    let received = occurrences.filter { if case .received = $0.what { $0.node == .server(2) } else { false } }
    let times = received.map { $0.time.seconds * 1000 }
    // What was sent after the crash takes 10 ms at least.
    #expect(times.contains { $0 < 30 } && times.contains { $0 >= 40 })
    #expect(!times.contains { (30..<40).contains($0) })
  }

  @Test func nodesOfTheOtherRoleDoNotCount() {
    let (_, occurrences) = watch(
      quadratic(
        schedule: schedule(
          Schedule.Restart(.server(2), at: 30, after: 12), Schedule.Restart(.worker(3), at: 30, after: 5))))
    #expect(history(.server(2), occurrences).stops == [30])
    #expect(history(.worker(3), occurrences).stops == [30])
  }

  @Test func aRestartThatIsAlwaysOneTooManyDoesNotHappen() {
    let plan = schedule(Schedule.Restart(.server(2), at: 30, after: 5))
    for topology in [
      quadratic(servers: (4, 0), schedule: plan),
      quadratic(faults: [.server(4): FaultSpecification(name: "random")], schedule: plan),
      // Who is faulty anyway is not restarted.
      quadratic(faults: [.server(2): arbitrary], schedule: plan),
      // It is over by then.
      quadratic(schedule: schedule(Schedule.Restart(.server(2), at: 1_000_000, after: 5))),
    ] {
      let (result, occurrences) = watch(topology)
      #expect(history(.server(2), occurrences) == ([], [0]))
      #expect(result.violations == [])
    }
  }
}

@Suite struct SimulationAdversaryTests {
  /// They take part until two servers are two steps apart, and from then on nobody hears them.
  @Test func faultyNodesFallSilentAtTheGap() throws {
    let faults = [NodeID.server(4): FaultSpecification(name: "reversed"), .worker(3): arbitrary]
    let schedule = Schedule(
      delay: 1...8, adversary: Schedule.NetworkAdversary(starves: .behind, hold: 40, deserts: .gap(2)))
    let (_, occurrences) = watch(quadratic(faults: faults, schedule: schedule))
    let moment = try #require(
      occurrences.firstIndex { if case .ended(.deserted) = $0.what { true } else { false } })
    var steps: [NodeID: Int] = [:]
    var gaps: [Int] = []
    for occurrence in occurrences[..<moment] where faults[occurrence.node] == nil && occurrence.node.role == .server {
      guard let step = occurrence.step else { continue }
      steps[occurrence.node] = step
      let all = (0..<4).map { steps[.server($0)] ?? 0 }
      gaps.append((all.max() ?? 0) - (all.min() ?? 0))
    }
    #expect(gaps.last == 2 && gaps.dropLast().allSatisfy { $0 < 2 })
    let deserted = occurrences.filter { if case .ended(.deserted) = $0.what { true } else { false } }
    #expect(Set(deserted.map(\.node)) == Set(faults.keys) && deserted.count == 2)
    for occurrence in occurrences[moment...] {
      if case .received(_, let sender) = occurrence.what { #expect(faults[sender] == nil) }
      if case .sent = occurrence.what { #expect(faults[occurrence.node] == nil) }
    }
  }

  /// With `rejoin` it is the moment when an honest server has adopted a model so many times.
  @Test func theyDesertWhoHasJustRejoined() throws {
    let faults = [NodeID.server(4): FaultSpecification(name: "arbitrary", parameters: ["share": 0])]
    let schedule = Schedule(
      cuts: [Schedule.Cut([.server(0)], from: 20, to: 100, isLossy: true)],
      adversary: Schedule.NetworkAdversary(starves: .nobody, hold: 0, deserts: .rejoin(1)))
    let (result, occurrences) = watch(quadratic(workers: (4, 0), faults: faults, schedule: schedule))
    let adoption = try #require(
      occurrences.firstIndex { if case .reported(.adopted) = $0.what { true } else { false } })
    let desertion = try #require(
      occurrences.firstIndex { if case .ended(.deserted) = $0.what { true } else { false } })
    #expect(occurrences[adoption].node == .server(0))
    #expect(adoption < desertion && occurrences[adoption].time == occurrences[desertion].time)
    #expect(result.violations.isEmpty)
  }

  /// Messages to and from whoever is behind, or ahead, take longer, and no others.
  @Test(arguments: [Schedule.NetworkAdversary.Target.behind, .ahead, .nobody])
  func whoIsStarvedWaits(target: Schedule.NetworkAdversary.Target) {
    let schedule = Schedule(
      delay: 1...2, slow: [.server(0): 5], adversary: Schedule.NetworkAdversary(starves: target, hold: 50))
    // With a single worker only servers are ahead or behind.
    let (_, occurrences) = watch(quadratic(servers: (5, 0), workers: (1, 0), schedule: schedule))
    var steps: [NodeID: Int] = [:]
    var sent: [String: (time: VirtualTime, isStarved: Bool)] = [:]
    var held = 0
    for occurrence in occurrences {
      if let step = occurrence.step { steps[occurrence.node] = step }
      switch occurrence.what {
      case .sent(.vector(let kind, let step, _), let receivers):
        for receiver in receivers {
          let servers = (0..<5).map { steps[.server($0)] ?? 0 }
          let isStarved = [occurrence.node, receiver].filter { $0.role == .server }.contains { node in
            switch target {
            case .behind: (servers.max() ?? 0) > (steps[node] ?? 0)
            case .ahead: (servers.min() ?? 0) < (steps[node] ?? 0)
            case .nobody: false
            }
          }
          sent["\(kind) \(step) \(occurrence.node) \(receiver)"] = (occurrence.time, isStarved)
        }
      case .received(.vector(let kind, let step, _), let sender):
        guard let known = sent.removeValue(forKey: "\(kind) \(step) \(sender) \(occurrence.node)") else { continue }
        let took = occurrence.time.microseconds - known.time.microseconds
        if took > 7_000 {
          held += 1
          #expect(known.isStarved, "\(occurrence)")
        }
      default: break
      }
    }
    #expect((held > 0) == (target != .nobody))
  }
}

@Suite struct SimulationTrainingTests {
  /// Without noise all honest gradients at one point are equal, and lead to the minimum from everywhere.
  @Test(arguments: 1...3) func honestServersComeNearTheMinimum(seed: UInt64) throws {
    let topology = quadratic(
      workers: (7, 2), steps: 300, noise: 0, seed: seed,
      faults: [.server(1): arbitrary, .worker(2): arbitrary, .worker(6): arbitrary], schedule: rough)
    let (result, occurrences) = watch(topology)
    #expect(result.violations == [])
    var models: [NodeID: Vector] = [:]
    for occurrence in occurrences where occurrence.step == 300 {
      switch occurrence.what {
      case .reported(.updated(_, let parameters, _, _)), .reported(.adopted(_, let parameters, _)):
        models[occurrence.node] = parameters
      default: break
      }
    }
    let evaluator = AnalyticProblem.quadratic(dimension: 3, noise: 0).evaluator(seed: seed)
    func distance(_ model: Vector) throws -> Double { (2 * (try evaluator.evaluate(model).loss)).squareRoot() }
    #expect(try distance(topology.model.initialParameters(seed: seed)) > 0.1)
    for server in [0, 2, 3, 4] {
      #expect(try distance(#require(models[.server(server)])) < 0.01, "server \(server), seed \(seed)")
    }
  }
}

extension Occurrence {
  /// The step that a report says the node has completed.
  fileprivate var step: Int? {
    if case .reported(let report) = what { report.step } else { nil }
  }
}
