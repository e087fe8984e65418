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
    var pull = PullAttempt(
      step: inbox.wanted, order: configuration.pullOrder(of: id.index, at: inbox.wanted),
      waitingInParts: grace.pullParts)
    let isLeftOut = leftOut(in: pull.step).contains(pull.server)
    if isLeftOut { pull.giveUp() }
    phase = .pulling(pull)
    return isLeftOut ? goOn(.absent) : [pull.startPart] + advancePull()
  }

  /// The servers that have been silent again and again, and are not waited for at `step`.
  private func leftOut(in step: Int) -> Set<NodeID> {
    Set(servers.filter { pullAttendance.isLeftOut($0, in: step) })
  }

  /// A part of the time has passed.
  mutating func passPartOfPull() -> [Action] {
    guard case .pulling(var pull) = phase else { return [] }
    if pull.passPart() {
      phase = .pulling(pull)
      return [pull.startPart]
    }
    pull.expire(isModelHere: inbox.holds(pull.step, from: pull.server))
    phase = .pulling(pull)
    return advancePull()
  }

  /// Goes on as far as the models and digests at hand permit.
  mutating func advancePull() -> [Action] {
    guard case .pulling(var pull) = phase else { return [] }
    // Of f_ps + 1 servers one is honest: the others have left this step behind.
    let ahead = servers.count { inbox.newestStep(from: $0) ?? -1 > pull.step }
    if ahead > configuration.quorums.servers.byzantine { return collectFromAll(afterPulling: true) }
    if let model = inbox.vector(of: pull.step, from: pull.server) {
      if pull.hasJustCome() { grace.pulled(after: pull.passed) }
      // The model exists: those that have had their time are late indeed.
      let overdue = pull.takeOverdue()
      phase = .pulling(pull)
      let areNewAbsentees = !absentees.isSuperset(of: overdue)
      for server in overdue { missed(server) }
      // Perhaps more are missing than may be Byzantine.
      return areNewAbsentees ? collectFromAll(afterPulling: true) : weigh(model)
    }
    if pull.turnBack(toOneOf: Set(servers.filter { inbox.holds(inbox.wanted, from: $0) })) {
      phase = .pulling(pull)
      return [pull.startPart] + advancePull()
    }
    if inbox.newestStep(from: pull.server) ?? -1 > pull.step { return goOn(.absent) }
    guard pull.isOverdue else { return [] }
    // It needs a part more than there were.
    grace.pulled(after: pull.passed)
    pull.giveUp()
    phase = .pulling(pull)
    return goOn(.absent)
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
    guard known.holders.count > configuration.quorums.servers.byzantine else {
      return goOn(known.refusal, isNew: false)
    }
    guard let gradient = known.gradient else { return accept(known.model, of: pull, as: .certified) }
    heard(from: pull.server)
    let candidate = Candidate(
      step: pull.step, parameters: known.model, contributors: known.holders.sorted(), source: .certified, pull: pull)
    return finish(candidate, gradient: gradient.vector, loss: gradient.loss)
  }

  private mutating func accept(_ model: Vector, of pull: PullAttempt, as source: ModelSource) -> [Action] {
    heard(from: pull.server)
    // What the filters let pass so far may still be turned away for its gradient.
    if source == .certified { inbox.want(pull.step + 1) }
    return compute(
      Candidate(step: pull.step, parameters: model, contributors: [pull.server], source: source, pull: pull))
  }

  mutating func heard(from server: NodeID) {
    pullAttendance.close(server, wasPresent: true)
    absentees.remove(server)
  }

  mutating func missed(_ server: NodeID) {
    pullAttendance.close(server, wasPresent: false)
    absentees.insert(server)
  }

  /// Turns to the next server: to one of those that agree on a digest, if enough do.
  ///
  /// - Parameter isNew: whether the filters have not heard of this refusal.
  private mutating func goOn(_ refusal: ModelRefusal, isNew: Bool = true) -> [Action] {
    guard case .pulling(var pull) = phase else { return [] }
    let refused = pull.server
    if isNew { filters.observe(refusal) }
    if refusal != .absent { heard(from: refused) }
    let report = Action.report(.refused(step: pull.step, server: refused, refusal))
    let isLeft = pull.turnToNext(
      preferring: pull.certifiedHolders(digests, in: configuration), leavingOut: leftOut(in: pull.step))
    phase = .pulling(pull)
    guard isLeft else { return [report] + collectFromAll(afterPulling: true) }
    let isHere = inbox.holds(pull.step, from: pull.server)
    return [report] + (isHere ? [] : ask([pull.server])) + [pull.startPart] + advancePull()
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
