import ByzAdversary
import ByzGradients
import ByzProtocol
import Testing

@testable import ByzTopology

@Suite struct OverridesTests {
  @Test func everyKindOfValue() throws {
    let topology = try Examples.read(
      Examples.documented,
      set: [
        "training.steps=200", "training.learning_rate={initial: 0.1}", "faults={}", "name=other", "seed=9",
        "training.gradient_clip=null", "training.momentum.form=classical", "servers.count=8", "quorum.linger_ms=5",
      ])
    #expect(topology.training.steps == 200)
    #expect(topology.training.learningRate == LearningRate(initial: 0.1))
    #expect(topology.faults == [:])
    #expect(topology.name == "other")
    #expect(topology.seed == 9)
    #expect(topology.training.gradientClip == nil)
    #expect(topology.training.momentum == Momentum(coefficient: 0.9, form: .classical))
    #expect(topology.quorums.servers == Group(count: 8, byzantine: 1))
    #expect(topology.patience.lingerMilliseconds == 5)
  }

  @Test func modelsOfTheOtherForm() throws {
    let topology = try Examples.read(
      Examples.documented, set: ["model={analytic: logistic}", "data=null", "model.examples=70"])
    #expect(topology.model == .analytic(.logistic(dimension: 10, examples: 70)))
    let path = "data={dataset: mnist, path: /data}"
    let network = try Examples.read(Examples.analytic, set: ["model={architecture: mlp}", path])
    #expect(network.model == .network(.mlp, DataConfiguration(dataset: .mnist, path: "/data")))
    #expect(
      Examples.problems(Examples.documented, set: ["model.analytic=logistic"]) == [
        "--set model.analytic=logistic: model.analytic: give either architecture or analytic, not both"
      ])
    #expect(
      Examples.problems(Examples.analytic, set: ["model.architecture=mlp"]) == [
        "--set model.architecture=mlp: model.architecture: give either architecture or analytic, not both"
      ])
    #expect(
      Examples.problems(Examples.documented, set: ["model={analytic: quadratic}"]) == [
        "mnist.yaml:4: data: an analytic model needs no data; leave it out"
      ])
    #expect(
      Examples.problems(Examples.analytic, set: ["model.examples=5"]) == [
        "--set model.examples=5: model.examples: quadratic has none; it has dimension and noise"
      ])
  }

  @Test func absentSectionsAreAdded() throws {
    let topology = try Examples.read(
      Examples.smallest + "\ntraining:", set: ["training.momentum.coefficient=0.5", "quorum.grace_ms=1"])
    #expect(topology.training.momentum == Momentum(coefficient: 0.5, form: .dampened))
    #expect(topology.patience.graceMilliseconds == 1)
  }

  @Test func theLastOneCounts() throws {
    let set = ["training.steps=1", "training={steps: 2, batch: 3}", "training.batch=4"]
    let topology = try Examples.read(Examples.documented, set: set)
    #expect(topology.training.steps == 2)
    #expect(topology.batch == 4)
    #expect(topology.training.gradientClip == nil)
  }

  @Test func itemsOfLists() throws {
    let topology = try Examples.read(Examples.listed, set: ["servers.nodes.1.address=tcp://new:1"])
    #expect(topology.nodes[.server(0)]?.address == "tcp://new:1")
    #expect(
      Examples.problems(Examples.listed, set: ["servers.nodes.2.address=tcp://new:1"]) == [
        "--set servers.nodes.2.address=tcp://new:1: servers.nodes is a list of 2, counted from 0; it has no '2'"
      ])
  }

  @Test(
    arguments: [
      ("training.momentom=0.9", "training.momentom: unknown key; did you mean 'momentum'?"),
      ("trainig.steps=5", "trainig: unknown key; did you mean 'training'?"),
      ("training.steps=0", "training.steps: must be a whole number from 1 to 1000000000, not '0'"),
      (
        "training.learning_rate={initial: x}",
        "training.learning_rate.initial: must be a number above 0 and at most 1000000000, not 'x'"
      ),
      (
        "training.steps.now=5",
        "training.steps is '500' at mnist.yaml:7, which has no fields; set training.steps as a whole"
      ),
      ("training.steps", "expected FIELD=VALUE, as in --set training.steps=200"),
      ("=5", "expected FIELD=VALUE, as in --set training.steps=200"),
      ("training..steps=5", "expected FIELD=VALUE, as in --set training.steps=200"),
      ("", "expected FIELD=VALUE, as in --set training.steps=200"),
      ("a.a.a.a.a.a.a.a.a=5", "expected FIELD=VALUE, as in --set training.steps=200"),
      ("training={steps: 1", "not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'"),
      ("name=a\u{1}", "the character U+0001 is not permitted"),
      ("data.path=", "data.path: missing; give the folder of the data set"),
      ("training.steps=&a 5", "anchors and aliases ('&name', '*name') are not permitted"),
      ("training.steps=*a", "not valid YAML: found undefined alias"),
      ("training.steps=!!int 5", "tags ('tag:yaml.org,2002:int') are not permitted"),
    ])
  func message(assignment: String, expected: String) {
    let found = Examples.problems(Examples.documented, set: [assignment])
    #expect(found == ["--set \(assignment.replacing("\u{1}", with: "\u{FFFD}")): \(expected)"])
  }

  @Test func faults() throws {
    let topology = try Examples.read(
      Examples.documented, faults: ["server-4=reversed:scale=10", "worker-0=little-is-enough:z=1.5,batches=3"])
    #expect(topology.faults[.server(4)] == FaultSpecification(name: "reversed", parameters: ["scale": 10]))
    #expect(topology.faults[.worker(0)]?.parts.first?.parameters == ["z": 1.5, "batches": 3])
    #expect(topology.faults.count == 4)
    #expect(try Examples.read(Examples.smallest, faults: ["worker-1=sign-flip"]).faults.count == 1)
    #expect(
      try Examples.read(Examples.documented, set: ["faults={}"], faults: ["worker-1=sign-flip"]).faults.count == 1)
    let honest = try Examples.read(Examples.documented, set: ["faults.server-4=none"], faults: ["worker-5=none"])
    #expect(honest.faults.keys.map(\.description) == ["worker-6"])
  }

  @Test(arguments: [
    ("worker-3", "expected NODE=FAULT, as in --fault worker-3=little-is-enough or server-1=reversed:scale=100"),
    ("worker-3=", "expected NODE=FAULT, as in --fault worker-3=little-is-enough or server-1=reversed:scale=100"),
    ("worker-7=sign-flip", "faults.worker-7: there is no worker-7; there are worker-0 to worker-6"),
    ("wroker-3=sign-flip", "faults.wroker-3: 'wroker-3' is not the name of a node, such as server-0 or worker-0"),
    (
      "server-3=anti-cge", "faults.server-3: a server cannot play 'anti-cge'; it can play: \(Examples.faultsOfServers)"
    ),
    ("worker-7=none", "faults.worker-7: there is no worker-7; there are worker-0 to worker-6"),
    (
      "worker-3=none:from=5",
      "faults.worker-3: 'none' means that the node is honest; it stands alone and has no parameters"
    ),
    (
      "worker-3=reversed + none",
      "faults.worker-3: 'none' means that the node is honest; it stands alone and has no parameters"
    ),
    ("worker-3=reversed:", "faults.worker-3: '' is not PARAMETER=NUMBER, as in reversed:scale=10"),
    (
      "worker-3=reversed:scale=1,scale=2", "faults.worker-3: 'scale=2' is not PARAMETER=NUMBER, as in reversed:scale=10"
    ),
  ])
  func messageAboutFault(assignment: String, expected: String) {
    #expect(Examples.problems(Examples.documented, faults: [assignment]) == ["--fault \(assignment): \(expected)"])
  }

  @Test func faultOfTheOnlyServer() {
    #expect(
      Examples.problems(Examples.smallest, faults: ["server-1=reversed"]) == [
        "--fault server-1=reversed: faults.server-1: there is no server-1; the only server is server-0"
      ])
  }
}
