import ByzAdversary
import ByzAggregation
import ByzGradients
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzTopology

@Suite struct FormsTests {
  @Test func documentedExample() throws {
    let topology = try Examples.read(Examples.documented)
    #expect(topology.name == "mnist")
    #expect(topology.seed == 1)
    #expect(topology.model == .network(.mlp, DataConfiguration(dataset: .mnist, path: "/Datasets/mnist")))
    #expect(
      topology.training
        == TrainingParameters(
          steps: 500, gatherEvery: 10, learningRate: LearningRate(initial: 0.5, decaySteps: 300),
          momentum: Momentum(coefficient: 0.9, form: .dampened), gradientClip: 2, weightDecay: 1e-4))
    #expect(topology.batch == 32)
    #expect(topology.rule.name == "mda")
    #expect(topology.evaluateEvery == 50)
    #expect(topology.quorums == Quorums(servers: (5, 1), workers: (7, 2)))
    #expect(topology.patience == Patience(graceMilliseconds: 50, retainedSteps: 3))
    #expect(topology.nodes.count == 12)
    #expect(topology.nodes.values.allSatisfy { $0 == NodePlace() })
    #expect(
      topology.faults == [
        .server(4): FaultSpecification(name: "reversed"), .worker(5): FaultSpecification(name: "reversed"),
        .worker(6): FaultSpecification(name: "little-is-enough"),
      ])
    #expect(topology.warnings == [])
  }

  @Test func defaults() throws {
    let topology = try Examples.read(Examples.smallest)
    #expect(topology.name == "mnist", "the name of the file")
    #expect(topology.seed == 1)
    #expect(
      topology.training
        == TrainingParameters(
          steps: 500, gatherEvery: 10, learningRate: LearningRate(initial: 0.5, decaySteps: 300),
          momentum: Momentum(coefficient: 0.9, form: .dampened)))
    #expect(topology.batch == 32)
    #expect(topology.aggregation.description == "mda")
    #expect(topology.evaluateEvery == 50)
    #expect(topology.quorums == Quorums(servers: (1, 0), workers: (3, 0)))
    #expect(topology.patience == Patience())
    #expect(topology.faults == [:])
  }

  @Test(arguments: [
    ("{analytic: quadratic}", AnalyticProblem.quadratic(dimension: 10, noise: 1)),
    ("{analytic: quadratic, dimension: 3, noise: 0}", .quadratic(dimension: 3, noise: 0)),
    ("{analytic: quadratic, noise: .5, examples: null}", .quadratic(dimension: 10, noise: 0.5)),
    ("{analytic: logistic}", .logistic(dimension: 10, examples: 1_000)),
    (
      "{architecture: null, analytic: logistic, dimension: 100, examples: 1000000}",
      .logistic(dimension: 100, examples: 1_000_000)
    ),
  ])
  func analyticModels(value: String, expected: AnalyticProblem) throws {
    let topology = try Examples.read(Examples.analytic.replacing("{analytic: quadratic}", with: value))
    #expect(topology.model == .analytic(expected))
    #expect(topology.model.dimension == expected.dimension && topology.model.tensors == expected.parameters)
    #expect(topology.model.initialParameters(seed: 3) == expected.initialParameters(seed: 3))
  }

  /// Nothing is known of nodes that are not mentioned, as in a file that gives a count.
  @Test func madeFromParts() throws {
    let read = try Examples.read(Examples.analytic)
    let made = Topology(
      name: "mnist", seed: 1, model: .analytic(.quadratic(dimension: 10, noise: 1)), training: read.training, batch: 32,
      evaluateEvery: 50, quorums: Quorums(servers: (1, 0), workers: (3, 0)), rule: MinimumDiameterAveraging())
    #expect(made == read && made.nodes.count == 4)
    #expect(try Examples.read(made.yaml) == made)
  }

  @Test func listedNodes() throws {
    let topology = try Examples.read(Examples.listed)
    #expect(
      topology.nodes == [
        .server(0): NodePlace(address: "tcp://[2001:db8::1]:7000"),
        .server(1): NodePlace(
          address: "tcp://192.0.2.11:7000", bind: "tcp://*:7000", dataPath: "/topologies/local/mnist"),
        .worker(0): NodePlace(), .worker(1): NodePlace(dataPath: "/scratch/mnist"),
        .worker(2): NodePlace(address: "ipc:///topologies/worker-2.sock"),
      ])
    #expect(topology.quorums == Quorums(servers: (2, 0), workers: (3, 0)))
  }

  @Test(arguments: [
    ("learning_rate: 0.25", LearningRate(initial: 0.25)),
    ("learning_rate: 1", LearningRate(initial: 1)),
    ("learning_rate: 5e-1", LearningRate(initial: 0.5)),
    ("learning_rate: {initial: .5}", LearningRate(initial: 0.5)),
    ("learning_rate: {initial: 0.5, decay_steps: null}", LearningRate(initial: 0.5)),
    ("learning_rate: {initial: 0.5, decay_steps: 2.5}", LearningRate(initial: 0.5, decaySteps: 2.5)),
    ("learning_rate:", LearningRate(initial: 0.5, decaySteps: 300)),
  ])
  func learningRates(line: String, expected: LearningRate) throws {
    #expect(try Examples.read("\(Examples.smallest)\ntraining:\n  \(line)").training.learningRate == expected)
  }

  @Test(
    arguments: [
      ("{coefficient: 0.5, form: classical, at: worker}", Momentum(coefficient: 0.5, form: .classical)),
      ("{form: nesterov}", Momentum(coefficient: 0.9, form: .nesterov)),
      ("{coefficient: 0.5}", Momentum(coefficient: 0.5, form: .dampened)),
      ("{form: classical}", Momentum(coefficient: 0.9, form: .classical)),
      ("{coefficient: 0}", Momentum(coefficient: 0, form: .dampened)),
      ("{form: nesterov, at: server}", Momentum(coefficient: 0.9, form: .nesterov, at: .server)),
      ("{at: none}", nil),
      ("{coefficient: 0.5, form: classical, at: none}", nil),
      ("~", Momentum(coefficient: 0.9, form: .dampened)),
    ] as [(String, Momentum?)])
  func momentums(value: String, expected: Momentum?) throws {
    #expect(try Examples.read("\(Examples.smallest)\ntraining: {momentum: \(value)}").training.momentum == expected)
  }

  @Test(
    arguments: [
      ("mda", "mda"), ("~", "mda"), ("multi-krum", "multi-krum"), ("'multi-krum:keep=1'", "multi-krum:keep=1"),
      ("{multi-krum: {keep: 1}}", "multi-krum:keep=1"), ("{multi-krum: 1}", "multi-krum:keep=1"),
      ("{rule: median}", "median"), ("{rule: median, before: []}", "median"),
      ("{rule: {multi-krum: 1}, before: [arc]}", "multi-krum:keep=1 after arc"),
      ("{rule: trimmed-mean, before: [nnm, {clip: 2}]}", "trimmed-mean after nnm, clip:norm=2"),
      (
        "{rule: trimmed-mean, before: ['clip:norm=2.5', {clip: {norm: 3}}]}",
        "trimmed-mean after clip:norm=2.5, clip:norm=3"
      ),
    ])
  func aggregations(value: String, expected: String) throws {
    let topology = try Examples.read("\(Examples.smallest)\ntraining: {aggregation: \(value)}")
    #expect(topology.aggregation.description == expected)
    // What `check` prints is read back as the same.
    #expect(try Examples.read(topology.yaml) == topology)
  }

  @Test(
    arguments: [
      ("reversed", FaultSpecification(name: "reversed")),
      ("'reversed:scale=10'", FaultSpecification(name: "reversed", parameters: ["scale": 10])),
      ("reversed:scale=2.5e1", FaultSpecification(name: "reversed", parameters: ["scale": 25])),
      (
        "\"little-is-enough:z=-1.5,batches=3\"", .init(name: "little-is-enough", parameters: ["z": -1.5, "batches": 3])
      ),
      ("{reversed: {scale: 10}}", FaultSpecification(name: "reversed", parameters: ["scale": 10])),
      ("{reversed: }", FaultSpecification(name: "reversed")),
      (
        "reversed:until=9 + slow:ms=5",
        FaultSpecification([
          Specification(name: "reversed", parameters: ["until": 9]), Specification(name: "slow", parameters: ["ms": 5]),
        ])
      ),
      (
        "[random:scale=1e+3, {drop: {share: 0.5}}]",
        FaultSpecification([
          Specification(name: "random", parameters: ["scale": 1000]),
          Specification(name: "drop", parameters: ["share": 0.5]),
        ])
      ),
      ("null", nil), ("none", nil), ("'none'", nil), ("[none]", nil),
    ] as [(String, FaultSpecification?)])
  func faults(value: String, expected: FaultSpecification?) throws {
    let topology = try Examples.read("\(Examples.smallest)\nfaults:\n  worker-1: \(value)")
    #expect(topology.faults[.worker(1)] == expected)
  }

  @Test func otherSpellings() throws {
    let expected = try Examples.read(Examples.documented)
    let text = "\u{FEFF}---\n" + Examples.documented.replacing("\n", with: "\r\n") + "...\n"
    #expect(try Examples.read(text) == expected)
    #expect(try Examples.read(Examples.documented + "# a *starred* comment & more\n") == expected)
  }

  @Test(arguments: [
    ("runs/my run.yaml", "my-run"), ("a.b.yaml", "a.b"), ("/x/plain", "plain"), (".hidden", "hidden"),
    ("-.yaml", "topology"), ("/dev/fd/63", "63"), ("größe.yml", "gr--e"), ("", "topology"),
  ])
  func standardNames(path: String, expected: String) throws {
    #expect(try Topology(yaml: Examples.smallest, file: path).name == expected)
  }

  @Test(arguments: [
    ("data", "/a/b/data"), ("../data", "/a/data"), ("./x/../../y/.", "/a/y"), ("/data/", "/data"),
    ("../../../..", "/"),
  ])
  func pathsAreRelativeToTheFile(path: String, expected: String) throws {
    let topology = try Topology(yaml: Examples.smallest, file: "/a/b/t.yaml", overriding: ["data.path=\(path)"])
    #expect(topology.model == .network(.logistic, DataConfiguration(dataset: .mnist, path: expected)))
  }

  @Test(arguments: [
    ("faults: {server-0: reversed}", "1 server has a fault but servers.byzantine is 0"),
    (
      "faults: {worker-0: sign-flip, worker-2: random}",
      "2 workers have faults but workers.byzantine is 0"
    ),
    ("", "one server with f_ps = 0 is a trusted server"),
    ("training: {aggregation: average}", "aggregation average tolerates nobody"),
    (
      "training: {aggregation: {rule: mda, before: [{clip: 2}]}}",
      "nothing is proven of aggregation mda after clip:norm=2"
    ),
  ])
  func warnings(line: String, expected: String) throws {
    let topology = try Examples.read("\(Examples.smallest)\n\(line)")
    #expect(topology.warnings.contains { $0.hasPrefix(expected) })
    #expect(topology.isBeyondBounds == line.hasPrefix("faults"))
  }

  @Test func placing() throws {
    let addresses = Dictionary(uniqueKeysWithValues: (0..<5).map { (NodeID.server($0), "ipc:///run/\($0)") })
    let topology = try Examples.read(Examples.documented)
    let placed = topology.placing(addresses)
    #expect(placed.nodes[.server(3)] == NodePlace(address: "ipc:///run/3"))
    #expect(placed.nodes[.worker(3)] == NodePlace())
    #expect(placed.digest == topology.digest)
    #expect(try Examples.read(placed.yaml) == placed)
    let moved = try Examples.read(Examples.listed).placing([.server(1): "tcp://h:1"])
    #expect(
      moved.nodes[.server(1)]
        == NodePlace(address: "tcp://h:1", bind: "tcp://*:7000", dataPath: "/topologies/local/mnist"))
    #expect(moved.nodes[.server(0)] == NodePlace(address: "tcp://[2001:db8::1]:7000"))
  }
}
