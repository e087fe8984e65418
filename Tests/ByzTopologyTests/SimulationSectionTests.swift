import ByzAdversary
import ByzProtocol
import Testing

@testable import ByzTopology

/// The section `simulation`, whose own lines these tests write below the smallest topology: one server, three workers.
@Suite struct SimulationSectionTests {
  private typealias Cut = Schedule.Cut
  private typealias Adversary = Schedule.NetworkAdversary

  private static let everyKey = """
    simulation:
      delay_ms: {from: 2, to: 7.5}
      gradient_ms: 3
      late: {share: 0.25, up_to_ms: 100}
      loss: {share: 0.125, again_ms: 20}
      slow_ms: {server-0: 5, worker-2: 1e3}
      cuts:
        - {nodes: [worker-0, server-0], from_ms: 10, to_ms: 20.5, direction: incoming, lossy: true}
        - {nodes: [worker-1], to_ms: 5}
        - {nodes: [worker-2], from_ms: 6, to_ms: 6, direction: outgoing, lossy: false}
      restarts:
        - {node: worker-1, at_ms: 30, after_ms: 4}
        - {node: server-0, at_ms: 0}
      adversary: {starves: behind, hold_ms: 50, deserts_at_gap: 2}
    """

  private static let everyValue = Schedule(
    delay: 2...7.5, gradient: 3, late: Schedule.Late(share: 0.25, upTo: 100),
    loss: Schedule.Loss(share: 0.125, again: 20), slow: [.server(0): 5, .worker(2): 1000],
    cuts: [
      Cut([.worker(0), .server(0)], from: 10, to: 20.5, direction: .incoming, isLossy: true),
      Cut([.worker(1)], from: 0, to: 5), Cut([.worker(2)], from: 6, to: 6, direction: .outgoing),
    ],
    restarts: [Schedule.Restart(.worker(1), at: 30, after: 4), Schedule.Restart(.server(0), at: 0, after: 0)],
    adversary: Adversary(starves: .behind, hold: 50, deserts: .gap(2)))

  private func schedule(_ section: String, set: [String] = []) throws -> Schedule {
    try Examples.read(Examples.analytic + "\n" + section, set: set).schedule
  }

  @Test func everyKeyIsRead() throws {
    #expect(try schedule(Self.everyKey) == Self.everyValue)
  }

  @Test(arguments: [
    "", "simulation:", "simulation: {}", "simulation: {late: null, cuts: null, restarts: [], slow_ms: {}}",
  ])
  func whatIsNotGivenIsAsInACalmNetwork(section: String) throws {
    let calm = Schedule(delay: 0.1...1, gradient: 1)
    #expect(try schedule(section) == calm)
    #expect(calm == Schedule())
  }

  @Test(arguments: [
    ("{}", Adversary(starves: .nobody, hold: 0)),
    ("{starves: nobody, deserts_at_rejoin: 3}", Adversary(starves: .nobody, hold: 0, deserts: .rejoin(3))),
    ("{starves: ahead, hold_ms: 0.5}", Adversary(starves: .ahead, hold: 0.5)),
    ("{starves: behind, deserts_at_gap: 1}", Adversary(starves: .behind, hold: 0, deserts: .gap(1))),
    ("null", nil),
  ])
  func adversaries(value: String, expected: Schedule.NetworkAdversary?) throws {
    #expect(try schedule("simulation: {adversary: \(value)}").adversary == expected)
  }

  @Test(arguments: Schedule.Cut.Direction.allCases, [true, false])
  func cutsOfEachKind(direction: Schedule.Cut.Direction, isLossy: Bool) throws {
    let cut = "{nodes: [server-0], to_ms: 2, direction: \(direction), lossy: \(isLossy)}"
    #expect(
      try schedule("simulation: {cuts: [\(cut)]}").cuts == [
        Cut([.server(0)], from: 0, to: 2, direction: direction, isLossy: isLossy)
      ])
  }

  @Test func isWrittenInFull() throws {
    let yaml = try Examples.read(Examples.analytic + "\n" + Self.everyKey).yaml
    let section = yaml.split(separator: "\n").drop { $0 != "simulation:" }.joined(separator: "\n")
    #expect(
      section == """
        simulation:
          delay_ms: {from: 2.0, to: 7.5}
          gradient_ms: 3.0
          late: {share: 0.25, up_to_ms: 100.0}
          loss: {share: 0.125, again_ms: 20.0}
          slow_ms: {server-0: 5.0, worker-2: 1000.0}
          cuts:
            - {nodes: [server-0, worker-0], from_ms: 10.0, to_ms: 20.5, direction: incoming, lossy: true}
            - {nodes: [worker-1], from_ms: 0.0, to_ms: 5.0, direction: both, lossy: false}
            - {nodes: [worker-2], from_ms: 6.0, to_ms: 6.0, direction: outgoing, lossy: false}
          restarts:
            - {node: worker-1, at_ms: 30.0, after_ms: 4.0}
            - {node: server-0, at_ms: 0.0, after_ms: 0.0}
          adversary: {starves: behind, hold_ms: 50.0, deserts_at_gap: 2}
        """)
  }

  @Test func fieldsCanBeSet() throws {
    #expect(try schedule("", set: ["simulation.delay_ms.to=5"]).delay == 0...5)
    let changed = try schedule(
      Self.everyKey,
      set: [
        "simulation.delay_ms.to=5", "simulation.late=null", "simulation.slow_ms.worker-0=1",
        "simulation.cuts.1.to_ms=9", "simulation.restarts=[{node: worker-2, at_ms: 1}]",
        "simulation.adversary.starves=ahead",
      ])
    var expected = Self.everyValue
    expected.delay = 2...5
    expected.late = nil
    expected.slow[.worker(0)] = 1
    expected.cuts[1] = Cut([.worker(1)], from: 0, to: 9)
    expected.restarts = [Schedule.Restart(.worker(2), at: 1, after: 0)]
    expected.adversary = Adversary(starves: .ahead, hold: 50, deserts: .gap(2))
    #expect(changed == expected)
    #expect(try schedule(Self.everyKey, set: ["simulation={}"]) == Schedule())
  }
}

@Suite struct SimulationErrorTests {
  private static let mistakes: [(String, String)] = [
    (
      "fast",
      ": must be a mapping with the keys delay_ms, gradient_ms, late, loss, slow_ms, cuts, restarts, adversary, not 'fast'"
    ),
    (
      "{zebra: 1}",
      ".zebra: unknown key; known here: delay_ms, gradient_ms, late, loss, slow_ms, cuts, restarts, adversary"
    ),
    ("{gradients_ms: 1}", ".gradients_ms: unknown key; did you mean 'gradient_ms'?"),

    ("{delay_ms: 5}", ".delay_ms: must be a mapping with the keys from, to, not '5'"),
    ("{delay_ms: {form: 1, to: 5}}", ".delay_ms.form: unknown key; did you mean 'from'?"),
    ("{delay_ms: {from: 5}}", ".delay_ms.to: missing; give the longest delay"),
    ("{delay_ms: {from: 5, to: 4.5}}", ".delay_ms.to: the longest delay, 4.5 ms, is below the shortest, 5.0 ms"),
    ("{delay_ms: {from: 5, to: -1}}", ".delay_ms.to: must be a number of milliseconds from 0 to 1e7, not '-1'"),
    ("{delay_ms: {from: x, to: 0}}", ".delay_ms.from: must be a number of milliseconds from 0 to 1e7, not 'x'"),
    ("{gradient_ms: -0.1}", ".gradient_ms: must be a number of milliseconds from 0 to 1e7, not '-0.1'"),
    ("{gradient_ms: 10000001}", ".gradient_ms: must be a number of milliseconds from 0 to 1e7, not '10000001'"),
    ("{gradient_ms: .inf}", ".gradient_ms: must be a number of milliseconds from 0 to 1e7, not '.inf'"),

    ("{late: 0.5}", ".late: must be a mapping with the keys share, up_to_ms, not '0.5'"),
    ("{late: {up_to_ms: 5}}", ".late.share: missing; give a share of all messages"),
    ("{late: {share: 0.5}}", ".late.up_to_ms: missing; give the longest additional delay"),
    ("{late: {share: 1, up_to_ms: 5}}", ".late.share: must be a number from 0 to below 1, not '1'"),
    ("{late: {share: -0.5, up_to_ms: 5}}", ".late.share: must be a number from 0 to below 1, not '-0.5'"),
    (
      "{late: {share: 0.5, up_to_ms: 5s}}", ".late.up_to_ms: must be a number of milliseconds from 0 to 1e7, not '5s'"
    ),
    ("{late: {share: 0.5, up_to_ms: 5, shape: 1}}", ".late.shape: unknown key; did you mean 'share'?"),

    ("{loss: [1]}", ".loss: must be a mapping with the keys share, again_ms, not a list"),
    ("{loss: {again_ms: 5}}", ".loss.share: missing; give a share of all messages"),
    ("{loss: {share: 0.5}}", ".loss.again_ms: missing; give after how long a transmission is repeated"),
    ("{loss: {share: 1, again_ms: 5}}", ".loss.share: must be a number from 0 to below 1, not '1'"),
    (
      "{loss: {share: 0.5, again_ms: -5}}", ".loss.again_ms: must be a number of milliseconds from 0 to 1e7, not '-5'"
    ),
    ("{loss: {share: 0.5, again_ms: 5, agian_ms: 5}}", ".loss.agian_ms: unknown key; did you mean 'again_ms'?"),

    ("{slow_ms: 20}", ".slow_ms: must be a mapping from nodes to milliseconds, such as {server-0: 20}, not '20'"),
    (
      "{slow_ms: {worker-x: 20}}",
      ".slow_ms.worker-x: 'worker-x' is not the name of a node, such as server-0 or worker-0"
    ),
    (
      "{slow_ms: {worker-0: long}}",
      ".slow_ms.worker-0: must be a number of milliseconds from 0 to 1e7, not 'long'"
    ),
    ("{slow_ms: {worker-3: 20}}", ".slow_ms.worker-3: there is no worker-3; there are worker-0 to worker-2"),
    ("{slow_ms: {server-1: 20}}", ".slow_ms.server-1: there is no server-1; the only server is server-0"),

    ("{cuts: 5}", ".cuts: must be a list, not '5'"),
    (
      "{cuts: [5]}",
      ".cuts.0: must be a mapping with the keys nodes, from_ms, to_ms, direction, lossy, not '5'"
    ),
    ("{cuts: [{to_ms: 5}]}", ".cuts.0.nodes: missing; give the nodes to cut off, such as [server-0]"),
    ("{cuts: [{nodes: server-0, to_ms: 5}]}", ".cuts.0.nodes: must be a list, not 'server-0'"),
    (
      "{cuts: [{nodes: [server-0, server-00], to_ms: 5}]}",
      ".cuts.0.nodes.1: 'server-00' is not the name of a node, such as server-0 or worker-0"
    ),
    ("{cuts: [{nodes: [[server-0]], to_ms: 5}]}", ".cuts.0.nodes.0: must be a text, not a list"),
    (
      "{cuts: [{nodes: [worker-0, worker-3], to_ms: 5}]}",
      ".cuts.0.nodes: there is no worker-3; there are worker-0 to worker-2"
    ),
    ("{cuts: [{nodes: [], to_ms: 5}]}", ".cuts.0.nodes: names nobody; name some nodes"),
    ("{cuts: [{nodes: [server-0], from_ms: 5}]}", ".cuts.0.to_ms: missing; give the time when it ends"),
    (
      "{cuts: [{nodes: [server-0], from_ms: 5, to_ms: 4}]}",
      ".cuts.0.to_ms: a cut from 5.0 ms cannot end at 4.0 ms"
    ),
    (
      "{cuts: [{nodes: [server-0], from_ms: 5, to_ms: x}]}",
      ".cuts.0.to_ms: must be a number of milliseconds from 0 to 1e7, not 'x'"
    ),
    (
      "{cuts: [{nodes: [server-0], from_ms: -5, to_ms: 5}]}",
      ".cuts.0.from_ms: must be a number of milliseconds from 0 to 1e7, not '-5'"
    ),
    (
      "{cuts: [{nodes: [server-0], to_ms: 5, direction: sideways}]}",
      ".cuts.0.direction: must be both, incoming or outgoing, not 'sideways'"
    ),
    ("{cuts: [{nodes: [server-0], to_ms: 5, lossy: maybe}]}", ".cuts.0.lossy: must be true or false, not 'maybe'"),
    ("{cuts: [{nodes: [server-0], to_ms: 5, losy: true}]}", ".cuts.0.losy: unknown key; did you mean 'lossy'?"),

    ("{restarts: {node: server-0}}", ".restarts: must be a list, not a mapping"),
    ("{restarts: [server-0]}", ".restarts.0: must be a mapping with the keys node, at_ms, after_ms, not 'server-0'"),
    ("{restarts: [{at_ms: 5}]}", ".restarts.0.node: missing; give the node that crashes, such as server-0"),
    ("{restarts: [{node: server-0}]}", ".restarts.0.at_ms: missing; give the time when it crashes"),
    (
      "{restarts: [{node: server, at_ms: 5}]}",
      ".restarts.0.node: 'server' is not the name of a node, such as server-0 or worker-0"
    ),
    (
      "{restarts: [{node: worker-7, at_ms: 5}]}",
      ".restarts.0.node: there is no worker-7; there are worker-0 to worker-2"
    ),
    (
      "{restarts: [{node: server-0, at_ms: 5, after_ms: -1}]}",
      ".restarts.0.after_ms: must be a number of milliseconds from 0 to 1e7, not '-1'"
    ),
    (
      "{restarts: [{node: server-0, at_ms: 5, after_s: 1}]}",
      ".restarts.0.after_s: unknown key; did you mean 'after_ms'?"
    ),

    (
      "{adversary: behind}",
      ".adversary: must be a mapping with the keys starves, hold_ms, deserts_at_gap, deserts_at_rejoin, not 'behind'"
    ),
    ("{adversary: {starves: all}}", ".adversary.starves: must be nobody, behind or ahead, not 'all'"),
    ("{adversary: {hold_ms: x}}", ".adversary.hold_ms: must be a number of milliseconds from 0 to 1e7, not 'x'"),
    (
      "{adversary: {deserts_at_gap: 0}}",
      ".adversary.deserts_at_gap: must be a whole number from 1 to 1000000000, not '0'"
    ),
    (
      "{adversary: {deserts_at_rejoin: 1.5}}",
      ".adversary.deserts_at_rejoin: must be a whole number from 1 to 1000000000, not '1.5'"
    ),
    (
      "{adversary: {deserts_at_gap: 1, deserts_at_rejoin: 1}}",
      ".adversary.deserts_at_rejoin: give either deserts_at_gap or deserts_at_rejoin"
    ),
    ("{adversary: {starve: behind}}", ".adversary.starve: unknown key; did you mean 'starves'?"),
  ]

  @Test(arguments: mistakes)
  func message(value: String, message: String) {
    let text = Examples.analytic + "\nsimulation: \(value)"
    #expect(Examples.problems(text) == ["mnist.yaml:4: simulation\(message)"])
  }

  @Test func eachMessageCitesTheLineOfItsField() {
    let text =
      Examples.analytic + """

        simulation:
          delay_ms:
            from: 3
            to: 1
          cuts:
            - {nodes: [server-0], to_ms: 1}
            - nodes: [server-0]
              to_ms: -1
          restarts:
            - node: wroker-0
              at_ms: 1
            - at_ms: 2
        """
    #expect(
      Examples.problems(text) == [
        "mnist.yaml:7: simulation.delay_ms.to: the longest delay, 1.0 ms, is below the shortest, 3.0 ms",
        "mnist.yaml:11: simulation.cuts.1.to_ms: must be a number of milliseconds from 0 to 1e7, not '-1'",
        "mnist.yaml:13: simulation.restarts.0.node: 'wroker-0' is not the name of a node, such as server-0 or worker-0",
        "mnist.yaml:15: simulation.restarts.1.node: missing; give the node that crashes, such as server-0",
      ])
  }

  @Test func everyNodeThatDoesNotExistIsReported() {
    let text =
      Examples.analytic + """

        simulation:
          slow_ms: {server-5: 1}
          cuts: [{nodes: [worker-0], to_ms: 1}, {nodes: [worker-9], to_ms: 1}]
          restarts:
            - {node: worker-3, at_ms: 1}
        """
    #expect(
      Examples.problems(text) == [
        "mnist.yaml:5: simulation.slow_ms.server-5: there is no server-5; the only server is server-0",
        "mnist.yaml:6: simulation.cuts.1.nodes: there is no worker-9; there are worker-0 to worker-2",
        "mnist.yaml:8: simulation.restarts.0.node: there is no worker-3; there are worker-0 to worker-2",
      ])
  }

  @Test(arguments: [
    ("simulation.delay_ms.to=1", "simulation.delay_ms.to: the longest delay, 1.0 ms, is below the shortest, 2.0 ms"),
    ("simulation.delay_m.to=1", "simulation.delay_m: unknown key; did you mean 'delay_ms'?"),
    ("simulation.late.share=2", "simulation.late.share: must be a number from 0 to below 1, not '2'"),
    (
      "simulation.slow_ms.worker-4=1",
      "simulation.slow_ms.worker-4: there is no worker-4; there are worker-0 to worker-2"
    ),
  ])
  func overridesAreCited(assignment: String, message: String) {
    let text = Examples.analytic + "\nsimulation: {delay_ms: {from: 2, to: 3}, late: {share: 0.5, up_to_ms: 1}}"
    #expect(Examples.problems(text, set: [assignment]) == ["--set \(assignment): \(message)"])
  }
}
