import ByzNumerics

/// Pulling one server's model in a synchronous run: ask, hold the model against digests or filters, and go on to the next
/// server if it does not pass; when no server is left, the median of a quorum decides.
///
/// Worker j pulls the model of step t from server (j + t) mod n_ps first. What it gets by itself for its momentum of step
/// t - 1 follows from that (`ProtocolConfiguration.share`).
///
/// Source: El-Mhamdi et al., PODC 2020 (arXiv 1905.03853), the synchronous algorithm; digests are this project's.
extension WorkerMachine {
  mutating func startPull() -> [Action] {
    let pull = PullAttempt(step: inbox.wanted, order: configuration.pullOrder(of: id.index, at: inbox.wanted))
    phase = .pulling(pull)
    // One that has been silent again and again is not waited for.
    return pullAttendance.isLeftOut(pull.server, in: pull.step) ? goOn(.absent) : [timer(of: pull)] + advancePull()
  }

  private func timer(of pull: PullAttempt) -> Action {
    .schedule(pull.timer, afterMilliseconds: grace.pullMilliseconds)
  }

  mutating func pullIsOverdue() -> [Action] {
    guard case .pulling(var pull) = phase else { return [] }
    pull.expire(isModelHere: inbox.holds(pull.step, from: pull.server))
    phase = .pulling(pull)
    return advancePull()
  }

  /// Goes on as far as the models and digests at hand permit.
  mutating func advancePull() -> [Action] {
    guard case .pulling(let pull) = phase else { return [] }
    let newest = inbox.newestStep(from: pull.server) ?? -1
    // Of f_ps + 1 servers one is honest: the others have left this step behind.
    let ahead = servers.count { inbox.newestStep(from: $0) ?? -1 > pull.step }
    if ahead > configuration.quorums.servers.byzantine { return collectFromAll(afterPulling: true) }
    if let model = inbox.vector(of: pull.step, from: pull.server) { return weigh(model) }
    return pull.isOverdue || newest > pull.step ? goOn(.absent) : []
  }

  /// What to do with a model that has come.
  private mutating func weigh(_ model: Vector) -> [Action] {
    guard case .pulling(var pull) = phase else { return [] }
    if configuration.training.mode.pull?.isCertified == true {
      let verdict = pull.agreement(on: model, digests, in: configuration)
      phase = .pulling(pull)
      switch verdict {
      case .agreed: return accept(model, of: pull, as: .certified)
      case .otherwise: return goOn(.digest)
      case .open where !pull.areDigestsOverdue: return []
      case .open, .none: break
      }
    }
    // The reference is not what one server says.
    if configuration.isReference(pull.step) { return collectFromAll(afterPulling: true) }
    if let known = pull.recall(model) {
      phase = .pulling(pull)
      return reconsider(known, of: pull)
    }
    if let refusal = filters.refusal(ofModel: model, at: pull.step) {
      pull.reject(model, refusal, gradient: nil)
      phase = .pulling(pull)
      return goOn(refusal)
    }
    return accept(model, of: pull, as: .filtered)
  }

  /// What to do with a model that was turned away and that another server has sent now: what f_ps + 1 have sent is an honest
  /// server's, whatever the filters think of it.
  private mutating func reconsider(_ known: PullAttempt.Rejected, of pull: PullAttempt) -> [Action] {
    guard known.holders.count > configuration.quorums.servers.byzantine else { return goOn(known.refusal, isNew: false) }
    guard let gradient = known.gradient else { return accept(known.model, of: pull, as: .certified) }
    pullAttendance.close(pull.server, wasPresent: true)
    let candidate = Candidate(
      step: pull.step, parameters: known.model, contributors: known.holders.sorted(), source: .certified, pull: pull)
    return finish(candidate, gradient: gradient.vector, loss: gradient.loss)
  }

  private mutating func accept(_ model: Vector, of pull: PullAttempt, as source: ModelSource) -> [Action] {
    pullAttendance.close(pull.server, wasPresent: true)
    // What the filters let pass so far may still be turned away for its gradient.
    if source == .certified { inbox.want(pull.step + 1) }
    return compute(
      Candidate(step: pull.step, parameters: model, contributors: [pull.server], source: source, pull: pull))
  }

  /// Turns to the next server: to one of those that agree on a digest, if enough do.
  ///
  /// - Parameter isNew: whether the filters have not heard of this refusal.
  private mutating func goOn(_ refusal: ModelRefusal, isNew: Bool = true) -> [Action] {
    guard case .pulling(var pull) = phase else { return [] }
    let refused = pull.server
    pullAttendance.close(refused, wasPresent: refusal != .absent)
    if isNew { filters.observe(refusal) }
    let report = Action.report(.refused(step: pull.step, server: refused, refusal))
    let isLeft = pull.turnToNext(preferring: pull.certifiedHolders(digests, in: configuration))
    phase = .pulling(pull)
    guard isLeft else { return [report] + collectFromAll(afterPulling: true) }
    let isHere = inbox.holds(pull.step, from: pull.server)
    return [report] + (isHere ? [] : ask([pull.server])) + [timer(of: pull)] + advancePull()
  }

  /// Decides about a candidate whose gradient is there.
  mutating func judge(_ candidate: Candidate, gradient: Vector, loss: Double) -> [Action] {
    guard candidate.source == .filtered, let pull = candidate.pull else {
      if candidate.source == .certified { filters.observe(candidate, gradient: gradient) }
      return finish(candidate, gradient: gradient, loss: loss)
    }
    if let parameters = filters.toCompare(at: candidate.step) {
      phase = .comparing(candidate, gradient: gradient, loss: loss)
      return [.computeGradient(step: candidate.step, draw: 0, at: parameters)]
    }
    guard let refusal = filters.refusal(ofGradient: gradient, at: candidate.step) else {
      return finish(candidate, gradient: gradient, loss: loss)
    }
    var rejecting = pull
    rejecting.reject(candidate.parameters, refusal, gradient: (gradient, loss))
    phase = .pulling(rejecting)
    return goOn(refusal)
  }
}
