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

private func batches(_ explanation: String = "from how many mini-batches of its own it estimates honest momentums")
  -> Parameter
{
  Parameter(name: "batches", standard: 5, explanation: explanation, range: 2...1000, isWhole: true)
}

extension FaultCatalogue {
  /// Each vector by itself is replaced by another one.
  static let vectors: [FaultDescription] = [
    FaultDescription(
      "reversed", [scale(100, "the factor whose negative multiplies the vector")],
      summary: "sends every vector times -scale: a server its models, a worker its momentums"
    ) { Scaling(factor: -$0.float("scale")) },
    FaultDescription("sign-flip", summary: "sends every vector times -1") { _ in Scaling(factor: -1) },
    FaultDescription(
      "random", [scale(1, "the standard deviation of every coordinate")],
      summary: "sends independent, nearly normal noise instead of every vector, anew for each step"
    ) { Noise(scale: $0.float("scale"), seed: $0.seed, node: $0.node) },
    FaultDescription("zero", summary: "sends zeros") { _ in Constant(value: 0) },
    FaultDescription("nan", summary: "sends NaNs, which receivers count and drop") { _ in Constant(value: .nan) },
    FaultDescription("infinite", summary: "sends infinities, which receivers count and drop") { _ in
      Constant(value: .infinity)
    },
    FaultDescription(
      "huge-norm",
      [Parameter(name: "norm", standard: 1e30, explanation: "the norm of what is sent", range: 0...1e38)],
      summary: "sends every vector lengthened to a norm, its direction unchanged"
    ) { FixedNorm(norm: $0.number("norm")) },
    FaultDescription(
      "bias",
      [Parameter(name: "shift", standard: 1, explanation: "what is added to every coordinate", range: -1e30...1e30)],
      summary: "sends every vector with the same amount added to every coordinate"
    ) { Bias(shift: $0.float("shift")) },
    FaultDescription(
      "partial-drop", [share(0.5, "how many of the coordinates are zeroed")],
      summary: "sends every vector with a share of its coordinates set to zero, drawn anew for each step"
    ) { PartialDrop(share: $0.float("share"), seed: $0.seed, node: $0.node) },
  ]

  /// Vectors of the past.
  static let replays: [FaultDescription] = [
    FaultDescription(
      "stale",
      [Parameter(name: "lag", standard: 10, explanation: "how many steps old", range: 1...1000, isWhole: true)],
      summary: "sends, as of this step, the vector of some steps before; of the first steps the oldest there is"
    ) { Stale(lag: $0.whole("lag"), retainedSteps: $0.configuration.patience.retainedSteps) },
    FaultDescription("frozen", summary: "sends its first vector of each kind in every step") { _ in Frozen() },
    FaultDescription(
      "late-gather", of: [.server], summary: "joins every gather with its model of the gather before, step and all"
    ) { _ in LateGather() },
  ]

  /// Not the same to everybody, or not always.
  static let faces: [FaultDescription] = [
    FaultDescription(
      "equivocation", [scale(1, "how long the noise is beside the vector")],
      summary: "sends every receiver another vector: the true one and noise drawn for that receiver"
    ) { Equivocation(scale: $0.float("scale"), seed: $0.seed, node: $0.node) },
    FaultDescription(
      "split", [scale(1, "how long the shift is beside the vector")],
      summary: "sends nodes of even index the vector shifted along a direction and the others the opposite, the same "
        + "direction for all that play it"
    ) { Split(scale: $0.float("scale"), seed: $0.seed) },
    FaultDescription(
      "two-faced", of: [.server],
      [
        scale(100, "the factor whose negative multiplies the model"),
        Parameter(
          name: "gather", standard: 1, explanation: "1 to lie in Gather rounds alone, 0 to lie in Scatter rounds alone",
          range: 0...1, isWhole: true),
      ],
      summary: "sends its models times -scale in one kind of round, and the true ones in the other"
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

  /// Vectors that are made from what honest nodes send.
  static let estimates: [FaultDescription] = [
    FaultDescription(
      "little-is-enough",
      [
        Parameter(
          name: "z", standard: nil,
          explanation:
            "how many standard deviations to move, the other way if negative; if left out, the most that n and "
            + "f let hide",
          range: -1e6...1e6),
        batches("from how many mini-batches of its own a worker estimates mean and deviation"),
      ],
      summary:
        "sends mean - z deviations, coordinate by coordinate: a worker of momentums that it estimates, a server of "
        + "the models of the last gather, moved to its own (Baruch, Baruch and Goldberg, NeurIPS 2019, arXiv 1902.06156)"
    ) { setting in
      let quorums = setting.configuration.quorums
      let group = setting.node.role == .server ? quorums.servers : quorums.workers
      let deviations = Float(setting.optional("z") ?? LittleIsEnough.largestHiddenShift(among: group))
      if setting.node.role == .server { return LittleIsEnoughOnModels(deviations: deviations, node: setting.node) }
      return Estimating(batches: setting.whole("batches"), configuration: setting.configuration) {
        LittleIsEnough.shiftedMean(of: $0, by: deviations)
      }
    },
    FaultDescription(
      "fall-of-empires", of: [.worker],
      [
        Parameter(name: "epsilon", standard: 0.1, explanation: "the factor", range: 0...1e30), batches(),
      ],
      summary:
        "sends -epsilon times the mean of the honest momentums (inner product manipulation: Xie, Koyejo and Gupta, UAI "
        + "2019, arXiv 1903.03936)"
    ) { setting in
      let epsilon = setting.float("epsilon")
      return Estimating(batches: setting.whole("batches"), configuration: setting.configuration) {
        Estimating.fallOfEmpires($0, epsilon: epsilon)
      }
    },
    FaultDescription(
      "anti-cge", of: [.worker], [batches()],
      summary:
        "sends the opposite of the honest momentums' mean, as long as the shortest of them, which rules that keep the "
        + "shortest vectors keep"
    ) { Estimating(batches: $0.whole("batches"), configuration: $0.configuration, forge: Estimating.antiCGE) },
  ]

  /// What happens to messages of a node that is honest in what it says.
  static let links: [FaultDescription] = [
    FaultDescription("silent", summary: "sends no vector, and only asks for what it needs to stay in step") { _ in
      Silent()
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
    FaultDescription(
      "slow",
      [
        milliseconds("ms", 20, "how much later a message is sent"),
        milliseconds("spread_ms", 0, "the most that is added to that, drawn for each message"),
      ],
      summary: "sends every message later"
    ) {
      Slow(milliseconds: $0.whole("ms"), spread: $0.whole("spread_ms"), seed: $0.seed, node: $0.node)
    },
    FaultDescription("drop", [share(0.1, "how many messages are lost")], summary: "loses messages that it sends") {
      Unreliable(.drop, share: $0.float("share"), seed: $0.seed, node: $0.node)
    },
    FaultDescription("duplicate", [share(0.5, "how many messages")], summary: "sends messages twice") {
      Unreliable(.duplicate, share: $0.float("share"), seed: $0.seed, node: $0.node)
    },
    FaultDescription(
      "reorder", [share(0.5, "how many messages"), milliseconds("ms", 10, "how much later these are sent")],
      summary: "lets later messages overtake earlier ones"
    ) {
      Unreliable(
        .reorder(milliseconds: $0.whole("ms")), share: $0.float("share"), seed: $0.seed, node: $0.node)
    },
    FaultDescription(
      "flood",
      [
        Parameter(
          name: "copies", standard: 20, explanation: "how many copies of each", range: 0...10_000, isWhole: true)
      ],
      summary: "sends every message many times more"
    ) { Flood(copies: $0.whole("copies")) },
  ]

  /// How a node ends, and whether it comes back.
  static let ends: [FaultDescription] = [
    FaultDescription(
      "crash", [step("the step whose first vector is not sent any more")], isTimed: true,
      summary: "ends without a word when it is about to send its first vector of a step"
    ) { Crash(step: $0.whole("step")) },
    FaultDescription(
      "hang",
      [
        step("the step whose first vector is not sent in time"),
        Parameter(
          name: "end", standard: nil, isRequired: true, explanation: "the step at which others are when it goes on",
          range: 0...1e9, isWhole: true),
      ], isTimed: true,
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
      ], isTimed: true,
      summary:
        "stops when it is about to send its first vector of a step, and begins anew after a while, knowing nothing"
    ) { Restart(at: $0.whole("step"), afterMilliseconds: $0.whole("after_ms")) },
  ]
}
