import ByzAdversary
import ByzAggregation
import ByzGradients
import ByzKeys
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzTopology

@Suite struct RoundTripTests {
  @Test(arguments: [Examples.documented, Examples.smallest, Examples.analytic, Examples.listed])
  func examples(text: String) throws {
    let topology = try Examples.read(text)
    #expect(try Topology(yaml: topology.yaml, file: "elsewhere/x.yaml") == topology)
  }

  @Test func documentedExampleAsResolved() throws {
    #expect(
      try Examples.read(Examples.documented, set: ["data.path=my data"]).yaml == """
        name: mnist
        seed: 1
        model: {architecture: mlp}
        data: {dataset: mnist, path: "/topologies/my data"}
        training:
          mode: asynchronous
          steps: 500
          batch: 32
          learning_rate: {initial: 0.5, decay_steps: 300.0}
          momentum: {coefficient: 0.9, form: dampened, at: worker}
          gradient_clip: 2.0
          weight_decay: 0.0001
          gather_every: 10
          aggregation: mda
          evaluate_every: 50
        security: none
        servers: {count: 5, byzantine: 1}
        workers: {count: 7, byzantine: 2}
        quorum:
          servers: 4
          workers: 5
          grace_ms: 50
          start_grace_ms: 10000
          delta_ms: 500
          delta_floor_ms: 50
          ask_again_ms: 250
          linger_ms: 3000
          retained_steps: 3
        faults:
          server-4: reversed
          worker-5: reversed
          worker-6: little-is-enough
        simulation:
          delay_ms: {from: 0.1, to: 1.0}
          gradient_ms: 1.0

        """)
  }

  @Test func analyticModelsAsResolved() throws {
    #expect(
      try Examples.read(Examples.analytic).yaml.hasPrefix(
        """
        name: mnist
        seed: 1
        model: {analytic: quadratic, dimension: 10, noise: 1.0}
        training:

        """))
    #expect(
      try Examples.read(Examples.analytic, set: ["model.analytic=logistic"]).yaml.contains(
        "\nmodel: {analytic: logistic, dimension: 10, examples: 1000}\ntraining:\n"))
  }

  @Test func drawnTopologies() throws {
    for draw in 0..<300 {
      var drawing = Drawing(seed: UInt64(draw))
      let topology = drawing.topology()
      let text = topology.yaml
      do {
        let read = try Topology(yaml: text, file: "elsewhere/x.yaml")
        #expect(read == topology, "seed \(draw):\n\(text)")
        #expect(read.digest == topology.digest, "seed \(draw)")
        #expect(read.yaml == text, "seed \(draw)")
      } catch {
        Issue.record("seed \(draw): \(error)\n\(text)")
      }
    }
  }

  @Test(arguments: [
    "plain", "null", "~", "", "yes", "a: b", "#", "-", "- x", "\"", "\\", "a\nb", "\t", "\u{85}\u{2028}\u{7}\u{FEFF}",
    "é 数 🦉", "[x]", "'", "*a", "&a", "!a", "%", "@", "`", "5", "1e5", "a,b", "{", " x ", "a\r\nb",
  ])
  func scalars(text: String) throws {
    let tree = try Tree.parse("[\(text.yamlScalar)]", origin: { .line($0, of: "x") })
    guard case .sequence(let items)? = tree?.content, case .scalar(let read, _)? = items.first?.content else {
      Issue.record("not a list of one text")
      return
    }
    #expect(items.count == 1)
    #expect(Array(read.unicodeScalars) == Array(text.unicodeScalars))
    #expect(items[0].isNull == false)
  }
}

/// Draws topologies, good ones, with every field away from its default now and then.
struct Drawing {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed, path: [1]) }

  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + generator.index(below: range.upperBound - range.lowerBound + 1)
  }

  mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[generator.index(below: choices.count)] }

  mutating func positive() -> Double { pick([1, 0.1, 1e-7, 3e8, 1.0 / 3]) * Double(1 + generator.uniform()) }

  mutating func path() -> String {
    "/" + pick(["data", "a b/c", "x\"y", "ü/数", "null", "a: #b", "tab\there", "{,}", "\u{7}"])
  }

  mutating func topology() -> Topology {
    let mode: TrainingMode = pick([
      .asynchronous, .synchronous(.filtered(pick(LipschitzBatch.allCases))),
      .synchronous(.certified(pick(LipschitzBatch.allCases))),
    ])
    let (quorums, delta) = (quorums(in: mode), whole(0...900))
    let (model, security) = (model(), pick([Security.none, .curve]))
    return Topology(
      name: pick(["mnist", "null", "5", "a.b-c_D", "1e5", "true"]), seed: UInt64(whole(0...1 << 62)), model: model,
      training: training(in: mode), batch: whole(1...1_000_000), evaluateEvery: whole(1...1000), quorums: quorums,
      patience: Patience(
        graceMilliseconds: whole(0...900), startGraceMilliseconds: whole(0...900),
        delay: DelayBound(milliseconds: delta, floorMilliseconds: pick([delta, whole(0...delta)])),
        askAgainMilliseconds: whole(1...900), lingerMilliseconds: whole(0...900), retainedSteps: whole(2...1000)),
      security: security, nodes: places(quorums, model, security), faults: faults(quorums), schedule: schedule(quorums),
      rule: pick(rules))
  }

  /// The smallest quorums of an asynchronous run; a synchronous one has no choice.
  private mutating func quorums(in mode: TrainingMode) -> Quorums {
    let (serverBound, workerBound) = (whole(0...2), whole(0...3))
    let (moreServers, moreWorkers) = (whole(0...2), whole(0...2))
    if mode.isSynchronous {
      return Quorums(
        servers: (2 * serverBound + 1 + moreServers, serverBound),
        workers: (2 * workerBound + 1 + moreWorkers, workerBound), in: mode)
    }
    return Quorums(
      servers: (3 * serverBound + 2 + moreServers, serverBound),
      workers: (3 * workerBound + 1 + moreWorkers, workerBound),
      serverQuorum: 2 * serverBound + 2, workerQuorum: 2 * workerBound + 1)
  }

  private mutating func model() -> Model {
    switch whole(0...3) {
    case 0: .analytic(.quadratic(dimension: whole(1...100_000_000), noise: pick([0, positive()])))
    case 1: .analytic(.logistic(dimension: whole(1...100), examples: whole(12...1_000_000)))
    default: .network(pick(Architecture.allCases), DataConfiguration(dataset: .mnist, path: path()))
    }
  }

  private mutating func training(in mode: TrainingMode) -> TrainingParameters {
    TrainingParameters(
      mode: mode, steps: whole(1...1_000_000_000), gatherEvery: whole(1...100),
      learningRate: LearningRate(initial: positive(), decaySteps: pick([nil, positive()])),
      momentum: pick([
        .none, Momentum(coefficient: 0.99, form: .dampened),
        Momentum(coefficient: Double(generator.uniform()), form: .classical),
        Momentum(coefficient: 0.5, form: .nesterov, at: .server),
      ]),
      gradientClip: pick([nil, positive()]), weightDecay: pick([0, positive()]))
  }

  private mutating func key() -> PublicKey? { PublicKey(bytes: (0..<32).map { _ in UInt8(whole(0...255)) }) }

  private mutating func places(_ quorums: Quorums, _ model: Model, _ security: Security) -> [NodeID: NodePlace] {
    let hasKeys = security == .curve
    let (listsServers, listsWorkers) = (hasKeys || pick([true, false]), hasKeys || pick([true, false]))
    let hasData = if case .network = model { true } else { false }
    var places: [NodeID: NodePlace] = [:]
    for id in quorums.nodeIDs {
      let isServer = id.role == .server
      let address = "\(pick(["tcp://h-1.example", "tcp://[::1]"])):\(1000 + id.index + (isServer ? 0 : 500))"
      places[id] =
        (isServer ? listsServers : listsWorkers)
        ? NodePlace(
          host: pick([nil, "ada@h-1.example"]), address: isServer ? address : pick([nil, address]),
          bind: pick([nil, "tcp://*:7", "ipc:///a b"]),
          publicKey: hasKeys ? key() : nil,
          dataPath: hasData ? pick([nil, path()]) : nil,
          bus: isServer ? pick([nil, "tcp://h-1.example:\(3000 + id.index)"]) : nil)
        : NodePlace()
    }
    return places
  }

  /// Rules that every quorum permits.
  private var rules: [any AggregationRule] {
    [
      MinimumDiameterAveraging(), CoordinatewiseMedian(), Average(), CenteredClipping(radius: 0.25, iterations: 3),
      PreAggregatedRule([NearestNeighbourMixing(), Clipping(norm: 2.5)], before: TrimmedMean()),
      PreAggregatedRule([AdaptiveRobustClipping()], before: GeometricMedian(iterations: 7)),
    ]
  }

  private mutating func faults(_ quorums: Quorums) -> [NodeID: FaultSpecification] {
    var faults: [NodeID: FaultSpecification] = [:]
    for id in quorums.nodeIDs where generator.index(below: 3) == 0 {
      faults[id] = pick([
        FaultSpecification(name: "reversed"), .init(name: "random", parameters: ["scale": positive()]),
        .init(name: "crash", parameters: ["step": Double(whole(0...100))]),
        FaultSpecification([
          Specification(name: "random", parameters: ["scale": 1e30, "until": 9]), Specification(name: "silent"),
        ]),
      ])
    }
    return faults
  }

  private mutating func milliseconds() -> Double { pick([0, 1, 0.1, 1e-7, 1.0 / 3, 1e7, Double(whole(0...1000))]) }

  private mutating func span() -> ClosedRange<Double> {
    let (one, other) = (milliseconds(), milliseconds())
    return min(one, other)...max(one, other)
  }

  private mutating func schedule(_ quorums: Quorums) -> Schedule {
    let nodes = quorums.nodeIDs
    var schedule = Schedule(delay: span(), gradient: milliseconds())
    schedule.late = pick([nil, Schedule.Late(share: Double(generator.uniform()), upTo: milliseconds())])
    schedule.loss = pick([nil, Schedule.Loss(share: Double(generator.uniform()), again: milliseconds())])
    for node in nodes where generator.index(below: 4) == 0 { schedule.slow[node] = milliseconds() }
    for _ in 0..<whole(0...3) {
      let (time, cutOff) = (span(), Set(nodes.dropLast().filter { _ in generator.index(below: 3) == 0 }))
      if cutOff.isEmpty { continue }
      schedule.cuts.append(
        Schedule.Cut(
          cutOff, from: time.lowerBound, to: time.upperBound, direction: pick(Schedule.Cut.Direction.allCases),
          isLossy: pick([true, false])))
    }
    for _ in 0..<whole(0...3) {
      schedule.restarts.append(Schedule.Restart(pick(nodes), at: milliseconds(), after: milliseconds()))
    }
    typealias Adversary = Schedule.NetworkAdversary
    schedule.adversary = pick([
      nil,
      Adversary(
        starves: pick(Adversary.Target.allCases), hold: milliseconds(),
        deserts: pick([nil, .gap(whole(1...100)), .rejoin(whole(1...1_000_000_000))])),
    ])
    return schedule
  }
}
