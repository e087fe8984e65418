import ByzAggregation
import ByzNumerics

/// Rejoining: how a server goes on that cannot finish its step by itself, because it was slow, cut off or started anew, or
/// because a worker has jumped over the step and its momentum will never exist.
///
/// It asks the other servers for all that they keep, and adopts the coordinate-wise median of at least 2 f_ps + 1 of their
/// models of one same later step: with so many the honest ones are a majority, so that every coordinate lies between honest
/// values. It then serves such medians for every step and kind that others may still wait for. With q_ps >= 3 f_ps + 1 this
/// is always possible: an honest worker that is past a step has seen q_ps models of it, at least 2 f_ps + 1 of them honest.
extension ServerMachine {
  func askForHistory() -> [Action] {
    let first = firstUnserved ?? step + 1
    return others.isEmpty || first >= configuration.training.steps
      ? [] : [.send(.request(.model, step: first), to: others)]
  }

  /// The oldest of the last R steps that others may wait for and this server, having jumped over it, cannot serve yet.
  private var firstUnserved: Int? {
    (max(0, oldestKept)...step).first { sentModels[$0] == nil || ($0 < step && isMissing(gatherModelOf: $0)) }
  }

  /// Gives a server that has been left behind all that is kept of `first` and newer steps, and of the gather that leads to
  /// `first`, which it is about to jump over.
  func serve(_ server: NodeID, historyFrom first: Int) -> [Action] {
    // The newest first: with that it can go on, with the others it can serve.
    let models = sentModels.vectors(from: first).map { Message.vector(.model, step: $0.step, $0.vector) }
    let gatherModels = sentGatherModels.vectors(from: first - 1).map {
      Message.vector(.gatherModel, step: $0.step, $0.vector)
    }
    return (models + gatherModels).map { .send($0, to: [server]) } + farewell(to: server)
  }

  mutating func receive(model: Vector, of step: Int, from sender: NodeID) -> [Action] {
    guard step >= oldestKept, sentModels[step] == nil else { return [.reject(from: sender, .late)] }
    if let rejection = peerModels.rejection(of: step, from: sender) ?? (model.isFinite ? nil : .nonFinite) {
      return [.reject(from: sender, rejection)]
    }
    peerModels.insert(model, step: step, from: sender)
    return adopt()
  }

  /// Whether this server jumped over the gather of `step`, and others may still wait for its part in it.
  func isMissing(gatherModelOf step: Int) -> Bool {
    step >= oldestKept && configuration.gathers(after: step) && sentGatherModels[step] == nil
  }

  mutating func receive(missedGatherModel model: Vector, of step: Int, from sender: NodeID) -> [Action] {
    if let rejection = peerGatherModels.rejection(of: step, from: sender) ?? (model.isFinite ? nil : .nonFinite) {
      return [.reject(from: sender, rejection)]
    }
    peerGatherModels.insert(model, step: step, from: sender)
    serveMedians()
    return []
  }

  /// Adopts the newest model that enough others have, if it is newer than this server's own.
  mutating func adopt() -> [Action] {
    let quorum = configuration.adoptionQuorum
    guard let newest = peerModels.steps(heldFrom: quorum).first, newest > step + configuration.toleratedLag, isWaiting,
      mayAdopt
    else {
      serveMedians()
      return []
    }
    let models = peerModels.vectors(of: newest)
    let median = coordinatewiseMedian(of: models.map(\.vector))
    let report = Report.adopted(step: newest, parameters: median, contributors: models.map(\.sender))
    keepGatherModels(before: newest)
    let actions = move(to: newest, with: median)
    serveMedians()
    return [.report(report)] + actions
  }

  /// Keeps what the others have sent for a gather that this server is about to jump over.
  private mutating func keepGatherModels(before step: Int) {
    for (sender, gatherStep, model) in gatherModels.entries(before: step)
    where sentGatherModels[gatherStep] == nil && peerGatherModels.rejection(of: gatherStep, from: sender) == nil {
      peerGatherModels.insert(model, step: gatherStep, from: sender)
    }
  }

  /// Keeps, for those who wait for it at a step that this server jumped over, what it would have adopted there.
  private mutating func serveMedians() {
    guard configuration.plantedBug != .unservedRejoin else { return }
    let quorum = configuration.adoptionQuorum
    for step in peerModels.steps(heldFrom: quorum) where step <= self.step && sentModels[step] == nil {
      sentModels.keep(coordinatewiseMedian(of: peerModels.vectors(of: step).map(\.vector)), of: step)
    }
    for step in peerGatherModels.steps(heldFrom: quorum) where sentGatherModels[step] == nil {
      sentGatherModels.keep(coordinatewiseMedian(of: peerGatherModels.vectors(of: step).map(\.vector)), of: step)
    }
  }

  /// Takes part in the next gather with the median of what the others have sent for it, if this server cannot get there by
  /// itself; they may be waiting for its part.
  mutating func adoptGatherModel() -> [Action]? {
    guard configuration.plantedBug != .unservedRejoin else { return nil }
    let momentumCount = momentums.vectors(of: step).count
    guard case .collecting = phase, momentumCount < configuration.quorums.workers.quorum else { return nil }
    let gatherStep = gatherModels.wanted
    let models = gatherModels.vectors(of: gatherStep)
    guard mayAdopt, models.count >= configuration.adoptionQuorum, gatherStep >= step + configuration.toleratedLag else {
      return nil
    }
    step = gatherStep
    aggregated = nil
    momentums.want(gatherStep)
    return gather(coordinatewiseMedian(of: models.map(\.vector)))
  }

  /// Whether this server may go by what others say: in a synchronous run when it has been without its quorum for Delta, which
  /// shows that it is one of those that are not in time.
  private var mayAdopt: Bool {
    if !configuration.training.mode.isSynchronous { return true }
    let isLacking =
      switch phase {
      case .collecting: momentums.vectors(of: step).count < configuration.quorums.workers.quorum
      case .gathering: gatherModels.vectors(of: step).count + 1 < configuration.quorums.servers.quorum
      case .lingering, .ended: false
      }
    let patience = configuration.patience
    return isLacking && wait.timesAsked * patience.askAgainMilliseconds >= patience.delay.milliseconds
      && wait.timesAsked > 0
  }

  private var isWaiting: Bool {
    switch phase {
    case .collecting, .gathering: true
    case .lingering, .ended: false
    }
  }
}
