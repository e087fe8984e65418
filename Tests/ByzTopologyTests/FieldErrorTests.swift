import Testing

@testable import ByzTopology

/// One wrong line of the documented topology, and the whole message about it.
struct Mistake: CustomTestStringConvertible {
  let line: Int
  let text: String
  let message: String

  init(_ line: Int, _ text: String, _ message: String) {
    (self.line, self.text, self.message) = (line, text, message)
  }

  var testDescription: String { text }
}

@Suite struct FieldErrorTests {
  @Test(arguments: [
    Mistake(1, "nam: mnist", "nam: unknown key; did you mean 'name'?"),
    Mistake(
      1, "zebra: 1",
      "zebra: unknown key; known here: name, seed, model, data, training, security, servers, workers, quorum, faults, simulation"
    ),
    Mistake(
      1, "name: a/b",
      "name: must be 1 to 100 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not begin with '.' or '-'; it is 'a/b'"
    ),
    Mistake(
      1, "name: ..",
      "name: must be 1 to 100 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not begin with '.' or '-'; it is '..'"
    ),
    Mistake(1, "name: [a]", "name: must be a text, not a list"),
    Mistake(2, "seed: -1", "seed: must be a whole number from 0 to 9223372036854775807, not '-1'"),
    Mistake(
      2, "seed: 9223372036854775808",
      "seed: must be a whole number from 0 to 9223372036854775807, not '9223372036854775808'"),
    Mistake(3, "model: {architecture: cnn}", "model.architecture: must be logistic or mlp, not 'cnn'"),
    Mistake(3, "model: {architecture: [mlp]}", "model.architecture: must be a text, not a list"),
    Mistake(
      3, "model: mlp",
      "model: must be a mapping with the keys architecture, analytic, dimension, noise, examples, not 'mlp'"),
    Mistake(
      3, "model: {archtecture: mlp, architecture: mlp}", "model.archtecture: unknown key; did you mean 'architecture'?"),
    Mistake(
      3, "model: {}",
      "model.architecture: missing; give logistic or mlp, or a problem without data as model.analytic"),
    Mistake(
      3, "model: {architecture: mlp, noise: 1}", "model.noise: only a model that is analytic has it"),
    Mistake(
      3, "model: {architecture: mlp, analytic: quadratic}",
      "model.analytic: give either architecture or analytic, not both"),
    Mistake(4, "data: {dataset: cifar, path: x}", "data.dataset: only 'mnist' is available, not 'cifar'"),
    Mistake(4, "data: {dataset: mnist}", "data.path: missing; give the folder of the data set"),
    Mistake(4, "data: {dataset: mnist, path: ''}", "data.path: must be a path, not ''"),
    Mistake(4, #"data: {dataset: mnist, path: "a\0b"}"#, "data.path: must be a path, not 'a\u{FFFD}b'"),
    Mistake(4, "data: {path: x}", "data.dataset: missing; give mnist"),
    Mistake(6, "  mode: lockstep", "training.mode: must be asynchronous or synchronous, not 'lockstep'"),
    Mistake(7, "  steps: 0", "training.steps: must be a whole number from 1 to 1000000000, not '0'"),
    Mistake(7, "  steps: 1.5", "training.steps: must be a whole number from 1 to 1000000000, not '1.5'"),
    Mistake(7, "  steps: '5'", "training.steps: must be a whole number from 1 to 1000000000, not the text \"5\""),
    Mistake(7, "  steps: 1e3", "training.steps: must be a whole number from 1 to 1000000000, not '1e3'"),
    Mistake(7, "  steps: many", "training.steps: must be a whole number from 1 to 1000000000, not 'many'"),
    Mistake(7, "  steps: {a: 1}", "training.steps: must be a whole number from 1 to 1000000000, not a mapping"),
    Mistake(7, "  stpes: 3", "training.stpes: unknown key; did you mean 'steps'?"),
    Mistake(8, "  batch: 1000001", "training.batch: must be a whole number from 1 to 1000000, not '1000001'"),
    Mistake(
      9, "  learning_rate: fast", "training.learning_rate: must be a number above 0 and at most 1000000000, not 'fast'"),
    Mistake(
      9, "  learning_rate: 0", "training.learning_rate: must be a number above 0 and at most 1000000000, not '0'"),
    Mistake(
      9, "  learning_rate: .nan", "training.learning_rate: must be a number above 0 and at most 1000000000, not '.nan'"),
    Mistake(
      9, "  learning_rate: nan", "training.learning_rate: must be a number above 0 and at most 1000000000, not 'nan'"),
    Mistake(
      9, "  learning_rate: 0x1p-1",
      "training.learning_rate: must be a number above 0 and at most 1000000000, not '0x1p-1'"),
    Mistake(
      9, "  learning_rate: 1e999",
      "training.learning_rate: must be a number above 0 and at most 1000000000, not '1e999'"),
    Mistake(
      9, "  learning_rate: {decay_steps: 3}",
      "training.learning_rate.initial: missing; give the learning rate of step 0"),
    Mistake(
      9, "  learning_rate: {initial: 1, decay_steps: -3}",
      "training.learning_rate.decay_steps: must be a number above 0 and at most 1000000000, not '-3'"),
    Mistake(
      9, "  learning_rate: {initial: 1, decay: 3}",
      "training.learning_rate.decay: unknown key; known here: initial, decay_steps"),
    Mistake(
      10, "  momentum: 0.9", "training.momentum: must be a mapping with the keys coefficient, form, at, not '0.9'"),
    Mistake(
      10, "  momentum: {coefficient: 1}", "training.momentum.coefficient: must be a number from 0 to below 1, not '1'"),
    Mistake(
      10, "  momentum: {form: heavy}", "training.momentum.form: must be dampened, classical or nesterov, not 'heavy'"),
    Mistake(10, "  momentum: {at: both}", "training.momentum.at: must be worker, server or none, not 'both'"),
    Mistake(10, "  momentom: {at: worker}", "training.momentom: unknown key; did you mean 'momentum'?"),
    Mistake(
      11, "  gradient_clip: 0", "training.gradient_clip: must be a number above 0 and at most 1000000000, not '0'"),
    Mistake(
      12, "  weight_decay: -1.0e-4", "training.weight_decay: must be a number from 0 to 1000000000, not '-1.0e-4'"),
    Mistake(13, "  gather_every: 0", "training.gather_every: must be a whole number from 1 to 1000000000, not '0'"),
    Mistake(
      14, "  aggregation: mean",
      "training.aggregation: there is no rule 'mean'; there are: mda, median, trimmed-mean, meamed, phocas, krum, "
        + "multi-krum, bulyan, geometric-median, cge, centered-clipping, smea, caf, average"),
    Mistake(
      14, "  aggregation: {rule: mda, before: [nmn]}",
      "training.aggregation: there is no pre-aggregation 'nmn'; there are: nnm, bucketing, clip, arc"),
    Mistake(
      14, "  aggregation: {rule: mda, after: [nnm]}",
      "training.aggregation.after: unknown key; known here: rule, before"),
    Mistake(
      14, "  aggregation: {before: [nnm]}",
      "training.aggregation.rule: missing; give the rule that comes last, such as mda"),
    Mistake(14, "  aggregation: {rule: mda, before: nnm}", "training.aggregation.before: must be a list, not 'nnm'"),
    Mistake(
      14, "  aggregation: {rule: mda, before: [~]}",
      "training.aggregation.before.0: missing; give what comes before the rule, such as nnm"),
    Mistake(
      14, "  aggregation: {rule: mda, before: [clip]}",
      "training.aggregation: 'clip' needs 'norm', the norm that no input may exceed, as in 'clip:norm=10'"),
    Mistake(
      14, "  aggregation: nnm", "training.aggregation: 'nnm' comes before a rule, as in {rule: mda, before: [nnm]}"),
    Mistake(
      14, "  aggregation: {rule: mda, before: [{clip: {norm: abc}}]}",
      "training.aggregation.before.0.clip.norm: must be a finite number, not 'abc'"),
    Mistake(
      14, "  aggregation: centered-clipping:radius=0",
      "training.aggregation: 'radius' of 'centered-clipping' must be from 1e-30 to 1e+30, not 0"),
    Mistake(
      14, "  aggregation: [mda]",
      "training.aggregation: must be one rule, such as centered-clipping, centered-clipping:radius=10 or "
        + "{centered-clipping: {radius: 10}}"),
    Mistake(
      14, "  aggregation: krum",
      "training.aggregation: with 5 momentums (q_w) of which 2 may be Byzantine (f_w), krum needs n >= 2f + 3, which n = 5 "
        + "and f = 2 break."),
    Mistake(
      14, "  aggregation: {rule: median, before: [bucketing]}",
      "training.aggregation: with 5 momentums (q_w) of which 2 may be Byzantine (f_w), median needs n >= 2f + 1, which n = "
        + "3 and f = 2 break. Of 5 inputs, 3 are left after bucketing:size=2."),
    Mistake(15, "  evaluate_every: 0", "training.evaluate_every: must be a whole number from 1 to 1000000000, not '0'"),
    Mistake(
      16, "servers: {byzantine: 1}", "servers.count: missing; give the number of servers, or list them under nodes"),
    Mistake(
      16, "servers: {count: 1001, byzantine: 1}", "servers.count: must be a whole number from 1 to 1000, not '1001'"),
    Mistake(
      16, "servers: {count: 5, byzantine: -1}", "servers.byzantine: must be a whole number from 0 to 1000, not '-1'"),
    Mistake(17, "workers: {count: 7, bizantine: 2}", "workers.bizantine: unknown key; did you mean 'byzantine'?"),
    Mistake(17, "workers: 7", "workers: must be a mapping with the keys count, byzantine, nodes, not '7'"),
    Mistake(18, "quorum: {retained_steps: 1}", "quorum.retained_steps: must be a whole number from 2 to 1000, not '1'"),
    Mistake(18, "quorum: {ask_again_ms: 0}", "quorum.ask_again_ms: must be a whole number from 1 to 86400000, not '0'"),
    Mistake(
      18, "quorum: {grace: 5}",
      "quorum.grace: unknown key; known here: servers, workers, grace_ms, start_grace_ms, delta_ms, delta_floor_ms, ask_again_ms, linger_ms, retained_steps"
    ),
    Mistake(
      20, "  server-4: revresed",
      "faults.server-4: there is no fault 'revresed'; a server can play: " + Examples.faultsOfServers),
    Mistake(
      20, "  server-4: anti-cge",
      "faults.server-4: a server cannot play 'anti-cge'; it can play: " + Examples.faultsOfServers),
    Mistake(20, "  server-5: reversed", "faults.server-5: there is no server-5; there are server-0 to server-4"),
    Mistake(
      20, "  sever-4: reversed", "faults.sever-4: 'sever-4' is not the name of a node, such as server-0 or worker-0"),
    Mistake(
      20, "  server-04: reversed",
      "faults.server-04: 'server-04' is not the name of a node, such as server-0 or worker-0"),
    Mistake(
      20, "  server-4: []", "faults.server-4: must be one fault or a list of them, such as [reversed, slow:ms=5]"),
    Mistake(
      20, "  server-4: {reversed: , slow: }",
      "faults.server-4: must be one fault, such as reversed, reversed:scale=10 or {reversed: {scale: 10}}"),
    Mistake(20, "  server-4: [reversed, ~]", "faults.server-4.1: missing; give a fault such as reversed"),
    Mistake(
      20, "  server-4: reversed + slowly",
      "faults.server-4: there is no fault 'slowly'; a server can play: " + Examples.faultsOfServers),
    Mistake(
      20, "  server-4: {reversed: {scale: big}}", "faults.server-4.reversed.scale: must be a finite number, not 'big'"),
    Mistake(
      20, "  server-4: {reversed: 10}",
      "faults.server-4.reversed: must be a mapping from parameters to numbers, such as {scale: 10}, not '10'"),
    Mistake(
      20, "  server-4: reversed:scale", "faults.server-4: 'scale' is not PARAMETER=NUMBER, as in reversed:scale=10"),
    Mistake(
      20, "  server-4: reversed:scale=nan",
      "faults.server-4: 'scale=nan' is not PARAMETER=NUMBER, as in reversed:scale=10"),
    Mistake(
      20, "  server-4: reversed:speed=1",
      "faults.server-4: 'reversed' has no parameter 'speed'; it has scale, from, until"),
    Mistake(
      20, "  server-4: crash",
      "faults.server-4: 'crash' needs 'step', the step whose first vector is not sent any more, as in 'crash:step=10'"),
  ])
  func message(_ mistake: Mistake) {
    #expect(Examples.problems(line: mistake.line, mistake.text) == ["mnist.yaml:\(mistake.line): \(mistake.message)"])
  }

  @Test func missingSections() {
    #expect(
      Examples.problems("name: x") == [
        "mnist.yaml:1: model.architecture: missing; give logistic or mlp, or a problem without data as model.analytic",
        "mnist.yaml:1: data.dataset: missing; give mnist",
        "mnist.yaml:1: data.path: missing; give the folder of the data set",
        "mnist.yaml:1: servers.count: missing; give the number of servers, or list them under nodes",
        "mnist.yaml:1: workers.count: missing; give the number of workers, or list them under nodes",
      ])
  }

  @Test(arguments: [
    ("{analytic: cubic}", "analytic: must be quadratic or logistic, not 'cubic'"),
    ("{analytic: [logistic]}", "analytic: must be a text, not a list"),
    ("{analytic: quadratic, examples: 5}", "examples: quadratic has none; it has dimension and noise"),
    ("{analytic: logistic, noise: 1}", "noise: logistic has none; it has dimension and examples"),
    ("{analytic: quadratic, noise: -1}", "noise: must be a number from 0 to 1000000000, not '-1'"),
    ("{analytic: quadratic, dimension: 0}", "dimension: must be a whole number from 1 to 100000000, not '0'"),
    (
      "{analytic: quadratic, dimension: 100000001}",
      "dimension: must be a whole number from 1 to 100000000, not '100000001'"
    ),
    ("{analytic: logistic, examples: 0}", "examples: must be a whole number from 1 to 1000000, not '0'"),
    ("{analytic: logistic, examples: 2}", "examples: 3 workers share 2 examples; each must have one"),
    (
      "{analytic: logistic, dimension: 101, examples: 1000000}",
      "dimension: 1000000 examples for training or test of 101 inputs are too many; at most 100000000 inputs are permitted"
    ),
    (
      "{analytic: logistic, dimension: 100001, examples: 3}",
      "dimension: 1000 examples for training or test of 100001 inputs are too many; at most 100000000 inputs are permitted"
    ),
    ("{analytic: quadratic, nose: 1}", "nose: unknown key; did you mean 'noise'?"),
  ])
  func analyticModels(value: String, message: String) {
    let text = Examples.analytic.replacing("{analytic: quadratic}", with: value)
    #expect(Examples.problems(text) == ["mnist.yaml:1: model.\(message)"])
  }

  @Test func analyticModelsHaveNoData() {
    #expect(
      Examples.problems(Examples.analytic + "\ndata: {dataset: mnist, path: x}") == [
        "mnist.yaml:4: data: an analytic model needs no data; leave it out"
      ])
    #expect(
      Examples.problems(Examples.listed, set: ["model={analytic: quadratic}", "data=null"]) == [
        "mnist.yaml:6: servers.nodes.0.data: an analytic model needs no data; leave it out",
        "mnist.yaml:12: workers.nodes.2.data: an analytic model needs no data; leave it out",
      ])
  }

  @Test func faultsMustBeAMapping() {
    #expect(
      Examples.problems(Examples.smallest + "\nfaults: [worker-0]") == [
        "mnist.yaml:5: faults: must be a mapping from nodes to faults, such as {worker-0: reversed}, not a list"
      ])
  }

  @Test func everyIndependentProblemIsReported() {
    let text = Examples.documented.replacing("steps: 500", with: "steps: x").replacing("seed: 1", with: "seeds: 1")
      .replacing("worker-6", with: "worker-x")
    #expect(
      Examples.problems(text, set: ["training.batch=0"]) == [
        "mnist.yaml:2: seeds: unknown key; did you mean 'seed'?",
        "mnist.yaml:7: training.steps: must be a whole number from 1 to 1000000000, not 'x'",
        "--set training.batch=0: training.batch: must be a whole number from 1 to 1000000, not '0'",
        "mnist.yaml:22: faults.worker-x: 'worker-x' is not the name of a node, such as server-0 or worker-0",
      ])
  }

  @Test func manyProblemsAreSummarised() {
    let error = TopologyError(problems: (1...23).map { "problem \($0)" })
    #expect(error.description.hasPrefix("problem 1\nproblem 2\n"))
    #expect(error.description.hasSuffix("\nproblem 20\nand 3 more problems"))
  }

  @Test func messagesStayOnOneLine() {
    #expect("a\nb\u{1B}[31m\u{2028}".shown() == "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}")
    #expect(String(repeating: "x", count: 61).shown() == String(repeating: "x", count: 60) + "...")
    #expect(String(repeating: "x", count: 60).shown() == String(repeating: "x", count: 60))
  }
}
