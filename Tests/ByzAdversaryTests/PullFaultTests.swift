import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzAdversary

/// A synchronous run with a gather every T = 4 steps and 5 workers, of which two may be Byzantine; unless a test says
/// otherwise one of 3 servers may be, and eta_t = 0.5 / (1 + t / 4).
private func synchronous(
  _ pull: ModelPull = .filtered(.own), servers: (Int, Int) = (3, 1), momentum: Momentum? = nil, delta: Int = 500
) -> ProtocolConfiguration {
  let mode = TrainingMode.synchronous(pull)
  return ProtocolConfiguration(
    quorums: Quorums(servers: servers, workers: (5, 2), in: mode),
    training: TrainingParameters(
      mode: mode, steps: 100, gatherEvery: 4, learningRate: LearningRate(initial: 0.5, decaySteps: 4),
      momentum: momentum),
    patience: Patience(delay: DelayBound(milliseconds: delta)), rule: MinimumDiameterAveraging(), dimension: 3)
}

/// A machine that acts by its script whenever a timer is up, and does nothing about all else.
private struct Clockwork: Machine {
  let id: NodeID
  var script: [[Action]]

  mutating func handle(_ event: Event) -> [Action] {
    guard case .timer = event, !script.isEmpty else { return [] }
    return script.removeFirst()
  }
}

/// What becomes of each of `actions`, one after the other, on a node that plays `name`.
private func outcomes(
  of actions: [Action], by name: String, _ parameters: [String: Double] = [:], on node: NodeID = .server(2),
  in configuration: ProtocolConfiguration = synchronous()
) -> [[Action]] {
  var machine = FaultCatalogue.machine(
    Clockwork(id: node, script: actions.map { [$0] }), playing: FaultSpecification(name: name, parameters: parameters),
    in: configuration, seed: 1)
  return actions.map { _ in machine.handle(.timer(.linger)) }
}

private let trueDigest = ModelDigest((0..<32).map { UInt8($0) })!
/// Every bit of it is another one.
private let falseDigest = ModelDigest((0..<32).map { UInt8(255 - $0) })!

private func digest(_ step: Int, _ digest: ModelDigest = trueDigest, to receivers: [NodeID]) -> Action {
  .send(.digest(step: step, digest), to: receivers)
}

private func vector(_ kind: VectorKind, _ step: Int, _ elements: [Float], to receivers: [NodeID]) -> Action {
  .send(.vector(kind, step: step, Vector(elements)), to: receivers)
}

/// A model.
private func vector(_ step: Int, _ elements: [Float], to receivers: [NodeID]) -> Action {
  vector(.model, step, elements, to: receivers)
}

private let workers = (0..<5).map { NodeID.worker($0) }

/// A server whose models lie as far off as the outliers filter lets pass, or a share of that.
@Suite struct DriftTests {
  /// A multiple of (3, 4, 0), whose norm is 5.
  private static func gradient(_ multiple: Float) -> Vector { Vector([3 * multiple, 4 * multiple, 0]) }

  /// The true model of `step`. The way back from each is (3, 0, 4), whose norm is 5.
  private static func model(_ step: Int) -> Vector { Vector([Float(-3 * step), 1, Float(-4 * step)]) }

  private static func updated(_ step: Int) -> Action {
    .report(.updated(step: step, parameters: model(step), contributors: [], selected: []))
  }

  private static let momentums: [Momentum?] = [
    nil, Momentum(coefficient: 0.5, form: .classical), Momentum(coefficient: 0.5, form: .dampened),
    Momentum(coefficient: 0.9, form: .dampened), Momentum(coefficient: 0.9, form: .dampened, at: .server),
  ]

  /// Server 2, and the workers that send it the momentums of their gradients.
  private struct Liar {
    private let training: TrainingParameters
    private var machine: any Machine
    private var estimators: [NodeID: MomentumEstimator] = [:]

    init(
      _ parameters: [String: Double] = [:], momentum: Momentum? = nil, accomplices: [NodeID] = [],
      script: [[Action]]
    ) {
      let configuration = synchronous(momentum: momentum)
      let drift = FaultSpecification(name: "drift", parameters: parameters)
      var cast: [NodeID: FaultSpecification] = [.server(2): drift]
      for accomplice in accomplices { cast[accomplice] = FaultSpecification(name: "zero") }
      training = configuration.training
      machine = FaultCatalogue.machine(
        Clockwork(id: .server(2), script: script), playing: drift, in: configuration, seed: 1, cast: Cast(cast))
    }

    /// What becomes of its honest machine's next turn.
    mutating func turn() -> [Action] { machine.handle(.timer(.linger)) }

    mutating func hear(_ momentum: Vector, of worker: NodeID, step: Int) {
      let actions = machine.handle(.received(.vector(.momentum, step: step, momentum), from: worker))
      #expect(actions.isEmpty)
    }

    /// It hears what `worker` sends at `step`, the one after the last, whose gradient is this one.
    mutating func hear(gradient: Vector, of worker: NodeID, step: Int) {
      var estimator = estimators[worker] ?? MomentumEstimator(training)
      let momentum = estimator.update(gradient: gradient, at: Vector([0, 0, 0]))
      estimators[worker] = estimator
      hear(momentum, of: worker, step: step)
    }

    /// What it serves as the model of `step` in its next turn, in which it sends nothing else.
    mutating func served(_ step: Int) throws -> Vector {
      let actions = turn()
      let message = try #require(sent(actions).first)
      #expect(sent(actions).count == 1 && message.kind == .model && message.step == step)
      #expect(message.receivers == [.worker(1), .server(0)])
      return message.vector
    }
  }

  /// A turn of the honest machine that reaches `step`.
  private static func reaching(_ step: Int) -> [Action] {
    [updated(step), .send(.vector(.model, step: step, model(step)), to: [.worker(1), .server(0)])]
  }

  /// `served` is `length` up the way from the true model of `step` to the one before.
  private func expect(
    _ served: Vector, _ length: Double, uphillAt step: Int, at location: SourceLocation = #_sourceLocation
  ) {
    let truth = Self.model(step)
    let expected = [
      Double(truth[0]) + length * 3 / 5, Double(truth[1]), Double(truth[2]) + length * 4 / 5,
    ]
    for (element, wanted) in zip(served.elements, expected) {
      #expect(abs(Double(element) - wanted) < 1e-3, "step \(step): \(served)", sourceLocation: location)
    }
  }

  /// With s the first step or the last one that a gather led to, 4 or 8, the bound is
  /// eta_s |g_s| (14 * 3 / 8 + 2 ((t - 1) mod 4)), where g_s is the shortest gradient that an honest worker had at s.
  @Test(arguments: momentums) func theModelLiesAtTheShareOfTheBound(momentum: Momentum?) throws {
    // eta_0 = 0.5 and |g_0| = 5; eta_4 = 0.25 and |g_4| = 20; eta_8 = 1 / 6 and |g_8| = 60.
    let multiples: [Int: Float] = [0: 1, 4: 4, 8: 12]
    let bounds: [(step: Int, bound: Double)] = [
      (2, 2.5 * (5.25 + 2)), (3, 2.5 * (5.25 + 4)),
      // The step of a gather: its momentums are still to come.
      (4, 2.5 * (5.25 + 6)),
      (5, 5 * 5.25), (6, 5 * (5.25 + 2)), (7, 5 * (5.25 + 4)), (8, 5 * (5.25 + 6)),
      (9, 10 * 5.25), (10, 10 * (5.25 + 2)),
    ]
    let shares: [(Double, [String: Double])] = [(0.9, [:]), (0.25, ["share": 0.25]), (1, ["share": 1])]
    for (share, parameters) in shares {
      var liar = Liar(parameters, momentum: momentum, script: [[Self.updated(1)]] + (2...10).map(Self.reaching))
      #expect(liar.turn().count == 1)
      for (step, bound) in bounds {
        let heard = step == 2 ? [0, 1] : [step - 1]
        for former in heard {
          // The second is the shortest where that matters; elsewhere all are shorter, so that they would be noticed.
          for (worker, longer) in [(0, 2), (1, 1), (2, 3)] as [(Int, Float)] {
            let multiple = multiples[former].map { longer * $0 } ?? 0.5
            liar.hear(gradient: Self.gradient(multiple), of: .worker(worker), step: former)
          }
        }
        expect(try liar.served(step), share * bound, uphillAt: step)
      }
    }
  }

  /// What it serves as the model of step 6 after turns that reach the steps `reached`, if `events` come after these.
  private func served(
    after reached: [Int] = [5], accomplices: [NodeID] = [], hearing events: [(worker: Int, step: Int, Vector)]
  ) throws -> Vector {
    var liar = Liar(
      momentum: Momentum(coefficient: 0.5, form: .dampened), accomplices: accomplices,
      script: reached.map { [Self.updated($0)] } + [Self.reaching(6)])
    for _ in reached { _ = liar.turn() }
    for (worker, step, momentum) in events { liar.hear(momentum, of: .worker(worker), step: step) }
    return try liar.served(6)
  }

  /// Nothing that it hears or sees here tells it how long a gradient was, or where it came from.
  @Test func beforeItKnowsAnythingItServesTheTruth() throws {
    // The dampened momentum of a gradient that stays the same, twice (3, 4, 0): at every step half as far from it.
    let momentums = (0...5).map { step in (worker: 1, step: step, Self.gradient(2 - 2 / Float(2 << step))) }
    // With all of it there is a lie: 0.9 * 0.25 * 10 * (5.25 + 2).
    expect(try served(hearing: momentums), 16.3125, uphillAt: 6)
    let truth = Self.model(6)
    let unknowing = try served(hearing: [])
    #expect(unknowing == truth)
    // One model gives no direction.
    let withoutDirection = try served(after: [], hearing: momentums)
    #expect(withoutDirection == truth)
    // No gather led to the steps 1 to 3; and of step 4 the momentum alone does not give the gradient.
    let ofOtherSteps = try served(hearing: momentums.filter { (1...3).contains($0.step) })
    #expect(ofOtherSteps == truth)
    let withoutTheOneBefore = try served(hearing: momentums.filter { $0.step > 3 })
    #expect(withoutTheOneBefore == truth)
    // What no honest worker sends.
    for nonsense in [Vector([3, .nan, 0]), Vector([.infinity, 4, 0]), Vector([3, 4])] {
      let confused = try served(hearing: momentums.map { ($0.worker, $0.step, nonsense) })
      #expect(confused == truth)
    }
    // What accomplices say.
    let lyingToItself = try served(accomplices: [.worker(1)], hearing: momentums)
    #expect(lyingToItself == truth)
  }

  @Test func whereTheModelStandsStillThereIsNoUphill() throws {
    let still = Vector([1, 2, 3])
    let reached = [5, 6].map { step in
      Action.report(.updated(step: step, parameters: still, contributors: [], selected: []))
    }
    var liar = Liar(script: [reached + [.send(.vector(.model, step: 6, still), to: [.worker(1), .server(0)])]])
    for step in 0...5 { liar.hear(gradient: Self.gradient(2), of: .worker(1), step: step) }
    let served = try liar.served(6)
    #expect(served == still)
  }

  @Test func accomplicesDoNotMakeItModest() throws {
    for accomplices in [[], [.worker(3), .worker(4)]] as [[NodeID]] {
      var liar = Liar(accomplices: accomplices, script: [[Self.updated(5)], Self.reaching(6)])
      for step in 0...5 {
        for worker in 0..<3 { liar.hear(gradient: Self.gradient(2), of: .worker(worker), step: step) }
        for worker in 3..<5 { liar.hear(gradient: Self.gradient(0.5), of: .worker(worker), step: step) }
      }
      _ = liar.turn()
      // |g_4| is 10; if it took these for honest, 2.5.
      let length = accomplices.isEmpty ? 2.5 : 10
      expect(try liar.served(6), 0.9 * 0.25 * length * 7.25, uphillAt: 6)
    }
  }

  /// Left behind, it adopts a model of a later step: uphill is where it was before.
  @Test func adoptedModelsCount() throws {
    let adopted = Action.report(.adopted(step: 6, parameters: Self.model(6), contributors: []))
    var liar = Liar(script: [[Self.updated(3)], [adopted] + Self.reaching(6).dropFirst()])
    for step in 0...4 { liar.hear(gradient: Self.gradient(2), of: .worker(1), step: step) }
    _ = liar.turn()
    expect(try liar.served(6), 0.9 * 0.25 * 10 * 7.25, uphillAt: 6)
  }

  @Test func digestsAreOfNothing() {
    let actions = [digest(6, to: workers)] + [vector(.gatherModel, 7, [1, 2, 3], to: [.server(0)])] + otherActions
    let done = outcomes(of: actions, by: "drift").flatMap(\.self)
    #expect(texts(done) == texts([digest(6, falseDigest, to: workers)] + actions.dropFirst()))
  }
}

@Suite struct BeforeGatherTests {
  private let everybody = workers + [.server(0), .server(1)]

  /// With T = 4 a gather ends the steps 3 and 7.
  @Test(arguments: [(100, [:]), (0.5, ["scale": 0.5])] as [(Float, [String: Double])])
  func itLiesRightBeforeGathersAlone(scale: Float, parameters: [String: Double]) {
    for step in 0..<9 {
      let lies = step == 3 || step == 7
      let actions = [
        vector(step, [1, -2, 0.5], to: everybody), vector(.gatherModel, step, [4, 0, 8], to: everybody),
        digest(step, to: workers),
      ]
      let done = outcomes(of: actions, by: "before-gather", parameters).flatMap(\.self)
      let lie = [
        vector(step, [-scale, 2 * scale, -0.5 * scale], to: everybody),
        vector(.gatherModel, step, [-4 * scale, -0.0, -8 * scale], to: everybody),
        digest(step, falseDigest, to: workers),
      ]
      #expect(deliveries(done) == deliveries(lies ? lie : actions), "step \(step)")
      #expect(done.count == 3)
    }
  }

  /// Nobody gathers with a single server.
  @Test func withoutGathersItIsHonest() {
    let actions = (0..<9).flatMap { [vector($0, [1, 2, 3], to: workers), digest($0, to: workers)] }
    let done = outcomes(of: actions, by: "before-gather", on: .server(0), in: synchronous(servers: (1, 0)))
    #expect(deliveries(done.flatMap(\.self)) == deliveries(actions))
  }

  @Test func whatSendsNoVectorStaysAsItIs() {
    // Of step 3, like all that it lies about.
    let actions = otherActions + [.send(.request(.model, step: 3), to: everybody)]
    #expect(texts(outcomes(of: actions, by: "before-gather").flatMap(\.self)) == texts(actions))
  }
}

@Suite struct UnfairTests {
  @Test(arguments: [(100, [:]), (0.5, ["scale": 0.5])] as [(Float, [String: Double])])
  func oddWorkersAreAnsweredBadly(scale: Float, parameters: [String: Double]) {
    let receivers: [NodeID] = [.worker(0), .server(1), .worker(1), .worker(2), .server(0), .worker(3), .worker(4)]
    let fair: [NodeID] = [.worker(0), .server(1), .worker(2), .server(0), .worker(4)]
    let cheated: [NodeID] = [.worker(1), .worker(3)]
    let actions = [vector(6, [1, -2, 0.5], to: receivers), digest(6, to: receivers)]
    let done = outcomes(of: actions, by: "unfair", parameters)
    #expect(
      texts(done[0])
        == texts([vector(6, [1, -2, 0.5], to: fair), vector(6, [-scale, 2 * scale, -0.5 * scale], to: cheated)]))
    #expect(texts(done[1]) == texts([digest(6, to: fair), digest(6, falseDigest, to: cheated)]))
  }

  @Test func whoGetsOneThingGetsNoEmptyMessage() {
    let actions = [[NodeID.worker(2), .server(1)], [.worker(3), .worker(1)]].flatMap {
      [vector(6, [1, 2, 3], to: $0), digest(6, to: $0)]
    }
    let lies = [
      vector(6, [-2, -4, -6], to: [.worker(3), .worker(1)]), digest(6, falseDigest, to: [.worker(3), .worker(1)]),
    ]
    let done = outcomes(of: actions, by: "unfair", ["scale": 2])
    #expect(texts(done.flatMap(\.self)) == texts(Array(actions[..<2]) + lies))
  }

  /// Servers of odd index, and all else that is said to workers.
  @Test func everythingElseIsHonest() {
    let actions =
      otherActions + [
        vector(6, [1, 2, 3], to: [.server(1)]), vector(.gatherModel, 7, [1, 2, 3], to: [.server(0), .server(1)]),
        .send(.request(.momentum, step: 4), to: workers), .send(.done, to: workers),
      ]
    #expect(texts(outcomes(of: actions, by: "unfair").flatMap(\.self)) == texts(actions))
  }
}

@Suite struct DawdleTests {
  /// How much later `action` happens; nil, and a report, if anything else comes of it.
  private func delay(
    of action: Action, share: Double?, on node: NodeID = .server(2), in configuration: ProtocolConfiguration
  ) -> Int? {
    let fault = FaultSpecification(name: "dawdle", parameters: share.map { ["share": $0] } ?? [:])
    var machine = FaultCatalogue.machine(
      Clockwork(id: node, script: [[action]]), playing: fault, in: configuration, seed: 1)
    let first = machine.handle(.timer(.linger))
    guard first.count == 1, case .schedule(let timer, let milliseconds) = first[0], case .fault = timer else {
      Issue.record("\(texts(first))")
      return nil
    }
    // Then it happens, once.
    #expect(texts(machine.handle(.timer(timer))) == texts([action]))
    #expect(machine.handle(.timer(timer)).isEmpty)
    return milliseconds
  }

  private let answers: [Action] = [
    vector(0, [1, 2, 3], to: workers), vector(4, [1, 2, 3], to: workers),
    vector(.gatherModel, 5, [1, 2, 3], to: [.server(0), .server(1)]), .send(.request(.momentum, step: 5), to: workers),
    .send(.done, to: workers),
  ]

  /// All workers wait for all models of the steps 0 and 4, which a gather led to, and servers for what they wait for.
  @Test(arguments: [(nil, 450), (0.5, 250), (1, 500), (0, 0), (0.333, 166)] as [(Double?, Int)])
  func itIsLateByAShareOfDelta(share: Double?, milliseconds: Int) {
    for action in answers {
      #expect(delay(of: action, share: share, in: synchronous()) == milliseconds, "\(action)")
    }
    let momentum = vector(.momentum, 5, [1, 2, 3], to: [.server(0), .server(1), .server(2)])
    #expect(delay(of: momentum, share: share, on: .worker(4), in: synchronous()) == milliseconds)
  }

  /// A worker waits for f_ps servers in a row, and for digests, for half of Delta: 500 ms / (2 (f_ps + 1)) for each.
  @Test(
    arguments: [
      // 125 ms for one of f_ps = 1, and never too late: 112.5 and 62.5 are cut off.
      (3, 1, nil, 112), (3, 1, 0.5, 62), (3, 1, 1, 125),
      // 250 ms where nobody may be silent, and 83.3 with f_ps = 2.
      (3, 0, 0.5, 125), (5, 2, 1, 83), (5, 2, 0.5, 41),
    ] as [(Int, Int, Double?, Int)])
  func pulledModelsAreWaitedForLessLong(servers: Int, byzantine: Int, share: Double?, milliseconds: Int) {
    let filtered = synchronous(servers: (servers, byzantine))
    let certified = synchronous(.certified(.own), servers: (servers, byzantine))
    for step in [1, 2, 3, 5, 6, 7, 9] {
      let model = vector(step, [1, 2, 3], to: [.worker(1)])
      #expect(delay(of: model, share: share, in: filtered) == milliseconds, "step \(step)")
      for action in [model, digest(step, to: workers)] {
        #expect(delay(of: action, share: share, in: certified) == milliseconds, "\(action)")
      }
    }
    // Digests certify the models that a gather led to, too.
    #expect(delay(of: digest(4, to: workers), share: share, in: certified) == milliseconds)
  }

  @Test func deltaIsThatOfTheTopology() {
    #expect(delay(of: answers[1], share: 0.5, in: synchronous(delta: 80)) == 40)
    #expect(delay(of: vector(5, [1, 2, 3], to: workers), share: 0.5, in: synchronous(delta: 80)) == 10)
    #expect(delay(of: answers[1], share: 0.5, in: synchronous(delta: 0)) == 0)
  }

  @Test func whatIsNotSentIsNotLate() {
    let actions = otherActions.filter { if case .send = $0 { false } else { true } }
    #expect(texts(outcomes(of: actions, by: "dawdle").flatMap(\.self)) == texts(actions))
  }

  @Test func severalMessagesKeepTheirTimers() {
    let actions = [vector(5, [1, 2, 3], to: [.worker(0)]), vector(6, [4, 5, 6], to: [.worker(1)])]
    var machine = FaultCatalogue.machine(
      Clockwork(id: .server(2), script: actions.map { [$0] }), playing: FaultSpecification(name: "dawdle"),
      in: synchronous(), seed: 1)
    let timers = actions.flatMap { _ in machine.handle(.timer(.linger)) }.compactMap { action -> Timer? in
      if case .schedule(let timer, _) = action { timer } else { nil }
    }
    #expect(timers.count == 2)
    let late = timers.reversed().flatMap { machine.handle(.timer($0)) }
    #expect(texts(late) == texts(actions.reversed()))
  }
}

/// What other faults make of digests, and of pulling.
@Suite struct DigestFaultTests {
  @Test(arguments: [
    "reversed", "sign-flip", "random", "zero", "nan", "infinite", "huge-norm", "bias", "partial-drop", "stale",
    "frozen", "little-is-enough",
  ])
  func whoForgesVectorsHasAnotherDigest(name: String) {
    let actions = [0, 5, 5, 8].map { digest($0, to: workers) }
    let lies = [0, 5, 5, 8].map { digest($0, falseDigest, to: workers) }
    #expect(texts(outcomes(of: actions, by: name).flatMap(\.self)) == texts(lies))
  }

  @Test func inTheStepsOfTheFaultAlone() {
    let actions = (3..<8).map { digest($0, to: workers) }
    let done = outcomes(of: actions, by: "reversed", ["from": 4, "until": 6]).flatMap(\.self)
    #expect(
      texts(done) == texts((3..<8).map { digest($0, [4, 5].contains($0) ? falseDigest : trueDigest, to: workers) }))
  }

  @Test(arguments: ["late-gather", "slow", "crash", "flood"]) func whoIsTrueToItsModelsHasTheirDigest(name: String) {
    let parameters: [String: Double] = name == "crash" ? ["step": 50] : name == "flood" ? ["copies": 0] : [:]
    var machine = FaultCatalogue.machine(
      Clockwork(id: .server(2), script: [[digest(5, to: [.worker(1)])]]),
      playing: FaultSpecification(name: name, parameters: parameters), in: synchronous(), seed: 1)
    var done = machine.handle(.timer(.linger))
    if case .schedule(let timer, _)? = done.first { done = machine.handle(.timer(timer)) }
    #expect(texts(done) == texts([digest(5, to: [.worker(1)])]))
  }

  /// Of a server that sends anything, too, a digest is its own or of nothing.
  @Test func arbitraryDigests() {
    let done = outcomes(of: Array(repeating: digest(50, to: [.worker(1)]), count: 500), by: "arbitrary", ["share": 1])
    let digests = done.map { deliveries($0).map(\.message) }.flatMap(\.self).compactMap {
      message -> (Int, ModelDigest)? in
      if case .digest(let step, let digest) = message { (step, digest) } else { nil }
    }
    #expect(digests.allSatisfy { $0.1 == trueDigest || ($0.1 == falseDigest && $0.0 == 50) })
    #expect(digests.contains { $0.1 == falseDigest } && digests.contains { $0.0 != 50 && $0.1 == trueDigest })
    #expect(done.contains { $0.isEmpty })
  }

  @Test func silentServersSendNoDigest() {
    let actions = [digest(5, to: workers), vector(5, [1, 2, 3], to: workers), .send(.done, to: workers)]
    #expect(outcomes(of: actions, by: "silent").map(texts) == [[], [], texts([.send(.done, to: workers)])])
  }

  /// Worker j pulls the model of step t from server (j + t) mod 3, and of steps 4, 8, ... it takes all of them, unless
  /// digests certify one.
  @Test(
    arguments: [
      (.filtered(.own), 1, [0, 1, 2]), (.filtered(.same), 2, [0, 1, 2]), (.certified(.own), 1, [2]),
      (.certified(.same), 2, [0]),
    ] as [(ModelPull, Int, [Int])])
  func aWorkerWithoutWordsAsksThoseThatGiveItAModel(pull: ModelPull, worker: Int, atGather: [Int]) {
    func asked(after step: Int, sending receivers: [Int] = [0, 1, 2]) -> [String] {
      let momentum = vector(.momentum, step, [1, 2, 3], to: receivers.map(NodeID.server))
      return texts(outcomes(of: [momentum], by: "silent", on: .worker(worker), in: synchronous(pull)).flatMap(\.self))
    }
    func request(_ step: Int, _ indices: [Int]) -> [String] {
      texts([.send(.request(.model, step: step), to: indices.map(NodeID.server))])
    }
    for step in [0, 1, 4, 5, 6, 98] {
      #expect(asked(after: step) == request(step + 1, [(worker + step + 1) % 3]), "step \(step)")
    }
    #expect(asked(after: 3) == request(4, atGather))
    // There is no model after the last of 100 steps.
    #expect(asked(after: 99).isEmpty)
    // A server that asks for the momentum again gives no model for it, unless it is its turn.
    let giver = (worker + 2) % 3
    #expect(asked(after: 1, sending: [giver]) == request(2, [giver]))
    #expect(asked(after: 1, sending: [(giver + 1) % 3]).isEmpty)
  }

  /// One that waits for honest momentums before it speaks asks in the same way meanwhile.
  @Test func aWorkerThatListensAsksThoseThatGiveItAModel() {
    let liars: [NodeID: FaultSpecification] = [
      .server(2): FaultSpecification(name: "reversed"), .worker(4): FaultSpecification(name: "fall-of-empires"),
    ]
    let servers = (0..<3).map { NodeID.server($0) }
    for (step, indices) in [(1, [0]), (3, [0, 1, 2]), (4, [0]), (5, [1])] {
      var machine = FaultCatalogue.machine(
        Clockwork(id: .worker(4), script: [[vector(.momentum, step, [1, 2, 3], to: servers)]]),
        playing: FaultSpecification(name: "fall-of-empires"), in: synchronous(), seed: 1,
        cast: Cast(liars, channel: .bus))
      // So that it has heard of this step, and waits for more.
      _ = machine.handle(.overheard(.vector(.momentum, step: step, Vector([1, 1, 1])), of: .worker(0)))
      let sendings = machine.handle(.timer(.linger)).filter { $0.transmission != nil }
      #expect(texts(sendings) == texts([.send(.request(.model, step: step + 1), to: indices.map(NodeID.server))]))
    }
  }
}
