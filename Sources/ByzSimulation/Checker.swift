import ByzNumerics
import ByzProtocol

/// Watches a simulated run and finds what must not happen.
///
/// It takes nothing on trust from the machines: it counts quorums with its own arithmetic over what it saw arrive, and
/// keeps the honest servers' values of each step itself. Faulty nodes are not checked.
struct Checker {
  private(set) var violations: [Violation] = []

  let configuration: ProtocolConfiguration
  let roster: Roster
  let isHonest: [Bool]
  /// Whether delays stay below Delta for certain, so that no honest node may be missed.
  private let holdsDelta: Bool
  /// What is known of each node, by number.
  private var nodes: [CheckedNode]
  /// The honest servers' models by the step that starts from them, and their pre-gather models by the step they end.
  private var models: [Int: CoordinateRange] = [:]
  private var gatherModels: [Int: CoordinateRange] = [:]
  /// In a synchronous run, the fingerprints of the honest servers' models by their step.
  private var fingerprints: [Int: Set<UInt64>] = [:]
  /// The furthest step of an honest server.
  private var front = 0

  init(
    _ configuration: ProtocolConfiguration, isHonest: [Bool], initialParameters: Vector, holdsDelta: Bool = false
  ) {
    self.configuration = configuration
    self.holdsDelta = holdsDelta
    self.isHonest = isHonest
    roster = Roster(configuration.quorums)
    nodes = roster.all.map { _ in CheckedNode(steps: configuration.training.steps) }
    models[0] = CoordinateRange(initialParameters)
    fingerprints[0] = [TraceDigest.of(initialParameters)]
    for number in roster.all { restart(number) }
  }

  /// For how many steps behind the front honest values are kept: all that a small model has, fewer for a large one.
  private var window: Int { max(8 * configuration.patience.retainedSteps, 1_000_000 / configuration.dimension) }

  /// Node `number` starts, for the first time or again with nothing on disk.
  mutating func restart(_ number: Int) {
    nodes[number] = CheckedNode(steps: configuration.training.steps)
    setWaits(of: number, step: 0)
  }

  /// Node `number` took in a vector; what it rejected does not count.
  mutating func accepted(_ kind: VectorKind, step: Int, from sender: Int, by number: Int) {
    guard isHonest[number], (0..<configuration.training.steps).contains(step) else { return }
    let index = roster.id(sender).index
    nodes[number].arrived[kind.slot(step, of: configuration.training.steps)].insert(index)
    for wait in nodes[number].waits.indices
    where nodes[number].waits[wait].kind == kind && nodes[number].waits[wait].step == step {
      nodes[number].waits[wait].senders.insert(index)
    }
  }

  /// What node `number` does; `fingerprint` is that of the vector that it sends, if it sends one.
  mutating func performed(_ action: Action, fingerprint: UInt64?, by number: Int, at time: VirtualTime) {
    guard isHonest[number] else { return }
    switch action {
    case .send(.vector(let kind, let step, let vector), _):
      checkSent(kind, step, vector, fingerprint ?? 0, by: number, at: time)
    case .computeGradient(let step, draw: 0, _, let parameters):
      nodes[number].isComputing = true
      if configuration.training.mode.isSynchronous { nodes[number].gradientsAt.append(parameters) }
      setWaits(of: number, step: step + 1)
      // In a synchronous run a model may still be turned away for its gradient.
      if !configuration.training.mode.isSynchronous {
        check(parameters, within: models[step], "estimates at step \(step)", by: number, at: time)
      }
    case .report(let report):
      check(report, by: number, at: time)
    case .diverge(let step):
      report(.survival, number, time, "diverged at step \(step)")
    case .crash:
      report(.survival, number, time, "crashed by itself")
    case .send, .garble, .confide, .computeGradient, .schedule, .reject, .finish:
      break
    }
  }

  mutating func computed(by number: Int) { nodes[number].isComputing = false }

  /// Everything that an event led to at node `number` has been done: whether it should have gone on.
  mutating func settle(_ number: Int, at time: VirtualTime) {
    guard isHonest[number], !nodes[number].isComputing else { return }
    for index in nodes[number].waits.indices {
      let wait = nodes[number].waits[index]
      guard wait.isActive, wait.senders.count >= wait.quorum else { continue }
      let since = wait.completeSince ?? time
      nodes[number].waits[index].completeSince = since
      let grace = patience(at: wait.step)
      if time > since + VirtualTime(milliseconds: Double(grace + 1)) {
        report(
          .progress, number, time,
          "holds \(wait.senders.count) vectors of kind \(wait.kind), step \(wait.step), since "
            + "\(since.seconds) s, and does not go on")
        nodes[number].waits[index].completeSince = VirtualTime(microseconds: Int.max / 2)
      }
    }
  }

  /// For how many milliseconds a node may wait that has its quorum.
  private func patience(at step: Int) -> Int {
    let grace = configuration.graceMilliseconds(at: step)
    // A worker of a synchronous run may be on its way from one server to the next, each of which has a millisecond at least.
    return configuration.training.mode.isSynchronous ? 2 * grace + configuration.quorums.servers.count : grace
  }

  mutating func report(_ invariant: Violation.Invariant, _ number: Int?, _ time: VirtualTime, _ sentence: String) {
    violations.append(
      Violation(invariant: invariant, time: time, node: number.map(roster.id), sentence: sentence))
  }
}

// MARK: - What is checked when

extension Checker {
  private mutating func check(_ report: Report, by number: Int, at time: VirtualTime) {
    let quorums = configuration.quorums
    switch report {
    case .updated(let step, let parameters, let contributors, _):
      checkQuorum(contributors, quorums.workers.quorum, .momentum, step - 1, by: number, at: time)
      checkPresence(contributors, by: number, of: .momentum, at: step - 1, time)
      if configuration.gathers(after: step - 1) { checkGather(parameters, before: step, by: number, at: time) }
      reach(step, with: parameters, by: number, at: time)
    case .adopted(let step, let parameters, let contributors):
      if contributors.contains(roster.id(number)) {
        checkGather(parameters, before: step, by: number, at: time)
      } else {
        let (n, f) = (quorums.servers.count, quorums.servers.byzantine)
        checkQuorum(contributors, n > 3 * f ? 2 * f + 1 : max(n - f, 2 * f - 1), .model, step, by: number, at: time)
        // With fewer servers it rests on Delta that this one is itself one of those that count as faulty.
        guard n > 3 * f else {
          if holdsDelta { self.report(.synchrony, number, time, "rejoins at step \(step), though Delta holds") }
          return reach(step, with: parameters, by: number, at: time)
        }
        check(parameters, within: models[step], "adopts a model of step \(step)", by: number, at: time)
      }
      reach(step, with: parameters, by: number, at: time)
    case .estimated(let step, _, let contributors, let source):
      checkEstimate(at: step, contributors, source, by: number, at: time)
      advance(number, to: step + 1, at: time)
    // It goes on with another model of the step.
    case .refused: break
    // No honest node does.
    case .forged: break
    }
  }

  /// What a worker takes its gradient at: a median of a quorum, or one server's model.
  private mutating func checkEstimate(
    at step: Int, _ contributors: [NodeID], _ source: ModelSource, by number: Int, at time: VirtualTime
  ) {
    let quorum = source == .median ? configuration.quorums.servers.quorum : 1
    checkQuorum(contributors, quorum, .model, step, by: number, at: time)
    guard configuration.training.mode.isSynchronous else { return }
    defer { nodes[number].gradientsAt = [] }
    switch source {
    case .median:
      checkPresence(contributors, by: number, of: .model, at: step, time)
      guard let parameters = nodes[number].gradientsAt.last, isRangePromised else { return }
      check(parameters, within: models[step], "estimates at step \(step)", by: number, at: time)
    case .certified:
      guard let known = fingerprints[step],
        !nodes[number].gradientsAt.contains(where: { known.contains(TraceDigest.of($0)) })
      else { return }
      report(.range, number, time, "takes for certified at step \(step) what is no honest server's model")
    // What filters let pass is nothing certain.
    case .filtered: break
    }
  }

  /// Whether what honest servers hold, and what is made of it, must lie between honest values: with n_ps > 3 f_ps always, with
  /// fewer while Delta holds.
  private var isRangePromised: Bool { configuration.quorums.hasServerMajority || holdsDelta }

  /// While Delta holds, no honest node is missing where `number` goes on with the vectors of `contributors`.
  private mutating func checkPresence(
    _ contributors: [NodeID], by number: Int, of kind: VectorKind, at step: Int, _ time: VirtualTime
  ) {
    guard holdsDelta else { return }
    let present = Set(contributors)
    let peers = kind.sender == .server ? 0..<roster.servers : roster.servers..<roster.all.count
    for peer in peers where isHonest[peer] && peer != number && !present.contains(roster.id(peer)) {
      report(
        .synchrony, number, time, "went on at step \(step) without a \(kind) of \(roster.id(peer)), which is honest")
    }
  }

  private mutating func checkQuorum(
    _ contributors: [NodeID], _ quorum: Int, _ kind: VectorKind, _ step: Int, by number: Int, at time: VirtualTime
  ) {
    let arrived = nodes[number].arrived[kind.slot(step, of: configuration.training.steps)]
    let distinct = Set(contributors)
    if distinct.count < max(quorum, contributors.count) {
      report(
        .quorum, number, time,
        "went on at step \(step) with a \(kind) of \(distinct.count) distinct nodes (\(contributors.count) in all) where "
          + "\(quorum) are needed")
    }
    for contributor in distinct where !arrived.contains(contributor.index) {
      report(.quorum, number, time, "used a \(kind) of step \(step) that \(contributor) has not sent")
    }
  }

  /// Distributed Median Contraction (El-Mhamdi et al., PODC 2020, section 4): between honest values in every coordinate.
  private mutating func checkGather(_ result: Vector, before step: Int, by number: Int, at time: VirtualTime) {
    let arrived = nodes[number].arrived[VectorKind.gatherModel.slot(step - 1, of: configuration.training.steps)]
    let quorum = configuration.quorums.servers.quorum
    if arrived.count + 1 < quorum {
      report(
        .quorum, number, time,
        "gathered at step \(step - 1) with \(arrived.count) others' models and its own where \(quorum) are needed")
    }
    let present = (0..<roster.servers).filter(arrived.contains).map(roster.id)
    checkPresence(present, by: number, of: .gatherModel, at: step - 1, time)
    guard isRangePromised else { return }
    check(result, within: gatherModels[step - 1], "gathers at step \(step - 1)", by: number, at: time)
  }

  private mutating func check(
    _ vector: Vector, within range: CoordinateRange?, _ what: String, by number: Int, at time: VirtualTime
  ) {
    guard let range, let index = range.coordinate(outside: vector) else { return }
    report(
      .range, number, time,
      "\(what) with \(vector[index]) in coordinate \(index), outside the honest servers' \(range.text(index))")
  }

  private mutating func checkSent(
    _ kind: VectorKind, _ step: Int, _ vector: Vector, _ fingerprint: UInt64, by number: Int, at time: VirtualTime
  ) {
    let slot = kind.slot(step, of: configuration.training.steps)
    if let known = nodes[number].sent[slot] {
      if known != fingerprint {
        report(.consistency, number, time, "sent two different vectors of kind \(kind), step \(step)")
      }
      return
    }
    nodes[number].sent[slot] = fingerprint
    switch kind {
    case .model:
      guard isRangePromised else { return }
      check(vector, within: models[step], "sends a model of step \(step)", by: number, at: time)
    case .gatherModel:
      include(vector, in: &gatherModels, at: step)
      activateGather(of: number, step: step)
    case .momentum: break
    }
  }

  private mutating func reach(_ step: Int, with parameters: Vector, by number: Int, at time: VirtualTime) {
    advance(number, to: step, at: time)
    include(parameters, in: &models, at: step)
    if configuration.training.mode.isSynchronous {
      fingerprints[step, default: []].insert(TraceDigest.of(parameters))
    }
    setWaits(of: number, step: step)
    if step > front {
      front = step
      models[front - window] = nil
      gatherModels[front - window] = nil
      fingerprints[front - window] = nil
    }
  }

  private mutating func advance(_ number: Int, to step: Int, at time: VirtualTime) {
    let former = nodes[number].step
    if step <= former { report(.monotonicity, number, time, "went from step \(former) to step \(step)") }
    nodes[number].step = step
  }

  private func include(_ vector: Vector, in ranges: inout [Int: CoordinateRange], at step: Int) {
    guard step > front - window else { return }
    if ranges[step] == nil { ranges[step] = CoordinateRange(vector) } else { ranges[step]?.include(vector) }
  }

  /// What node `number` waits for at `step`: models, if it is a worker; else momentums, and the models of the next gather as
  /// soon as it takes part in it.
  private mutating func setWaits(of number: Int, step: Int) {
    let former = nodes[number].waits
    nodes[number].waits = []
    guard step < configuration.training.steps else { return }
    let quorums = configuration.quorums
    guard roster.isServer(number) else {
      nodes[number].waits = [Wait(kind: .model, step: step, quorum: quorums.servers.quorum, isActive: true)]
      return
    }
    nodes[number].waits = [Wait(kind: .momentum, step: step, quorum: quorums.workers.quorum, isActive: true)]
    let gather = configuration.nextGather(from: step)
    guard quorums.servers.count > 1, gather < configuration.training.steps else { return }
    // What has come for this gather at earlier steps is still held.
    nodes[number].waits.append(
      former.first { $0.kind == .gatherModel && $0.step == gather }
        ?? Wait(kind: .gatherModel, step: gather, quorum: quorums.servers.quorum - 1, isActive: false))
  }

  private mutating func activateGather(of number: Int, step: Int) {
    for index in nodes[number].waits.indices where nodes[number].waits[index].kind == .gatherModel {
      nodes[number].waits[index].isActive = nodes[number].waits[index].step == step
    }
    nodes[number].waits.removeAll { $0.kind == .momentum && $0.step <= step }
  }
}

/// What is known of one node.
struct CheckedNode {
  /// The last step that it reported.
  var step = 0
  var isComputing = false
  /// Where gradients were asked for since the last step: of a pull, those at models that were turned away among them.
  var gradientsAt: [Vector] = []
  var waits: [Wait] = []
  /// For each kind and step the senders whose vector was accepted.
  var arrived: [NodeSet]
  /// For each kind and step the fingerprint of what it sent.
  var sent: [UInt64?]

  init(steps: Int) {
    arrived = Array(repeating: NodeSet(), count: VectorKind.allCases.count * steps)
    sent = Array(repeating: nil, count: VectorKind.allCases.count * steps)
  }
}

/// A wait for a quorum.
struct Wait {
  let kind: VectorKind
  let step: Int
  let quorum: Int
  var isActive: Bool
  var senders = NodeSet()
  var completeSince: VirtualTime?
}

extension VectorKind {
  /// Where what is known of this kind and `step` lies in an array over kinds and steps.
  func slot(_ step: Int, of steps: Int) -> Int { (Int(rawValue) - 1) * steps + step }
}
