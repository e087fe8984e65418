import ByzAggregation

/// How many nodes of one role there are, how many of them may be Byzantine, and how many vectors of them one waits for.
public struct Group: Hashable, Sendable {
  /// n: all nodes of the role.
  public let count: Int
  /// f: how many of them may be Byzantine, as declared; nobody knows which.
  public let byzantine: Int
  /// q: of how many distinct nodes one waits for a vector of one step.
  public let quorum: Int

  /// A group whose quorum is n - f, the most that can be waited for without giving Byzantine nodes a veto, unless given.
  public init(count: Int, byzantine: Int, quorum: Int? = nil) {
    self.count = count
    self.byzantine = byzantine
    self.quorum = quorum ?? count - byzantine
  }
}

/// The quorum arithmetic of a run: its servers, its workers, and what the numbers permit.
///
/// Source: El-Mhamdi et al., "Genuinely Distributed Byzantine Machine Learning" (PODC 2020, arXiv 1905.03853), section 3,
/// for the asynchronous bounds; RESAM (ICML 2022, arXiv 2205.12173) for a single trusted server.
public struct Quorums: Hashable, Sendable {
  public let servers: Group
  public let workers: Group

  public init(servers: Group, workers: Group) {
    self.servers = servers
    self.workers = workers
  }

  /// The quorums for given counts and bounds.
  ///
  /// - Parameters:
  ///   - servers: n_ps, and f_ps of them that may be Byzantine.
  ///   - workers: n_w, and f_w of them that may be Byzantine.
  ///   - serverQuorum: q_ps; n_ps - f_ps if nil.
  ///   - workerQuorum: q_w; if nil n_w - f_w, and n_w under a trusted server of an asynchronous run, which waits for all
  ///     workers.
  ///   - mode: whether the run is synchronous.
  public init(
    servers: (count: Int, byzantine: Int), workers: (count: Int, byzantine: Int),
    serverQuorum: Int? = nil, workerQuorum: Int? = nil, in mode: TrainingMode = .asynchronous
  ) {
    let trusted = servers.count == 1 && servers.byzantine == 0 && !mode.isSynchronous
    self.init(
      servers: Group(count: servers.count, byzantine: servers.byzantine, quorum: serverQuorum),
      workers: Group(
        count: workers.count, byzantine: workers.byzantine, quorum: workerQuorum ?? (trusted ? workers.count : nil)))
  }

  /// Whether the run rests on one server that is trusted, as in the RESAM and momentum papers.
  public var hasTrustedServer: Bool { servers.count == 1 && servers.byzantine == 0 }

  /// All servers, in order.
  public var serverIDs: [NodeID] { (0..<servers.count).map(NodeID.server) }

  /// All workers, in order.
  public var workerIDs: [NodeID] { (0..<workers.count).map(NodeID.worker) }

  /// All nodes, servers first, in order.
  public var nodeIDs: [NodeID] { serverIDs + workerIDs }

  /// How many *other* servers' models of one step a server needs in order to adopt their median, so that the honest ones are a
  /// majority in every coordinate: 2 f_ps + 1.
  ///
  /// With n_ps <= 3 f_ps, which a synchronous run permits, there may not be so many. There, one that has been without its quorum
  /// for longer than Delta takes itself for one of the f_ps, and n_ps - f_ps others do: one of them is honest, so that it is
  /// behind indeed, and of the others at most f_ps - 1 are not.
  public var adoptionQuorum: Int {
    hasServerMajority ? 2 * servers.byzantine + 1 : max(servers.count - servers.byzantine, 2 * servers.byzantine - 1)
  }

  /// Whether a server that was left behind, and so is one of the f_ps, can rejoin with the others' help: n_ps >= 3 f_ps - 1.
  public var canRejoin: Bool { adoptionQuorum <= servers.count - servers.byzantine }

  /// Whether n_ps > 3 f_ps: what a quorum of servers says holds whatever the delays.
  public var hasServerMajority: Bool { servers.count > 3 * servers.byzantine }

  /// Whether `id` names a node of the run.
  public func contains(_ id: NodeID) -> Bool {
    id.index < (id.role == .server ? servers.count : workers.count)
  }
}

extension Quorums {
  /// Why some numbers cannot run: an inequality that does not hold.
  public struct Violation: Hashable, Sendable {
    /// Which number is to blame.
    public enum Subject: Hashable, Sendable {
      case servers, workers, serverQuorum, workerQuorum
      /// The rule, which needs more than the quorums give.
      case rule
    }

    public let subject: Subject
    /// The inequality, the numbers, and what would be right.
    public let sentence: String
  }

  /// Why these numbers cannot run under `rule` in `mode`; empty if all inequalities hold.
  public func violations(under rule: some AggregationRule, in mode: TrainingMode) -> [Violation] {
    let counts = countViolations
    guard counts.isEmpty else { return counts }
    let found = populationViolations(in: mode) + quorumViolations(in: mode)
    let isAboutWorkers = found.contains { $0.subject == .workers || $0.subject == .workerQuorum }
    // When the workers or their quorum are too few, what the rule lacks follows from that.
    if isAboutWorkers { return found }
    // A rule promises something for a range of numbers, and all between a quorum and all workers may come.
    for (count, name) in [(workers.quorum, "q_w"), (workers.count, "n_w")] {
      let tolerance = tolerance(of: count)
      guard let lacking = rule.violation(inputs: count, tolerating: tolerance) else { continue }
      let bound = tolerance == workers.byzantine ? "f_w" : "f_w less those that are missing"
      let given = "with \(count) momentums (\(name)) of which \(tolerance) may be Byzantine (\(bound)), "
      return found + [Violation(subject: .rule, sentence: given + lacking)]
    }
    return found
  }

  /// How many of `count` momentums a server takes for Byzantine ones.
  ///
  /// f_w, as long as there are 2 f_w + 1: then nothing rests on what did not come. With fewer, which only a synchronous run
  /// goes on with, each worker that is missing is one of the f_w, and f_w - k are left among n_w - k.
  public func tolerance(of count: Int) -> Int {
    count > 2 * workers.byzantine ? workers.byzantine : max(0, workers.byzantine - (workers.count - count))
  }

  private var countViolations: [Violation] {
    [(Violation.Subject.servers, "servers", servers), (.workers, "workers", workers)].flatMap { subject, name, group in
      [("count", group.count, 1), ("byzantine", group.byzantine, 0)].filter { $0.1 < $0.2 }.map {
        Violation(subject: subject, sentence: "\(name).\($0.0) must be at least \($0.2), not \($0.1)")
      }
    }
  }

  private func populationViolations(in mode: TrainingMode) -> [Violation] {
    let (n_ps, f_ps, n_w, f_w) = (servers.count, servers.byzantine, workers.count, workers.byzantine)
    func violation(_ subject: Violation.Subject, _ inequality: String, _ count: Int, _ byzantine: Int, needed: Int)
      -> [Violation]
    {
      guard count < needed else { return [] }
      let sentence =
        "\(inequality) does not hold: \(count) \(subject) of which \(byzantine) may be Byzantine need at least "
        + "\(needed) \(subject)"
      let condition =
        mode.isSynchronous ? " in a synchronous run" : hasTrustedServer ? " under a trusted server" : ""
      return [Violation(subject: subject, sentence: sentence + condition)]
    }
    if mode.isSynchronous {
      return violation(.servers, "n_ps >= 2 f_ps + 1", n_ps, f_ps, needed: 2 * f_ps + 1)
        + violation(.workers, "n_w >= 2 f_w + 1", n_w, f_w, needed: 2 * f_w + 1)
    }
    if hasTrustedServer { return violation(.workers, "n_w >= 2 f_w + 1", n_w, f_w, needed: 2 * f_w + 1) }
    return violation(.servers, "n_ps >= 3 f_ps + 2", n_ps, f_ps, needed: 3 * f_ps + 2)
      + violation(.workers, "n_w >= 3 f_w + 1", n_w, f_w, needed: 3 * f_w + 1)
  }

  private func quorumViolations(in mode: TrainingMode) -> [Violation] {
    if mode.isSynchronous { return synchronousQuorumViolations }
    func violation(
      _ subject: Violation.Subject, _ inequality: String, _ quorum: Int, of name: String, from low: Int, to high: Int
    ) -> [Violation] {
      // With too few nodes no quorum fits at all; the population's own sentence says it better.
      guard low <= high, !(low...high).contains(quorum) else { return [] }
      let sentence =
        "\(inequality) does not hold: a quorum of \(quorum) \(name) must lie between \(low) and \(high)"
      return [Violation(subject: subject, sentence: sentence)]
    }
    return violation(
      .serverQuorum, "2 f_ps + 2 <= q_ps <= n_ps - f_ps", servers.quorum, of: "servers",
      from: hasTrustedServer ? 1 : 2 * servers.byzantine + 2, to: servers.count - servers.byzantine)
      + violation(
        .workerQuorum, "2 f_w + 1 <= q_w <= \(hasTrustedServer ? "n_w" : "n_w - f_w")", workers.quorum, of: "workers",
        from: 2 * workers.byzantine + 1, to: workers.count - (hasTrustedServer ? 0 : workers.byzantine))
  }

  /// A synchronous run waits for all, and goes on with n - f after Delta: other quorums have no meaning.
  private var synchronousQuorumViolations: [Violation] {
    [
      (Violation.Subject.serverQuorum, "q_ps = n_ps - f_ps", servers),
      (.workerQuorum, "q_w = n_w - f_w", workers),
    ].compactMap { subject, equation, group in
      guard group.quorum != group.count - group.byzantine, group.count > 2 * group.byzantine else { return nil }
      return Violation(
        subject: subject,
        sentence:
          "\(equation) = \(group.count - group.byzantine) does not hold: in a synchronous run one goes on with so "
          + "many after Delta, and with more at once; leave it out")
    }
  }

  /// Why nothing is proven of `rule` for these workers; nil if something is.
  private func unprovenRemark(_ rule: some AggregationRule) -> String? {
    guard rule.violation(inputs: workers.quorum, tolerating: workers.byzantine) == nil else { return nil }
    let proven = rule.guarantee(inputs: workers.quorum, tolerating: workers.byzantine, dimension: 1)
    return proven.lambda == nil ? proven.remark : nil
  }

  /// What these numbers and `rule` leave unprotected in `mode`, a sentence each; such a run is permitted.
  public func warnings(under rule: some AggregationRule, in mode: TrainingMode, delay: DelayBound) -> [String] {
    var found: [String] = []
    if hasTrustedServer {
      found.append(
        "one server with f_ps = 0 is a trusted server: if it fails or lies, the run is lost"
          + (workers.quorum > workers.count - workers.byzantine
            ? "; it waits for \(workers.quorum) of \(workers.count) workers, so silent ones can stop it" : ""))
    } else if servers.quorum < 3 * servers.byzantine + 1 {
      found.append(
        "q_ps = \(servers.quorum) is below 3 f_ps + 1 = \(3 * servers.byzantine + 1): if Byzantine servers take part until "
          + "honest ones are left behind\(mode.isSynchronous ? ", later than Delta," : "") and then fall silent, the run can "
          + "stall for good\(servers.count > 3 * servers.byzantine ? " (it stays safe)" : "")")
    }
    if mode.isSynchronous { found += synchronyWarnings(delay) }
    if rule is Average {
      found.append("aggregation average tolerates nobody: one Byzantine worker decides the outcome")
    } else if let remark = unprovenRemark(rule) {
      found.append("nothing is proven of aggregation \(rule.specification): \(remark)")
    }
    return found
  }

  /// What rests on Delta.
  private func synchronyWarnings(_ delay: DelayBound) -> [String] {
    let bound =
      delay.isMeasured
      ? "Delta, measured from \(delay.floorMilliseconds) to \(delay.milliseconds) ms (quorum.delta_floor_ms and delta_ms)"
      : "Delta = \(delay.milliseconds) ms (quorum.delta_ms)"
    var found: [String] = []
    if workers.count < 3 * workers.byzantine + 1 {
      found.append(
        "n_w = \(workers.count) is below 3 f_w + 1 = \(3 * workers.byzantine + 1): safety rests on \(bound): who is later "
          + "counts as Byzantine, and if it is an honest worker, Byzantine ones can decide what servers aggregate")
    }
    if servers.count < 3 * servers.byzantine + 1 {
      found.append(
        "n_ps = \(servers.count) is below 3 f_ps + 1 = \(3 * servers.byzantine + 1): safety rests on \(bound): who is "
          + "later counts as Byzantine, and if it is an honest server, Byzantine ones can decide what a gather gives"
          + (canRejoin ? "" : "; and a server that was left behind cannot rejoin while the f_ps are silent"))
    }
    return found
  }
}
