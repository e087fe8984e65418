import ByzAggregation
import ByzNumerics

/// A worker's part in asynchronous ByzSGD: take the coordinate-wise median of a quorum of models of one step, estimate the
/// gradient there, send the momentum to all servers.
///
/// Source: El-Mhamdi et al., PODC 2020 (arXiv 1905.03853), section 3.2, Scatter; momentum at the worker after El-Mhamdi et
/// al., ICLR 2021.
public struct WorkerMachine: Machine {
  private enum Phase {
    /// Waits for models of `inbox.wanted` or, if it is behind, of a newer step.
    case collecting
    /// The gradient at the median of the contributors' models is being computed.
    case computing(step: Int, parameters: Vector, contributors: [NodeID])
    /// The last momentum is sent; servers may still ask for it.
    case lingering
    case ended
  }

  public let id: NodeID
  private let configuration: ProtocolConfiguration
  private let servers: [NodeID]
  private var phase = Phase.collecting
  /// The servers' models. Its wanted step is the one in collection, or the one after that in computation.
  private var inbox: Inbox
  private var wait: QuorumWait
  private var attendance: Attendance
  private var estimator: MomentumEstimator
  private var momentums: Retention
  /// The servers that have not said that they reached the last step.
  private var unfinished: Set<NodeID>

  public init(_ index: Int, _ configuration: ProtocolConfiguration) {
    id = .worker(index)
    self.configuration = configuration
    servers = configuration.quorums.serverIDs
    inbox = Inbox(of: .model, wanting: 0, in: configuration)
    wait = QuorumWait(.model, step: 0, in: configuration)
    attendance = Attendance(of: servers)
    estimator = MomentumEstimator(configuration.training)
    momentums = Retention(steps: configuration.patience.retainedSteps)
    unfinished = Set(servers)
  }

  public mutating func handle(_ event: Event) -> [Action] {
    switch (phase, event) {
    case (.ended, _):
      return []
    case (.collecting, .start):
      return awaitModels(of: 0) + ask(servers)
    case (_, .received(let message, let sender)):
      if let rejection = configuration.rejection(of: message, from: sender, to: id) {
        return [.reject(from: sender, rejection)]
      }
      return receive(message, from: sender)
    case (
      .computing(let step, let parameters, let contributors), .gradient(let estimated, draw: 0, let gradient, let loss)
    ) where estimated == step:
      let report = Report.estimated(step: step, loss: loss, contributors: contributors)
      return send(estimator.update(gradient: gradient, at: parameters), of: step, report)
    case (.collecting, .timer(.grace)):
      if case .timer(let timer) = event { wait.end(timer) }
      return collect()
    case (.collecting, .timer(wait.askTimer)):
      return askAgain()
    case (.lingering, .timer(.linger)):
      return end()
    case (.collecting, .reconnected(let peer)):
      return lacking.contains(peer) ? ask([peer]) : []
    case (.lingering, .reconnected(let peer)):
      return [.send(.done, to: [peer])]
    // A gradient that nobody asked for, a timer whose wait is over, a link that is back while nothing is lacking, and what
    // only faulty nodes hear.
    case (_, .gradient), (_, .timer), (.computing, .reconnected), (_, .start), (_, .overheard):
      return []
    }
  }

  private mutating func receive(_ message: Message, from sender: NodeID) -> [Action] {
    switch message {
    case .vector(_, let step, let model):
      if let rejection = inbox.rejection(of: step, from: sender) ?? (model.isFinite ? nil : .nonFinite) {
        return [.reject(from: sender, rejection)]
      }
      inbox.insert(model, step: step, from: sender)
      return collect()
    case .request(_, let step):
      return serve(sender, momentumOf: step)
    case .done:
      unfinished.remove(sender)
      return endIfAlone()
    }
  }
}

// MARK: - Collecting models

extension WorkerMachine {
  private mutating func awaitModels(of step: Int) -> [Action] {
    phase = .collecting
    inbox.want(step)
    wait = QuorumWait(.model, step: step, in: configuration)
    return [.schedule(wait.askTimer, afterMilliseconds: configuration.patience.askAgainMilliseconds)]
  }

  /// Goes on as far as the models at hand permit.
  private mutating func collect() -> [Action] {
    guard case .collecting = phase else { return [] }
    let quorum = configuration.quorums.servers.quorum
    if let step = inbox.newestStep(heldFrom: quorum), step > inbox.wanted {
      // Behind: whoever waits for the rest of a step that others have left only falls further behind.
      return estimate(at: step)
    }
    let present = inbox.vectors(of: inbox.wanted).map(\.sender)
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
    attendance.close(present: contributors)
    inbox.want(step + 1)
    phase = .computing(step: step, parameters: parameters, contributors: contributors)
    return [.computeGradient(step: step, draw: 0, at: parameters)]
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
    if reached > inbox.wanted { return awaitModels(of: reached) + ask(lacking) + collect() }
    // Some have gone on before they were asked for this step. They still keep it.
    if newest.count >= quorum && !wait.hasAskedEarly {
      wait.hasAskedEarly = true
      return ask(lacking)
    }
    return []
  }

  /// The servers of which there is no model of the wanted step.
  private var lacking: [NodeID] { servers.filter { !inbox.holds(inbox.wanted, from: $0) } }

  private func ask(_ peers: [NodeID]) -> [Action] {
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
  private mutating func send(_ momentum: Vector, of step: Int, _ report: Report) -> [Action] {
    guard momentum.isFinite else {
      phase = .ended
      return [.diverge(step: step)]
    }
    momentums.keep(momentum, of: step)
    momentums.advance(to: step)
    let sent = [Action.send(.vector(.momentum, step: step, momentum), to: servers), .report(report)]
    guard step + 1 < configuration.training.steps else { return sent + linger() }
    return sent + awaitModels(of: step + 1) + collect()
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
