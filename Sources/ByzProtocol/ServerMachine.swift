import ByzAggregation
import ByzNumerics

/// A server's part in ByzSGD: aggregate a quorum of momentums, update the model, and every T steps gather: take the
/// coordinate-wise median of a quorum of servers' models (Distributed Median Contraction).
///
/// In a synchronous run it waits for all workers, and in a gather for all servers, up to Delta; and a worker gets its model
/// only if it is this server's turn.
///
/// Source: El-Mhamdi et al., PODC 2020 (arXiv 1905.03853), section 3.2.
public struct ServerMachine: Machine {
  enum Phase {
    /// Scatter: waits for momentums of `step`.
    case collecting
    /// Gather: the update of `step` has made `own`; waits for the other servers' models of that moment.
    case gathering(own: Vector)
    /// The last step is reached; others may still need what this server keeps.
    case lingering
    case ended
  }

  /// What a worker is owed.
  struct Debt {
    let step: Int
    let isDigest: Bool
  }

  /// Who went into the last update, for the report of the step that it led to.
  struct Aggregated {
    let contributors: [NodeID]
    let selected: [NodeID]
  }

  public let id: NodeID
  let configuration: ProtocolConfiguration
  let workers: [NodeID]
  let others: [NodeID]
  var phase = Phase.collecting
  /// t, the number of updates made; never decreases.
  var step = 0
  /// theta_t.
  var model: Vector
  var wait: QuorumWait
  var momentums: Inbox
  var gatherModels: Inbox
  var sentModels: Retention
  var sentGatherModels: Retention
  /// What the other servers have told of recent steps since this one was left behind; empty if it never was.
  var peerModels: PeerHistory
  var peerGatherModels: PeerHistory
  /// The workers that wait for a model, or for its digest, and the oldest step of it that is of use to them: at most one
  /// request each.
  var owed: [NodeID: Debt] = [:]
  /// The digests of models kept, as far as they were needed.
  private var digests: [Int: ModelDigest] = [:]
  var grace: GraceKeeper
  var workerAttendance: Attendance
  var serverAttendance: Attendance
  /// What led to the model of this step; nil if that was adopted.
  var aggregated: Aggregated?
  /// The last aggregate that this server computed, from which some rules start; an older one is as good as any start.
  private var lastAggregate: Vector?
  /// Momentum of the aggregates, if that is where the run has it. Unlike models, the servers' momentums are never pulled
  /// together.
  private var recursion: MomentumRecursion?
  /// The peers that have not said that they reached the last step.
  private var unfinished: Set<NodeID>

  /// A server that starts from theta_0 = `model`, which all honest nodes derive alike.
  public init(_ index: Int, _ configuration: ProtocolConfiguration, model: Vector) {
    precondition(model.count == configuration.dimension, "theta_0 must have d elements")
    id = .server(index)
    self.configuration = configuration
    self.model = model
    workers = configuration.quorums.workerIDs
    others = configuration.quorums.serverIDs.filter { $0.index != index }
    grace = GraceKeeper(configuration)
    wait = grace.wait(for: .momentum, step: 0)
    momentums = Inbox(of: .momentum, wanting: 0, in: configuration)
    gatherModels = Inbox(of: .gatherModel, wanting: configuration.nextGather(from: 0), in: configuration)
    sentModels = Retention(steps: configuration.patience.retainedSteps)
    sentGatherModels = Retention(steps: configuration.patience.retainedSteps)
    peerModels = PeerHistory(steps: configuration.patience.retainedSteps)
    peerGatherModels = PeerHistory(steps: configuration.patience.retainedSteps)
    workerAttendance = Attendance(of: workers, in: configuration.training.mode)
    serverAttendance = Attendance(of: others, in: configuration.training.mode)
    if let momentum = configuration.training.momentum, momentum.place == .server {
      recursion = MomentumRecursion(momentum)
    }
    unfinished = Set(workers + others)
  }

  public mutating func handle(_ event: Event) -> [Action] {
    switch (phase, event) {
    case (.ended, _):
      return []
    case (.collecting, .start):
      return scatter()
    case (_, .received(let message, let sender)):
      if let rejection = configuration.rejection(of: message, from: sender, to: id) {
        return [.reject(from: sender, rejection)]
      }
      return receive(message, from: sender)
    case (.collecting, .timer(wait.askTimer)), (.gathering, .timer(wait.askTimer)):
      return askAgain()
    case (.collecting, .timer(let timer)), (.gathering, .timer(let timer)):
      wait.end(timer)
      return advance()
    case (.lingering, .timer(.linger)):
      return end()
    case (.collecting, .reconnected(let peer)), (.gathering, .reconnected(let peer)):
      return lacking.contains(peer) ? ask([peer]) : []
    case (.lingering, .reconnected(let peer)):
      return [.send(.done, to: [peer])]
    // Timers whose wait is over, and what only workers or faulty nodes hear.
    case (_, .timer), (_, .gradient), (_, .start), (_, .overheard):
      return []
    }
  }

  private mutating func receive(_ message: Message, from sender: NodeID) -> [Action] {
    switch message {
    case .vector(.momentum, let step, let momentum):
      return receive(momentum: momentum, of: step, from: sender)
    case .vector(.gatherModel, let step, let model):
      return receive(gatherModel: model, of: step, from: sender)
    case .vector(.model, let step, let model):
      return receive(model: model, of: step, from: sender)
    case .request(.gatherModel, let step):
      return serve(sender, gatherModelOf: step)
    case .request(_, let step):
      return sender.role == .server
        ? serve(sender, historyFrom: step) : serve(sender, modelFrom: step, exactly: true)
    case .digest:
      // Only workers are sent digests, which `rejection` sees to.
      return []
    case .done:
      unfinished.remove(sender)
      return endIfAlone()
    }
  }

  private mutating func receive(momentum: Vector, of step: Int, from sender: NodeID) -> [Action] {
    grace.arrived(.momentum, step: step, during: wait)
    switch Self.store(momentum, of: step, from: sender, in: &momentums) {
    case .late:
      // Too late to count, but the request in it stands.
      return [.reject(from: sender, .late)] + serve(sender, modelFrom: step + 1, exactly: false)
    case let rejection?:
      return [.reject(from: sender, rejection)]
    case nil:
      return serve(sender, whatFollows: step) + advance()
    }
  }

  private mutating func receive(gatherModel: Vector, of step: Int, from sender: NodeID) -> [Action] {
    grace.arrived(.gatherModel, step: step, during: wait)
    switch Self.store(gatherModel, of: step, from: sender, in: &gatherModels) {
    case .late where isMissing(gatherModelOf: step):
      return receive(missedGatherModel: gatherModel, of: step, from: sender)
    case let rejection?:
      return [.reject(from: sender, rejection)]
    case nil:
      return advance()
    }
  }

  /// Keeps a vector, or says why not.
  private static func store(
    _ vector: Vector, of step: Int, from sender: NodeID, in inbox: inout Inbox
  ) -> Rejection? {
    if let rejection = inbox.rejection(of: step, from: sender) { return rejection }
    guard vector.isFinite else { return .nonFinite }
    inbox.insert(vector, step: step, from: sender)
    return nil
  }
}

// MARK: - Scatter

extension ServerMachine {
  /// Begins step t: gives its model to those who wait for it, and collects momentums.
  private mutating func scatter() -> [Action] {
    phase = .collecting
    sentModels.keep(model, of: step)
    forgetOld()
    let due = owed.filter { $0.value.step <= step }
    for worker in due.keys { owed[worker] = nil }
    let models = due.filter { !$0.value.isDigest }.keys.sorted()
    let digests = due.filter { $0.value.isDigest }.keys.sorted()
    return (models.isEmpty ? [] : [.send(.vector(.model, step: step, model), to: models)])
      + (digests.isEmpty ? [] : [.send(.digest(step: step, digest(of: step, model)), to: digests)])
      + awaitQuorum(of: .momentum) + advance()
  }

  /// Lets go of what is older than the last R steps.
  private mutating func forgetOld() {
    sentModels.advance(to: step)
    digests = digests.filter { sentModels[$0.key] != nil }
    sentGatherModels.advance(to: step)
    peerModels.forget(before: oldestKept)
    peerGatherModels.forget(before: oldestKept)
  }

  /// The oldest of the last R steps.
  var oldestKept: Int { step - configuration.patience.retainedSteps + 1 }

  private mutating func awaitQuorum(of kind: VectorKind) -> [Action] {
    wait = grace.wait(for: kind, step: step)
    return [.schedule(wait.askTimer, afterMilliseconds: configuration.patience.askAgainMilliseconds)]
  }

  /// Goes on as far as the vectors at hand permit.
  private mutating func advance() -> [Action] {
    switch phase {
    case .collecting:
      let inputs = momentums.vectors(of: step)
      let quorum = configuration.quorums.workers.quorum
      switch wait.verdict(present: inputs.map(\.sender), quorum: quorum, attendance: workerAttendance) {
      case .proceed: return update(with: inputs)
      case .startGrace: return [wait.startGrace]
      case .grace: return []
      case .lacking: return askIfBehind()
      }
    case .gathering(let own):
      let inputs = gatherModels.vectors(of: step)
      // Its own model counts.
      let quorum = configuration.quorums.servers.quorum - 1
      switch wait.verdict(present: inputs.map(\.sender), quorum: quorum, attendance: serverAttendance) {
      case .proceed: return contract(inputs + [(sender: id, vector: own)])
      case .startGrace: return [wait.startGrace]
      case .grace: return []
      case .lacking: return askIfBehind()
      }
    case .lingering, .ended:
      return []
    }
  }

  private mutating func update(with inputs: [(sender: NodeID, vector: Vector)]) -> [Action] {
    let contributors = inputs.map(\.sender)
    grace.close(wait)
    let aggregate = configuration.rule.aggregate(
      inputs.map(\.vector), tolerating: configuration.quorums.tolerance(of: inputs.count),
      in: configuration.round(at: step, after: lastAggregate))
    lastAggregate = aggregate.vector
    aggregated = Aggregated(contributors: contributors, selected: aggregate.selected.map { contributors[$0] })
    workerAttendance.close(present: contributors)
    let rate = Float(configuration.training.learningRate.at(step))
    let direction = recursion?.update(gradient: aggregate.vector) ?? aggregate.vector
    let updated = model.adding(-rate, times: direction)
    guard updated.isFinite else {
      phase = .ended
      return [.diverge(step: step)]
    }
    return configuration.gathers(after: step) ? gather(updated) : [report(updated)] + move(to: step + 1, with: updated)
  }

  /// What is to be recorded about a step that leads to `result`.
  private func report(_ result: Vector, gatheredFrom servers: [NodeID] = []) -> Action {
    guard let aggregated else {
      return .report(.adopted(step: step + 1, parameters: result, contributors: servers))
    }
    return .report(
      .updated(
        step: step + 1, parameters: result, contributors: aggregated.contributors, selected: aggregated.selected))
  }

  /// Goes on at a step that `model` starts from.
  mutating func move(to step: Int, with model: Vector) -> [Action] {
    self.step = step
    self.model = model
    momentums.want(step)
    gatherModels.want(configuration.nextGather(from: step))
    return step == configuration.training.steps ? linger() : scatter()
  }
}

// MARK: - Gather

extension ServerMachine {
  mutating func gather(_ updated: Vector) -> [Action] {
    phase = .gathering(own: updated)
    sentGatherModels.keep(updated, of: step)
    return [.send(.vector(.gatherModel, step: step, updated), to: others)] + awaitQuorum(of: .gatherModel) + advance()
  }

  /// Distributed Median Contraction: every honest server's result lies, in every coordinate, between the smallest and the
  /// largest honest value that went into the gather (El-Mhamdi et al., PODC 2020, section 4).
  private mutating func contract(_ models: [(sender: NodeID, vector: Vector)]) -> [Action] {
    serverAttendance.close(present: models.map(\.sender))
    grace.close(wait)
    let ordered = models.sorted { $0.sender < $1.sender }
    let median = coordinatewiseMedian(of: ordered.map(\.vector))
    return [report(median, gatheredFrom: ordered.map(\.sender))] + move(to: step + 1, with: median)
  }
}

// MARK: - Asking

extension ServerMachine {
  /// The peers of which there is no vector that the wait is for.
  private var lacking: [NodeID] {
    switch phase {
    case .collecting: workers.filter { !momentums.holds(step, from: $0) }
    case .gathering: others.filter { !gatherModels.holds(step, from: $0) }
    case .lingering, .ended: []
    }
  }

  private func ask(_ peers: [NodeID]) -> [Action] {
    peers.isEmpty ? [] : [.send(.request(wait.kind, step: step), to: peers)]
  }

  private mutating func askAgain() -> [Action] {
    wait.timesAsked += 1
    // Asking has not helped so far: what others have made of this step may do instead.
    if let adopted = adoptGatherModel() { return adopted }
    // What has come before this server took itself for one that is not in time.
    let adopted = adopt()
    guard adopted.isEmpty else { return adopted }
    let again = Action.schedule(wait.askTimer, afterMilliseconds: configuration.patience.askAgainMilliseconds)
    // The others may have left this server behind, and it need not see that: whoever has answered is not asked again, and
    // servers that no longer keep their part in a gather say nothing of it. Who has nothing newer does not answer.
    return ask(lacking) + askForHistory() + [again]
  }

  /// A step that an honest worker has left behind: of the f_w + 1 workers that are furthest ahead one is honest. -1 if there
  /// is none.
  private var front: Int {
    let positions = workers.map { worker in
      max(momentums.newestStep(from: worker) ?? -1, (owed[worker]?.step ?? 0) - 1)
    }
    return positions.sorted(by: >)[configuration.quorums.workers.byzantine]
  }

  /// When an honest worker is past this step, its momentum was sent and is lost or overtaken, and there is no reason to wait
  /// for the timer. If it is so far ahead that it no longer keeps that momentum, only the other servers can help.
  private mutating func askIfBehind() -> [Action] {
    guard front > step, !wait.hasAskedEarly else { return [] }
    wait.hasAskedEarly = true
    return ask(lacking) + (front >= step + configuration.patience.retainedSteps ? askForHistory() : [])
  }
}

// MARK: - Serving

extension ServerMachine {
  /// Gives `worker` a model of `first` or newer. What is asked for as such is given `exactly` as long as it is kept, so that
  /// one who asks several servers for a step gets one step from all of them; with a momentum the newest model is asked for.
  private mutating func serve(_ worker: NodeID, modelFrom first: Int, exactly: Bool) -> [Action] {
    guard first < configuration.training.steps else { return [] }
    guard first <= step else {
      let debt = Debt(step: first, isDigest: false)
      // What is asked for as such may be wanted by one that was started again, and then it is all that it wants.
      if exactly { owed[worker] = debt } else { owe(worker, debt) }
      return []
    }
    guard let kept = exactly ? sentModels.vector(of: first) : sentModels.newest else { return [] }
    settle(worker, upTo: kept.step)
    return [.send(.vector(.model, step: kept.step, kept.vector), to: [worker])] + farewell(to: worker)
  }

  /// Gives `worker` what it gets for its momentum of `step`: the next model, if it is this server's turn, or its digest.
  private mutating func serve(_ worker: NodeID, whatFollows step: Int) -> [Action] {
    let next = step + 1
    switch configuration.share(of: id.index, for: worker.index, at: next) {
    case .model:
      return serve(worker, modelFrom: next, exactly: false)
    case .digest where next < configuration.training.steps:
      guard let model = sentModels[next] else {
        owe(worker, Debt(step: next, isDigest: true))
        return []
      }
      settle(worker, upTo: next)
      return [.send(.digest(step: next, digest(of: next, model)), to: [worker])]
    case .digest, .nothing:
      // A request for the next model may have overtaken this momentum, and stands.
      settle(worker, upTo: step)
      return []
    }
  }

  // A momentum may overtake another one: what a worker wants for the newest step is what it wants, and rather the model.

  private mutating func owe(_ worker: NodeID, _ debt: Debt) {
    if let known = owed[worker], known.step > debt.step || (known.step == debt.step && debt.isDigest) { return }
    owed[worker] = debt
  }

  private mutating func settle(_ worker: NodeID, upTo step: Int) {
    if let debt = owed[worker], debt.step <= step { owed[worker] = nil }
  }

  private mutating func digest(of step: Int, _ model: Vector) -> ModelDigest {
    if let known = digests[step] { return known }
    let digest = ModelDigest(of: model, step: step, topologyDigest: configuration.topologyDigest)
    digests[step] = digest
    return digest
  }

  private func serve(_ server: NodeID, gatherModelOf step: Int) -> [Action] {
    // One that does not exist yet goes to every server as soon as it does.
    guard let vector = sentGatherModels[step] else { return farewell(to: server) }
    return [.send(.vector(.gatherModel, step: step, vector), to: [server])] + farewell(to: server)
  }

  /// Who still asks may not have heard that this server is done.
  func farewell(to peer: NodeID) -> [Action] {
    if case .lingering = phase { return [.send(.done, to: [peer])] }
    return []
  }
}

// MARK: - The end

extension ServerMachine {
  private mutating func linger() -> [Action] {
    phase = .lingering
    forgetOld()
    let timer = Action.schedule(.linger, afterMilliseconds: configuration.patience.lingerMilliseconds)
    return [.send(.done, to: others + workers), timer] + endIfAlone()
  }

  private mutating func endIfAlone() -> [Action] {
    guard case .lingering = phase, unfinished.isEmpty else { return [] }
    return end()
  }

  private mutating func end() -> [Action] {
    phase = .ended
    return [.finish]
  }
}
