import ByzNumerics
import ByzProtocol

/// A number of the catalogue's usual ranges.
private func scale(_ standard: Double, _ explanation: String) -> Parameter {
  Parameter(name: "scale", standard: standard, explanation: explanation, range: 0...1e30)
}

private func share(_ standard: Double, _ explanation: String) -> Parameter {
  Parameter(name: "share", standard: standard, explanation: explanation, range: 0...1)
}

private func step(_ explanation: String) -> Parameter {
  Parameter(name: "step", standard: nil, isRequired: true, explanation: explanation, range: 0...1e9, isWhole: true)
}

private func milliseconds(_ name: String, _ standard: Double, _ explanation: String) -> Parameter {
  Parameter(name: name, standard: standard, explanation: explanation, range: 0...1e6, isWhole: true)
}

extension FaultCatalogue {
  /// Each vector by itself is replaced by another one.
  static let vectors: [FaultDescription] = [
    FaultDescription(
      "reversed", [scale(100, "the factor whose negative multiplies the vector")],
      summary: "sends every vector reversed and lengthened: a server its models, a worker its momentums",
      formula: "y = -scale x",
      source: "Garfield (Guerraoui et al., DSN 2021, arXiv 2010.05888), with the factor 100"
    ) { Scaling(factor: -$0.float("scale")) },
    FaultDescription(
      "sign-flip", summary: "sends every vector with the opposite sign", formula: "y = -x",
      source: "Allen-Zhu et al., Byzantine-Resilient Non-Convex SGD (ICLR 2021, arXiv 2012.14368)"
    ) { _ in Scaling(factor: -1) },
    FaultDescription(
      "random", [scale(200, "the standard deviation of every coordinate")],
      summary: "sends independent, nearly normal noise instead of every vector, anew for each step",
      formula: "y = scale N(0, I)",
      source: "Krum (Blanchard et al., NeurIPS 2017, arXiv 1703.02757), with a standard deviation of 200"
    ) { Noise(scale: $0.float("scale"), seed: $0.seed, node: $0.node) },
    FaultDescription("zero", summary: "sends zeros", formula: "y = 0") { _ in Constant(value: 0) },
    FaultDescription("nan", summary: "sends NaNs, which receivers count and drop", formula: "y = NaN") { _ in
      Constant(value: .nan)
    },
    FaultDescription(
      "infinite", summary: "sends infinities, which receivers count and drop", formula: "y = infinity"
    ) { _ in Constant(value: .infinity) },
    FaultDescription(
      "huge-norm",
      [Parameter(name: "norm", standard: 1e30, explanation: "the norm of what is sent", range: 0...1e38)],
      summary: "sends every vector lengthened to a norm, its direction unchanged", formula: "y = norm x / |x|"
    ) { FixedNorm(norm: $0.number("norm")) },
    FaultDescription(
      "bias",
      [Parameter(name: "shift", standard: 1, explanation: "what is added to every coordinate", range: -1e30...1e30)],
      summary: "sends every vector with the same amount added to every coordinate", formula: "y = x + shift (1, ..., 1)"
    ) { Bias(shift: $0.float("shift")) },
    FaultDescription(
      "partial-drop", [share(0.5, "how many of the coordinates are zeroed")],
      summary: "sends every vector with a share of its coordinates set to zero, drawn anew for each step",
      formula: "y_i = 0 with probability share, else x_i",
      source: "Garfield (Guerraoui et al., DSN 2021, arXiv 2010.05888)"
    ) { PartialDrop(share: $0.float("share"), seed: $0.seed, node: $0.node) },
    FaultDescription(
      "label-flip", of: [.worker],
      summary: "computes its gradients on examples whose labels are turned round, and is honest in all else",
      formula: "of C classes, y becomes C - 1 - y; the target of a quadratic problem becomes its negative",
      source: "Allen-Zhu et al., Byzantine-Resilient Non-Convex SGD (ICLR 2021, arXiv 2012.14368)"
    ) { _ in LabelFlip() },
  ]

  /// Vectors of the past.
  static let replays: [FaultDescription] = [
    FaultDescription(
      "stale",
      [Parameter(name: "lag", standard: 10, explanation: "how many steps old", range: 1...1000, isWhole: true)],
      summary: "sends, as of this step, the vector of some steps before; of the first steps the oldest there is",
      formula: "y_t = x_(t - lag)"
    ) { Stale(lag: $0.whole("lag"), retainedSteps: $0.configuration.patience.retainedSteps) },
    FaultDescription(
      "frozen", summary: "sends its first vector of each kind in every step", formula: "y_t = x_0"
    ) { _ in Frozen() },
    FaultDescription(
      "late-gather", of: [.server], summary: "joins every gather with its model of the gather before, step and all",
      formula: "(step, y)_t = (t - T, x_(t - T))"
    ) { _ in LateGather() },
  ]

  /// Not the same to everybody, or not always.
  static let faces: [FaultDescription] = [
    FaultDescription(
      "equivocation", [scale(1, "how long the noise is beside the vector")],
      summary: "sends every receiver another vector: the true one and noise drawn for that receiver",
      formula: "y_r = x + scale |x| s_r / sqrt(d) with random signs s_r for receiver r"
    ) { Equivocation(scale: $0.float("scale"), seed: $0.seed, node: $0.node) },
    FaultDescription(
      "split", [scale(1, "how long the shift is beside the vector")],
      summary: "sends nodes of even index the vector shifted along a direction and the others the opposite, the same "
        + "direction for all that play it",
      formula:
        "y_r = x + scale |x| s / sqrt(d) for even r, x - scale |x| s / sqrt(d) for odd r, with one vector s of random signs"
    ) { Split(scale: $0.float("scale"), seed: $0.seed) },
    FaultDescription(
      "two-faced", of: [.server],
      [
        scale(100, "the factor whose negative multiplies the model"),
        Parameter(
          name: "gather", standard: 1, explanation: "1 to lie in Gather rounds alone, 0 to lie in Scatter rounds alone",
          range: 0...1, isWhole: true),
      ],
      summary: "sends its models reversed and lengthened in one kind of round, and the true ones in the other",
      formula: "y = -scale x in that kind of round, else x"
    ) { TwoFaced(factor: -$0.float("scale"), isInGather: $0.whole("gather") == 1) },
    FaultDescription(
      "arbitrary", [share(0.5, "how many of its messages it tampers with")],
      summary:
        "sends anything, differently to each: messages as they are, with other vectors from tiny to NaN, for other "
        + "steps, twice, unasked for, or not at all"
    ) {
      Arbitrary(
        share: $0.float("share"), seed: $0.seed, node: $0.node, steps: $0.configuration.training.steps)
    },
  ]

  /// Against the models that workers of a synchronous run pull from one server.
  static let pulls: [FaultDescription] = [
    FaultDescription(
      "drift", of: [.server], [share(0.9, "of the outliers filter's bound, how far a model lies from the true one")],
      summary:
        "serves, at every step, a model that lies uphill of the true one, a share of what the outliers filter lets "
        + "pass",
      formula:
        "y = x + share eta_s |g_s| ((3 T + 2) (n_w - f_w) / (4 f_w) + 2 ((t - 1) mod T)) u with u the direction from this "
        + "step's model to the one before"
    ) { setting in
      Drift(
        share: setting.number("share"), configuration: setting.configuration, ignoring: Set(setting.cast.faults.keys))
    },
    FaultDescription(
      "before-gather", of: [.server], [scale(100, "the factor whose negative multiplies the model")],
      summary: "is honest until right before a gather: the model of the step that the gather ends, and the one for the "
        + "gather, are reversed and lengthened",
      formula: "y = -scale x if T divides t + 1, else x"
    ) { BeforeGather(factor: -$0.float("scale"), configuration: $0.configuration) },
    FaultDescription(
      "unfair", of: [.server], [scale(100, "the factor whose negative multiplies the model")],
      summary: "answers workers of even index well, and those of odd index with the model reversed and lengthened",
      formula: "y_j = x for even j, -scale x for odd j"
    ) { Unfair(factor: -$0.float("scale")) },
  ]

  /// Without a word, or with none to some; colluding all the same.
  static let silences: [FaultDescription] = [
    FaultDescription("silent", summary: "sends no vector, and only asks for what it needs to stay in step") {
      Silent(node: $0.node, configuration: $0.configuration)
    },
    FaultDescription(
      "partial",
      [
        share(0.5, "how many of the nodes it favours"),
        Parameter(
          name: "step", standard: 0, explanation: "the step of the first vector that only they get", range: 0...1e9,
          isWhole: true),
      ], isTimed: true,
      summary:
        "speaks, from a step on, to some nodes only, the same for all that play this, and to them like an honest node"
    ) { Partial(share: $0.float("share"), step: $0.whole("step"), seed: $0.seed) },
  ]

  /// What happens to messages of a node that is honest in what it says.
  static let links: [FaultDescription] = [
    FaultDescription(
      "slow",
      [
        milliseconds("ms", 20, "how much later a message is sent"),
        milliseconds("spread_ms", 0, "the most that is added to that, drawn for each message"),
      ], colludes: false,
      summary: "sends every message later"
    ) {
      Slow(milliseconds: $0.whole("ms"), spread: $0.whole("spread_ms"), seed: $0.seed, node: $0.node)
    },
    FaultDescription(
      "dawdle", [share(0.9, "of the time that others wait, how much later a message is sent")], colludes: false,
      summary: "sends every message so late that it is just in time for those who wait as long as `delta_ms` says"
    ) { Dawdle(share: $0.number("share"), configuration: $0.configuration) },
    FaultDescription(
      "drop", [share(0.1, "how many messages are lost")], colludes: false, summary: "loses messages that it sends"
    ) {
      Unreliable(.drop, share: $0.float("share"), seed: $0.seed, node: $0.node)
    },
    FaultDescription(
      "duplicate", [share(0.5, "how many messages")], colludes: false, summary: "sends messages twice"
    ) {
      Unreliable(.duplicate, share: $0.float("share"), seed: $0.seed, node: $0.node)
    },
    FaultDescription(
      "reorder", [share(0.5, "how many messages"), milliseconds("ms", 10, "how much later these are sent")],
      colludes: false, summary: "lets later messages overtake earlier ones"
    ) {
      Unreliable(
        .reorder(milliseconds: $0.whole("ms")), share: $0.float("share"), seed: $0.seed, node: $0.node)
    },
    FaultDescription(
      "corrupt",
      [
        share(0.1, "how many messages"),
        Parameter(
          name: "bytes", standard: 1, explanation: "how many bytes of a frame", range: 1...1000, isWhole: true),
      ], colludes: false,
      summary:
        "damages bytes of a frame, drawn for each receiver apart: half of the time of the header, else of the vector, which "
        + "may stay valid, since it has no checksum"
    ) { Corrupt(share: $0.float("share"), bytes: $0.whole("bytes"), seed: $0.seed, node: $0.node) },
    FaultDescription(
      "flood",
      [
        Parameter(
          name: "copies", standard: 20, explanation: "how many copies of each", range: 0...10_000, isWhole: true)
      ], colludes: false,
      summary: "sends every message many times more"
    ) { Flood(copies: $0.whole("copies")) },
    FaultDescription(
      "partition",
      [
        step("the step of the first vector that others do not get"),
        milliseconds("ms", 1000, "how long it lasts"),
        Parameter(
          name: "group", standard: 1,
          explanation: "which nodes still reach each other: those that play this with the "
            + "same number", range: 1...1000, isWhole: true),
      ], isTimed: true, colludes: false,
      summary: "is cut off, for a while, from all nodes that are not of its group; what is sent meanwhile is lost"
    ) { setting in
      let own = setting.whole("group")
      let members = setting.cast.nodes(inGroup: own).union([setting.node])
      let quorums = setting.configuration.quorums
      let peers = quorums.serverIDs + (setting.node.role == .server ? quorums.workerIDs : [])
      return Partition(
        at: setting.whole("step"), forMilliseconds: setting.whole("ms"), group: members,
        outside: peers.filter { !members.contains($0) })
    },
  ]

  /// How a node ends, and whether it comes back.
  static let ends: [FaultDescription] = [
    FaultDescription(
      "crash", [step("the step whose first vector is not sent any more")], isTimed: true, colludes: false,
      summary: "ends without a word when it is about to send its first vector of a step"
    ) { Crash(step: $0.whole("step")) },
    FaultDescription(
      "hang",
      [
        step("the step whose first vector is not sent in time"),
        Parameter(
          name: "end", standard: nil, isRequired: true, explanation: "the step at which others are when it goes on",
          range: 0...1e9, isWhole: true),
      ], isTimed: true, colludes: false,
      summary:
        "stops when it is about to send its first vector of a step, and goes on, with all that has come meanwhile, "
        + "when it hears of a later one"
    ) { setting in
      Hang(
        from: setting.whole("step"), to: setting.whole("end"),
        asking: setting.node.role == .worker ? setting.configuration.quorums.serverIDs : [])
    },
    FaultDescription(
      "restart",
      [
        step("the step whose first vector is not sent any more"),
        milliseconds("after_ms", 500, "how long it is away"),
      ], isTimed: true, colludes: false,
      summary:
        "stops when it is about to send its first vector of a step, and begins anew after a while, knowing nothing"
    ) { Restart(at: $0.whole("step"), afterMilliseconds: $0.whole("after_ms")) },
  ]
}

extension Cast {
  /// The nodes that play `partition` with the number `group`.
  fileprivate func nodes(inGroup group: Int) -> Set<NodeID> {
    Set(
      faults.filter { _, fault in
        fault.parts.contains { $0.name == "partition" && Int($0.parameters["group"] ?? 1) == group }
      }.keys)
  }
}
