import ByzAggregation
import ByzProtocol
import ByzRuntime
import ByzTopology

/// A whole step of a topology in real processes, without faults, beside the sum of what it cannot do without: its bytes at
/// the bandwidth of libzmq, and its gradients. Beside the same workers under one trusted server that averages; and in each mode,
/// with links of each kind.
public struct StepBenchmark {
  private let topology: Topology
  private let runs: Int
  private let executable: String

  /// - Parameters:
  ///   - topology: its faults are left out.
  ///   - runs: how often everything is measured, in turn.
  ///   - executable: the program whose `node` command runs a node.
  public init(_ topology: Topology, runs: Int, executable: String) {
    self.topology = topology.varied(name: topology.name)
    self.runs = runs
    self.executable = executable
  }

  /// Runs everything.
  ///
  /// - Throws: `Interrupted`, `RunFailure` if a run does not complete, or what disk, sockets, data or libtorch refuse.
  public func run(showing progress: ProgressBar, unless isInterrupted: @escaping () -> Bool) throws -> StepReport {
    var (bare, gradients, evaluations) = ([Double](), [Double](), [Double]())
    var runs: [Way: StepReport.Runs] = [:]
    var modes: [ModeReport.Key: [RunSummary]] = [:]
    let parts = 2 + 2 * Way.allCases.count + ModeReport.Links.allCases.count * permittedModes.count
    for round in 0..<self.runs {
      var done = parts * round
      func show(_ part: String) {
        progress.show(done, of: parts * self.runs, part)
        done += 1
      }
      show("a bare libzmq loop")
      bare.append(try secondsPerByte(unless: isInterrupted))
      show("a gradient and an evaluation")
      gradients.append(
        try GradientBenchmark(topology: topology).run(for: 1, unless: isInterrupted).seconds.median)
      evaluations.append(try secondsOfEvaluation(unless: isInterrupted))
      for way in Way.allCases {
        show("\(topology.name), \(way.rawValue)")
        runs[way, default: .init()].defended.append(try launch(topology, way))
        show("undefended, \(way.rawValue)")
        runs[way, default: .init()].undefended.append(try launch(topology.undefended, way))
      }
      for links in ModeReport.Links.allCases {
        for mode in permittedModes {
          if isInterrupted() { throw Interrupted() }
          show("\(mode.rawValue), \(links.rawValue)")
          modes[ModeReport.Key(links: links, mode: mode), default: []].append(try launch(mode, links))
        }
      }
    }
    progress.finish()
    return StepReport(
      topology, secondsPerByte: Timing(bare), gradient: Timing(gradients), evaluation: Timing(evaluations),
      local: runs[.local] ?? .init(), tcp: runs[.tcp] ?? .init(), modes: ModeReport(modes))
  }

  /// How nodes are linked.
  private enum Way: String, CaseIterable {
    /// As `launch` links them.
    case local = "on one machine"
    /// As nodes are that have a machine each.
    case tcp = "over TCP"
  }

  private func secondsOfEvaluation(unless isInterrupted: () -> Bool) throws -> Double {
    let evaluator = try topology.evaluator(of: .server(0))
    let parameters = topology.model.initialParameters(seed: topology.seed)
    return try Timing.compare(for: 0, unless: isInterrupted, [{ keep(try evaluator.evaluate(parameters)) }])[0].median
  }

  /// What libzmq needs for a byte of vectors as long as this topology's, over ipc.
  private func secondsPerByte(unless isInterrupted: () -> Bool) throws -> Double {
    let places = try Places()
    defer { places.remove() }
    let frame = 4 * topology.model.dimension
    let count = BareLoop.count(ofFrames: frame)
    let timings = try (0..<5).map { _ in
      if isInterrupted() { throw Interrupted() }
      return try BareLoop(address: try places.next(.ipc), frame: frame).secondsPerFrame(count)
    }
    return Timing(timings).median / Double(frame)
  }

  private func launch(_ topology: Topology, _ way: Way) throws -> RunSummary {
    let places = try Places()
    defer { places.remove() }
    let servers = topology.quorums.serverIDs
    let addresses =
      try way == .local ? [:] : Dictionary(uniqueKeysWithValues: servers.map { ($0, try places.next(.tcp)) })
    return try measure(topology.placing(addresses), executable)
  }
}

extension StepBenchmark {
  /// The modes that the bounds permit.
  private var permittedModes: [ModeReport.Mode] {
    ModeReport.Mode.allCases.filter {
      let mode = training(in: $0)
      return topology.quorums.standard(in: mode).violations(under: topology.rule, in: mode).isEmpty
    }
  }

  private func training(in mode: ModeReport.Mode) -> TrainingMode {
    mode.training(topology.training.mode.pull?.lipschitzBatch ?? .own)
  }

  private func launch(_ mode: ModeReport.Mode, _ links: ModeReport.Links) throws -> RunSummary {
    let training = training(in: mode)
    let varied = topology.varied(
      name: links.rawValue.filter(\.isLetter), mode: training, quorums: topology.quorums.standard(in: training))
    switch links {
    case .local: return try launch(varied, .local)
    case .tcp: return try launch(varied, .tcp)
    case .protected:
      let places = try Places()
      defer { places.remove() }
      let (placed, keys) = try varied.protected(in: places)
      return try measure(placed, executable, keys: keys)
    }
  }
}

extension Quorums {
  /// The same nodes and bounds with the quorums that follow from them in `mode`.
  fileprivate func standard(in mode: TrainingMode) -> Quorums {
    Quorums(servers: (servers.count, servers.byzantine), workers: (workers.count, workers.byzantine), in: mode)
  }
}

extension Topology {
  /// The same workers under one trusted server that averages what they send: what the run would be without any defence.
  fileprivate var undefended: Topology {
    varied(
      name: "undefended", mode: .asynchronous, quorums: Quorums(servers: (1, 0), workers: (quorums.workers.count, 0)),
      rule: Average())
  }

  /// This run on one machine, without faults, and with other quorums and another rule if they are given.
  fileprivate func varied(
    name: String, mode: TrainingMode? = nil, quorums: Quorums? = nil, rule: (any AggregationRule)? = nil
  ) -> Topology {
    let kept = quorums ?? self.quorums
    let training = TrainingParameters(
      mode: mode ?? training.mode, steps: training.steps, gatherEvery: training.gatherEvery,
      learningRate: training.learningRate, momentum: training.momentum, gradientClip: training.gradientClip,
      weightDecay: training.weightDecay)
    return Topology(
      name: name, seed: seed, model: model, training: training, batch: batch, evaluateEvery: evaluateEvery,
      quorums: kept, patience: patience,
      nodes: nodes.filter { kept.contains($0.key) }.mapValues { NodePlace(dataPath: $0.dataPath) }, schedule: schedule,
      rule: rule ?? self.rule)
  }
}
