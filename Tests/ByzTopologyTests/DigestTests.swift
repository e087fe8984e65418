import ByzProtocol
import Testing

@testable import ByzTopology

@Suite struct DigestTests {
  private func digest(_ set: [String], faults: [String] = []) throws -> [UInt8] {
    try Examples.read(Examples.documented, set: set, faults: faults).digest
  }

  @Test(arguments: [
    "seed=2", "model.architecture=logistic", "training.steps=501", "training.batch=33", "training.learning_rate=0.5",
    "training.learning_rate.initial=0.25", "training.learning_rate.decay_steps=301",
    "training.momentum.coefficient=0.8", "training.momentum.form=classical", "training.momentum.at=none",
    "training.momentum.at=server", "training.momentum.form=nesterov",
    "training.gradient_clip=3", "training.gradient_clip=null", "training.weight_decay=0", "training.gather_every=11",
    "training.aggregation=median", "servers.count=6", "workers.count=8", "workers.byzantine=1",
    "servers={count: 5, byzantine: 0}", "quorum.retained_steps=4",
  ])
  func covers(assignment: String) throws {
    #expect(try digest([assignment]) != digest([]))
  }

  @Test func coversAnalyticModels() throws {
    let models = [
      "analytic: quadratic", "analytic: quadratic, dimension: 11", "analytic: quadratic, noise: 2",
      "analytic: quadratic, noise: 1000", "analytic: logistic", "analytic: logistic, dimension: 11",
      "analytic: logistic, examples: 999",
    ]
    let digests = try models.map { try Examples.read(Examples.analytic, set: ["model={\($0)}"]).digest }
    #expect(Set(digests).count == models.count)
  }

  @Test func coversQuorums() throws {
    let more = ["servers.count=6", "workers.count=8"]
    #expect(try digest(more + ["quorum.servers=4"]) != digest(more))
    #expect(try digest(more + ["quorum.workers=5"]) != digest(more))
  }

  @Test(arguments: [
    "name=other", "data.path=/elsewhere", "training.evaluate_every=7", "quorum.grace_ms=1", "quorum.start_grace_ms=1",
    "quorum.ask_again_ms=1", "quorum.linger_ms=1", "quorum.delta_ms=1", "quorum.delta_floor_ms=1",
    "training.pull=certified",
    "training.lipschitz_batch=same", "faults={}", "quorum.servers=4", "training.weight_decay=0.0001",
    "workers.nodes=null", "simulation.delay_ms.to=5", "simulation.gradient_ms=7",
    "simulation.restarts=[{node: server-0, at_ms: 1}]", "simulation.adversary={starves: behind}",
  ])
  func leavesOut(assignment: String) throws {
    #expect(try digest([assignment]) == digest([]))
  }

  @Test func leavesOutFaultsAndPlaces() throws {
    #expect(try digest([], faults: ["worker-0=sign-flip"]) == digest([]))
    let counted = Examples.listed.replacing("servers:\n", with: "servers: {count: 2}\nworkers: {count: 3}\n#")
      .split(separator: "\n").prefix(4).joined(separator: "\n")
    #expect(try Examples.read(Examples.listed).digest == Examples.read(counted).digest)
  }

  /// A new form of the text would separate nodes of different versions: change this on purpose only.
  @Test func pinned() throws {
    let topology = try Examples.read(Examples.documented)
    #expect(
      topology.agreement == """
        byzsgd topology 1
        seed 1
        model mlp 79510
        dataset mnist
        mode asynchronous
        steps 500
        batch 32
        learning rate 0.5 300.0
        momentum dampened 0.9
        gradient clip 2.0
        weight decay 0.0001
        gather every 10
        aggregation mda
        servers 5 1 4
        workers 7 2 5
        retained steps 3

        """)
    let hexadecimal = topology.digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(hexadecimal == "2fbab243e17b1bfa0941646e41e676e23267cc01b0a5f450a060214ac0dfd92f")
  }
}
