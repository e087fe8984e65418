import ByzAdversary
import ByzProtocol
import Testing

@testable import ByzTopology

/// Grids over the topology of the documented example, and what their combinations come to.
@Suite struct GridTests {
  static let text = """
    name: rules
    topology: \(Self.quadratic)
    set: {training.steps: 20, training.gradient_clip: 2}
    axes:
      seed: [1, 2]
      training.aggregation: [median, mda, {rule: trimmed-mean, before: [{clip: 2}]}]
      "faults.worker-5, faults.worker-6": [none, reversed:scale=10, ~]
      momentum:
        worker: {training.momentum: {coefficient: 0.5}}
        none: {training.momentum.at: none, training.batch: 8}
        as it is:
    columns: momentum

    """

  static let quadratic = "\(#filePath)".replacing(
    "Tests/ByzTopologyTests/GridTests.swift", with: "topologies/quadratic.yaml")

  static func read(_ text: String, set: [String] = [], only: [String] = []) throws(TopologyError) -> Grid {
    try Grid(yaml: text, file: "grid.yaml", overriding: set, only: only)
  }

  private func small(_ axes: String) -> String { "topology: \(Self.quadratic)\naxes: \(axes)" }

  private func topologies(_ text: String, set: [String] = []) throws -> [Topology] {
    try Self.read(text, set: set).combinations().map { try $0.topology.get() }
  }

  @Test func everyForm() throws {
    let grid = try Self.read(Self.text)
    #expect(grid.name == "rules" && grid.columns == 3 && grid.seedAxis == 0)
    #expect(
      grid.axes.map(\.name) == [
        "seed", "training.aggregation", "faults.worker-5, faults.worker-6", "momentum",
      ])
    #expect(grid.shortNames == ["seed", "aggregation", "worker-5, worker-6", "momentum"])
    #expect(
      grid.axes.map { $0.values.map(\.label) } == [
        ["1", "2"], ["median", "mda", "{rule: trimmed-mean, before: [{clip: 2}]}"],
        ["none", "reversed:scale=10", "null"], ["worker", "none", "as it is"],
      ])
    let combinations = try grid.combinations()
    #expect(combinations.count == 54)
    let topologies = try combinations.map { try $0.topology.get() }
    #expect(topologies.allSatisfy { $0.training.steps == 20 && $0.training.gradientClip == 2 })

    let index = try #require(
      combinations.firstIndex {
        $0.labels == ["2", "{rule: trimmed-mean, before: [{clip: 2}]}", "reversed:scale=10", "none"]
      })
    let topology = topologies[index]
    #expect(topology.seed == 2 && topology.aggregation.description == "trimmed-mean after clip:norm=2")
    #expect(topology.faults[.worker(5)] == FaultSpecification(name: "reversed", parameters: ["scale": 10]))
    #expect(topology.faults[.worker(6)] == topology.faults[.worker(5)] && topology.faults.count == 3)
    #expect(topology.training.momentum == nil && topology.batch == 8)
    #expect(
      grid.text(of: combinations[index].labels)
        == "seed 2, aggregation {rule: trimmed-mean, before: [{clip: 2}]}, worker-5, worker-6 reversed:scale=10, momentum none"
    )
    #expect(topologies[0].faults.keys.map(\.description) == ["server-4"])
    #expect(topologies[0].training.momentum?.coefficient == 0.5)
  }

  @Test func theSeedVariesFastestAndLaterAxesFasterThanEarlierOnes() throws {
    let grid = try Self.read(small("{seed: [1, 2], training.batch: [3, 4], training.steps: [5, 6]}"))
    let order = try grid.combinations().map { $0.labels.joined(separator: " ") }
    #expect(order == ["1 3 5", "2 3 5", "1 3 6", "2 3 6", "1 4 5", "2 4 5", "1 4 6", "2 4 6"])
    #expect(grid.columns == 1)
    #expect(try Self.read(small("{seed: [1, 2]}")).columns == nil)
  }

  @Test func aTopologyIsReadAsItsFileSays() throws {
    let direct = try Topology(file: Self.quadratic, overriding: ["training.steps=7", "training.aggregation=median"])
    let gridded = try topologies(small("{training.aggregation: [median]}"), set: ["training.steps=7"])
    #expect(gridded == [direct])
  }

  @Test func optionsComeAfterWhatTheGridSets() throws {
    let text = small("{training.batch: [3]}") + "\nset: {training.steps: 9, training.weight_decay: 1}"
    let topology = try topologies(text, set: ["training.steps=7"])[0]
    #expect(topology.training.steps == 7 && topology.training.weightDecay == 1)
    // An axis may go into what they set as a whole.
    #expect(try topologies(text, set: ["training={gather_every: 3}"]).map(\.batch) == [3])
  }

  @Test func namesThatAreNotShortEnoughToDiffer() throws {
    let grid = try Self.read(small("{servers.byzantine: [0, 1], workers.byzantine: [1, 2]}"))
    #expect(grid.shortNames == ["servers.byzantine", "workers.byzantine"])
  }

  // MARK: - Only some values

  @Test func onlySomeValues() throws {
    let text = small(
      "{training.aggregation: [mda, {rule: mda, before: [nnm, bucketing]}, median], "
        + "\"faults.worker-5, faults.worker-6\": [none, \"little-is-enough:z=1,batches=3\"], seed: [1, 2]}")
    let grid = try Self.read(
      text,
      only: [
        "training.aggregation={rule: mda, before: [nnm, bucketing]},median",
        "worker-5, worker-6=little-is-enough:z=1,batches=3", "seed=2",
      ])
    #expect(
      grid.axes.map { $0.values.map(\.label) } == [
        ["{rule: mda, before: [nnm, bucketing]}", "median"], ["little-is-enough:z=1,batches=3"], ["2"],
      ])
    let swapped = try Self.read(text, only: ["training.aggregation=median,mda"])
    #expect(swapped.axes[0].values.map(\.label) == ["mda", "median"])
  }

  @Test(arguments: [
    (
      "sed=1",
      "--only sed=1: expected AXIS=VALUE,VALUE with one of the axes 'training.aggregation', 'seed'"
    ),
    ("seed", "--only seed: expected AXIS=VALUE,VALUE with one of the axes 'training.aggregation', 'seed'"),
    ("seed=3", "--only seed=3: '3' is not one or more, separated by commas, of 1, 2"),
    ("seed=1,", "--only seed=1,: '1,' is not one or more, separated by commas, of 1, 2"),
    ("seed=", "--only seed=: '' is not one or more, separated by commas, of 1, 2"),
    (
      "aggregation=mda median",
      "--only aggregation=mda median: 'mda median' is not one or more, separated by commas, of mda"
    ),
  ])
  func wrongRestrictions(restriction: String, message: String) {
    #expect(throws: TopologyError(problems: [message])) {
      try Self.read(small("{training.aggregation: [mda], seed: [1, 2]}"), only: [restriction])
    }
  }

  @Test func anAxisIsRestrictedOnce() {
    #expect(throws: TopologyError(problems: ["--only seed=2: the axis 'seed' is given twice"])) {
      try Self.read(small("{seed: [1, 2]}"), only: ["seed=1", "seed=2"])
    }
  }

  // MARK: - What cannot run

  @Test func whatARuleDoesNotPermitIsRefused() throws {
    let combinations = try Self.read(small("{training.aggregation: [mda, bulyan], workers.byzantine: [1, 2, 3]}"))
      .combinations()
    let reasons = combinations.map { combination in
      if case .failure(let refusal) = combination.topology { refusal.reason } else { "runs" }
    }
    #expect(reasons[0] == "runs" && reasons[1] == "runs")
    #expect(
      reasons[2]
        == "n_w >= 3 f_w + 1 does not hold: 7 workers of which 3 may be Byzantine need at least 10 workers")
    #expect(reasons[3].hasPrefix("with 6 momentums (q_w) of which 1 may be Byzantine (f_w), bulyan needs n >= 4f + 3"))
    #expect(reasons[4].hasPrefix("with 5 momentums (q_w) of which 2 may be Byzantine (f_w), bulyan needs n >= 4f + 3"))
    #expect(reasons[5] == reasons[2])
  }

  @Test func ifEveryCombinationIsRefusedTheGridIsWrong() {
    do {
      _ = try Self.read(small("\n  training.aggregation: [bulyan]\n  workers.byzantine: [1, 3]")).combinations()
      Issue.record("nothing is wrong")
    } catch {
      #expect(error.problems.count == 2)
      #expect(error.problems[0].hasPrefix("grid.yaml:3: training.aggregation: with 6 momentums (q_w)"))
      #expect(error.problems[0].hasSuffix(" (in 1 of 2 combinations: aggregation bulyan, byzantine 1)"))
      #expect(error.problems[1].hasPrefix("\(Self.quadratic):13: workers.count: n_w >= 3 f_w + 1 does not hold"))
    }
  }

  @Test func mistakesAreReportedOnceWithWhereTheyAre() {
    let text = """
      topology: \(Self.quadratic)
      axes:
        training.momentom: [0.9]
        training.aggregation: [mda, mean, bulyan]
        faults.worker-5:
          - none
          - revesred
        seed: [1, 2]
      """
    do {
      _ = try Self.read(text).combinations()
      Issue.record("nothing is wrong")
    } catch {
      #expect(error.problems.count == 3)
      #expect(error.problems[0] == "grid.yaml:3: training.momentom: unknown key; did you mean 'momentum'?")
      #expect(
        error.problems[1].hasPrefix("grid.yaml:7: faults.worker-5: there is no fault 'revesred'; a worker can play"))
      #expect(
        error.problems[1].hasSuffix(
          " (in 6 of 12 combinations, first: momentom 0.9, aggregation mda, worker-5 revesred, seed 1)"))
      #expect(error.problems[2].hasPrefix("grid.yaml:4: training.aggregation: there is no rule 'mean'"))
    }
  }

  // MARK: - Wrong grids

  @Test(arguments: [
    ("", "1: there is nothing in the file; a grid has at least the keys topology and axes"),
    ("[a]", "1: a grid is a mapping with the keys topology and axes, not a list"),
    ("topology: T\naxes: {seed: [1]}\nplan: 3", "3: plan: unknown key; known here: name, topology, set, axes, columns"),
    ("topology: T\naxis: {seed: [1]}\naxes: {seed: [1]}", "2: axis: unknown key; did you mean 'axes'?"),
    ("axes: {seed: [1]}", "1: topology: missing; give the file of the topology that varies"),
    ("topology: [T]\naxes: {seed: [1]}", "1: topology: must be a text, not a list"),
    ("topology: /nowhere.yaml\naxes: {seed: [1]}", "1: topology: cannot read /nowhere.yaml: no such file"),
    (
      "name: a/b\ntopology: T\naxes: {seed: [1]}",
      "1: name: must be 1 to 100 of the characters a-z, A-Z, 0-9, '.', "
        + "'_' and '-', and not begin with '.' or '-'; it is 'a/b'"
    ),
    ("topology: T", "1: axes: missing; give what varies, such as {training.aggregation: [mda, median]}"),
    ("topology: T\naxes: {}", "2: axes: must have at least one axis"),
    (
      "topology: T\naxes: [seed]",
      "2: axes: must be a mapping from what varies to its values, such as "
        + "{training.aggregation: [mda, median]}, not a list"
    ),
    (
      "topology: T\naxes:\n  seed: 3",
      "3: axes.seed: must be a list of values, such as [1, 2], or a mapping from labels to "
        + "what they set, such as {none: {training.momentum.at: none}}"
    ),
    (
      "topology: T\naxes:\n  seed: []",
      "3: axes.seed: must be a list of values, such as [1, 2], or a mapping from labels to "
        + "what they set, such as {none: {training.momentum.at: none}}"
    ),
    ("topology: T\naxes:\n  seed: [1, 2, '1']", "3: axes.seed: '1' is there twice"),
    (
      "topology: T\naxes:\n  a..b: [1]",
      "3: axes.a..b: 'a..b' is not a field, such as training.steps; several are separated by ', '"
    ),
    (
      "topology: T\naxes:\n  'seed,': [1]",
      "3: axes.seed,: '' is not a field, such as training.steps; several are separated by ', '"
    ),
    (
      "topology: T\naxes:\n  m:\n    a: 3",
      "4: axes.m.a: must be a mapping from fields to values, such as {training.steps: 500}, not '3'"
    ),
    ("topology: T\naxes:\n  m: {a: {.x: 3}}", "3: axes.m.a..x: '.x' is not a field, such as training.steps"),
    (
      "topology: T\naxes: {seed: [1]}\nset: 3",
      "3: set: must be a mapping from fields to values, such as {training.steps: 500}, not '3'"
    ),
    (
      "topology: T\naxes: {seed: [1]}\nset: {name.x: 3}",
      "3: name is 'quadratic' at T:3, which has no fields; set name as a whole"
    ),
    ("topology: T\naxes: {seed: [1]}\nset: {seed: 3}", "3: seed is set by the axis 'seed', too"),
    (
      "topology: T\naxes: {seed: [1]}\ncolumns: seed",
      "3: columns: there is no axis but the seed, over which results are averaged; leave it out"
    ),
    (
      "topology: T\naxes: {seed: [1], model.noise: [1], training.batch: [2]}\ncolumns: noise",
      "3: columns: must be 'model.noise' or 'training.batch', not 'noise'"
    ),
    (
      "topology: T\naxes:\n  training.steps: [1]\n  m: {a: {training: {steps: 3}}, b: {}}",
      "3: training.steps is set by the axis 'm', too"
    ),
  ])
  func message(text: String, expected: String) {
    let message = "grid.yaml:\(expected)".replacing("T:", with: "\(Self.quadratic):")
    #expect(throws: TopologyError(problems: [message])) {
      try Self.read(text.replacing("topology: T", with: "topology: \(Self.quadratic)"))
    }
  }

  @Test func whatAnAxisVariesIsNotSetOnTheCommandLine() {
    let message =
      "--set training.batch=3: training.batch is what the axis 'training.batch' varies; choose among its values with --only"
    #expect(throws: TopologyError(problems: [message])) {
      try Self.read(small("{training.batch: [1, 2]}"), set: ["training.batch=3"])
    }
    #expect(throws: TopologyError(problems: ["--set batch: expected FIELD=VALUE, as in --set training.steps=200"])) {
      try Self.read(small("{training.batch: [1, 2]}"), set: ["batch"])
    }
  }

  @Test func tooManyCombinations() {
    let values = "[\((1...101).map { "\($0)" }.joined(separator: ", "))]"
    let text = small("{seed: \(values), training.batch: \(values)}")
    #expect(throws: TopologyError(problems: ["grid.yaml:2: axes: too many combinations; at most 10000 are permitted"]))
    {
      try Self.read(text)
    }
    #expect(throws: Never.self) { try Self.read(text, only: ["seed=1,2"]) }
  }

  /// Whatever is left of a file, reading it ends with a grid or with messages that say where.
  @Test func truncatedGrids() {
    for length in 0..<Self.text.count {
      do {
        _ = try Self.read(String(Self.text.prefix(length))).combinations()
      } catch {
        for line in error.problems {
          #expect(line.hasPrefix("grid.yaml:") && !line.contains("\n"), "\(length): \(line)")
        }
      }
    }
  }
}
