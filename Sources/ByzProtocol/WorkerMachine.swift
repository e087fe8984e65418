import ByzAggregation
import ByzNumerics

/// A worker's part in ByzSGD: get a model of the step, estimate the gradient there, send the momentum to all servers.
///
/// In an asynchronous run the model is the coordinate-wise median of a quorum of servers' models. In a synchronous one it is
/// one server's, which filters or digests vouch for (`WorkerMachine+Pulling.swift`), and the median where they do not.
///
/// Source: El-Mhamdi et al., PODC 2020 (arXiv 1905.03853), section 3.2, Scatter; momentum at the worker after El-Mhamdi et
/// al., ICLR 2021.
public struct WorkerMachine: Machine {
  enum Phase {
    /// Waits for models of `inbox.wanted` or, if it is behind, of a newer step, by a quorum of servers.
    case collecting
    /// Waits for one server's model of `inbox.wanted`.
    case pulling(PullAttempt)
    /// The gradient at the candidate's parameters is being computed.
    case computing(Candidate)
    /// The gradient at the candidate's parameters is there; the one at the former model on the same mini-batch is being
    /// computed.
    case comparing(Candidate, gradient: Vector, loss: Double)
    /// The last momentum is sent; servers may still ask for it.
    case lingering
    case ended
  }

  /// What a worker may take its gradient at.
  struct Candidate {
    let step: Int
    let parameters: Vector
    let contributors: [NodeID]
    let source: ModelSource
    /// The pull that it came from; nil for a median.
    var pull: PullAttempt?
  }

  public let id: NodeID
  let configuration: ProtocolConfiguration
  let servers: [NodeID]
  var phase = Phase.collecting
  /// The servers' models. Its wanted step is the one in collection, or the one after that in computation, unless what is
  /// computed may still be turned away.
  var inbox: Inbox
  var wait: QuorumWait
  var grace: GraceKeeper
  private var attendance: Attendance
  /// The same of servers that were pulled from, each at other steps than another worker did.
  var pullAttendance: Attendance
  /// The servers whose model was not there when it was last waited for.
  var absentees: Set<NodeID> = []
  private var estimator: MomentumEstimator
  private var momentums: Retention
  /// The servers that have not said that they reached the last step.
  private var unfinished: Set<NodeID>
  /// What models are held against in a synchronous run.
  var filters: PullFilters
  /// The digest that each server sent last.
  var digests: [NodeID: (step: Int, digest: ModelDigest)] = [:]

  public init(_ index: Int, _ configuration: ProtocolConfiguration) {
    id = .worker(index)
    self.configuration = configuration
    servers = configuration.quorums.serverIDs
    inbox = Inbox(of: .model, wanting: 0, in: configuration)
    grace = GraceKeeper(configuration)
    wait = grace.wait(for: .model, step: 0)
    attendance = Attendance(of: servers, in: configuration.training.mode)
    pullAttendance = attendance
    estimator = MomentumEstimator(configuration.training)
    momentums = Retention(steps: configuration.patience.retainedSteps)
    unfinished = Set(servers)
    filters = PullFilters(configuration)
  }

  public mutating func handle(_ event: Event) -> [Action] {
    switch (phase, event) {
    case (.ended, _):
      return []
    case (.collecting, .start):
      return awaitQuorum() + ask(servers)
    case (_, .received(let message, let sender)):
      if let rejection = configuration.rejection(of: message, from: sender, to: id) {
        return [.reject(from: sender, rejection)]
      }
      return receive(message, from: sender)
    case (.computing(let candidate), .gradient(let estimated, draw: 0, let gradient, let loss))
    where estimated == candidate.step:
      return judge(candidate, gradient: gradient, loss: loss)
    case (.comparing(let candidate, let gradient, let loss), .gradient(let estimated, draw: 0, let former, _))
    where estimated == candidate.step:
      filters.compare(with: former, at: candidate.step)
      return judge(candidate, gradient: gradient, loss: loss)
    case (.collecting, .timer(.grace)):
      if case .timer(let timer) = event { wait.end(timer) }
      return collect()
    case (.collecting, .timer(wait.askTimer)):
      return askAgain()
    case (.pulling(let pull), .timer(let timer)) where timer == pull.timer:
      return passPartOfPull()
    case (.lingering, .timer(.linger)):
      return end()
    case (.collecting, .reconnected(let peer)):
      return lacking.contains(peer) ? ask([peer]) : []
    case (.pulling(let pull), .reconnected(let peer)) where peer == pull.server:
      return lacking.contains(peer) ? ask([peer]) : []
    case (.lingering, .reconnected(let peer)):
      return [.send(.done, to: [peer])]
    // A gradient that nobody asked for, a timer whose wait is over, a link that is back while nothing is lacking, and what
    // only faulty nodes hear.
    case (_, .gradient), (_, .timer), (_, .reconnected), (_, .start), (_, .overheard):
      return []
    }
  }

  private mutating func receive(_ message: Message, from sender: NodeID) -> [Action] {
    switch message {
    case .vector(_, let step, let model):
      grace.arrived(.model, step: step, during: wait)
      if let rejection = inbox.rejection(of: step, from: sender) ?? (model.isFinite ? nil : .nonFinite) {
        return [.reject(from: sender, rejection)]
      }
      inbox.insert(model, step: step, from: sender)
      return proceed()
    case .digest(let step, let digest):
      if step < inbox.wanted { return [.reject(from: sender, .late)] }
      if let known = digests[sender], known.step >= step {
        return [.reject(from: sender, known.step == step ? .duplicate : .superseded)]
      }
      digests[sender] = (step, digest)
      return proceed()
    case .request(_, let step):
      return serve(sender, momentumOf: step)
    case .done:
      unfinished.remove(sender)
      return endIfAlone()
    }
  }

  /// Goes on as far as what is at hand permits.
  private mutating func proceed() -> [Action] {
    switch phase {
    case .collecting: collect()
    case .pulling: advancePull()
    case .computing, .comparing, .lingering, .ended: []
    }
  }
}

// MARK: - Collecting models

extension WorkerMachine {
  /// Waits for what the step needs: one server's model, or a quorum.
  private mutating func awaitModels(of step: Int) -> [Action] {
    inbox.want(step)
    // With more servers missing than may be Byzantine, some honest ones are behind: as in an asynchronous run it takes a
    // quorum, which lets nobody leave them behind.
    let isQuorumThere = absentees.count <= configuration.quorums.servers.byzantine
    return filters.canJudge(step) && isQuorumThere ? startPull() : awaitQuorum() + askIfNotGiven(step) + collect()
  }

  /// Asks those servers for the model of `step` that do not give it by themselves.
  private func askIfNotGiven(_ step: Int) -> [Action] {
    let givers = Set(configuration.givers(to: id.index, at: step))
    return ask(lacking.filter { !givers.contains($0) })
  }

  private mutating func awaitQuorum(afterPulling: Bool = false) -> [Action] {
    phase = .collecting
    wait = afterPulling ? grace.waitAfterPulling(step: inbox.wanted) : grace.wait(for: .model, step: inbox.wanted)
    return [.schedule(wait.askTimer, afterMilliseconds: configuration.patience.askAgainMilliseconds)]
  }

  /// Leaves it to a quorum of servers what the model of this step is.
  mutating func collectFromAll(afterPulling: Bool) -> [Action] {
    awaitQuorum(afterPulling: afterPulling) + ask(lacking) + collect()
  }

  /// Goes on as far as the models at hand permit.
  mutating func collect() -> [Action] {
    guard case .collecting = phase else { return [] }
    let quorum = configuration.quorums.servers.quorum
    if let step = inbox.newestStep(heldFrom: quorum), step > inbox.wanted {
      // Behind: whoever waits for the rest of a step that others have left only falls further behind.
      return estimate(at: step)
    }
    let present = inbox.vectors(of: inbox.wanted).map(\.sender)
    let attendance = wait.isCommon ? attendance : pullAttendance
    switch wait.verdict(present: present, quorum: quorum, attendance: attendance) {
    case .proceed: return estimate(at: inbox.wanted)
    case .startGrace: return [wait.startGrace]
    case .grace: return []
    case .lacking: return catchUp()
    }
  }

  private mutating func estimate(at step: Int) -> [Action] {
    let models = inbox.vectors(of: step)
    let contributors = models.map(\.sender)
    let parameters = coordinatewiseMedian(of: models.map(\.vector))
    if wait.isCommon { attendance.close(present: contributors) }
    for server in servers where !contributors.contains(server) { missed(server) }
    for server in contributors { heard(from: server) }
    grace.close(wait)
    inbox.want(step + 1)
    return compute(
      Candidate(step: step, parameters: parameters, contributors: contributors, source: .median))
  }

  mutating func compute(_ candidate: Candidate) -> [Action] {
    phase = .computing(candidate)
    return [.computeGradient(step: candidate.step, draw: 0, at: candidate.parameters)]
  }

  /// Without a quorum of the wanted step, looks whether others have left it behind.
  ///
  /// Of the f_ps + 1 servers that are furthest ahead one is honest. If it has reached step s, then a quorum of momentums of
  /// step s - 1 existed, so an honest worker held q_ps models of step s - 1: at least q_ps - f_ps honest servers have
  /// reached it. That is as much as a worker knows that holds a quorum of step s - 1 itself, so it may want that step, and
  /// with R >= 2 its models are still kept, unless some are at s + 1.
  ///
  /// When q_ps servers have reached step s, so have q_ps - f_ps honest ones: again as much as a quorum of step s tells, be
  /// their newest models of several steps. Those that are ahead keep step s, if they are not further ahead than that.
  private mutating func catchUp() -> [Action] {
    let newest = servers.compactMap(inbox.newestStep).sorted(by: >)
    let (byzantine, quorum) = (configuration.quorums.servers.byzantine, configuration.quorums.servers.quorum)
    let reached = max(
      newest.count > byzantine ? newest[byzantine] - 1 : 0, newest.count >= quorum ? newest[quorum - 1] : 0)
    if reached > inbox.wanted {
      inbox.want(reached)
      return collectFromAll(afterPulling: false)
    }
    // Some have gone on before they were asked for this step. They still keep it.
    if newest.count >= quorum && !wait.hasAskedEarly {
      wait.hasAskedEarly = true
      return ask(lacking)
    }
    return []
  }

  /// The servers of which there is no model of the wanted step.
  private var lacking: [NodeID] { servers.filter { !inbox.holds(inbox.wanted, from: $0) } }

  func ask(_ peers: [NodeID]) -> [Action] {
    peers.isEmpty ? [] : [.send(.request(.model, step: inbox.wanted), to: peers)]
  }

  private func askAgain() -> [Action] {
    let again = Action.schedule(wait.askTimer, afterMilliseconds: configuration.patience.askAgainMilliseconds)
    return ask(lacking) + askForNewer() + [again]
  }

  /// Some servers may have jumped over the wanted step for good, or keep it no longer. When one is seen ahead, those whose
  /// models of that step are here already are asked for newer ones than these, so that a quorum of one newer step can come
  /// together: at the end of a run there is nothing else that they would send.
  private func askForNewer() -> [Action] {
    let holders = servers.filter { inbox.holds(inbox.wanted, from: $0) }
    let newest = servers.map { inbox.newestStep(from: $0) ?? 0 }
    guard newest.contains(where: { $0 > inbox.wanted }) else { return [] }
    let next = Dictionary(grouping: holders) { (inbox.newestStep(from: $0) ?? inbox.wanted) + 1 }
    return next.filter { $0.key < configuration.training.steps }.sorted { $0.key < $1.key }
      .map { .send(.request(.model, step: $0.key), to: $0.value) }
  }
}

// MARK: - Sending momentums

extension WorkerMachine {
  /// Sends the momentum of a step whose gradient stands.
  mutating func finish(_ candidate: Candidate, gradient: Vector, loss: Double) -> [Action] {
    let step = candidate.step
    let momentum = estimator.update(gradient: gradient, at: candidate.parameters)
    guard momentum.isFinite else {
      phase = .ended
      return [.diverge(step: step)]
    }
    filters.refer(to: candidate, gradient: gradient, momentum: momentum)
    momentums.keep(momentum, of: step)
    momentums.advance(to: step)
    let report = Report.estimated(
      step: step, loss: loss, contributors: candidate.contributors, source: candidate.source)
    let sent = [Action.send(.vector(.momentum, step: step, momentum), to: servers), .report(report)]
    guard step + 1 < configuration.training.steps else { return sent + linger() }
    return sent + awaitModels(of: step + 1)
  }

  private func serve(_ server: NodeID, momentumOf step: Int) -> [Action] {
    var actions: [Action] = []
    // One that does not exist yet goes to every server as soon as it does.
    if let kept = momentums.vector(of: step) {
      actions.append(.send(.vector(.momentum, step: kept.step, kept.vector), to: [server]))
    }
    if case .lingering = phase { actions.append(.send(.done, to: [server])) }
    return actions
  }
}

// MARK: - The end

extension WorkerMachine {
  private mutating func linger() -> [Action] {
    phase = .lingering
    let timer = Action.schedule(.linger, afterMilliseconds: configuration.patience.lingerMilliseconds)
    return [.send(.done, to: servers), timer] + endIfAlone()
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
