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
  ///   - serverQuorum: q_ps; n_ps - f_ps if nil.
  ///   - workerQuorum: q_w; if nil n_w - f_w, and n_w under a trusted server, which waits for all workers.
  public init(
    servers: (count: Int, byzantine: Int), workers: (count: Int, byzantine: Int),
    serverQuorum: Int? = nil, workerQuorum: Int? = nil
  ) {
    let trusted = servers.count == 1 && servers.byzantine == 0
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

  /// Whether `id` names a node of the run.
  public func contains(_ id: NodeID) -> Bool {
    id.index < (id.role == .server ? servers.count : workers.count)
  }

  /// How many *other* servers' models of one step a server needs in order to adopt their median: 2 f_ps + 1, so that the
  /// honest ones are a majority in every coordinate.
  public var adoptionQuorum: Int { 2 * servers.byzantine + 1 }
}

extension Quorums {
  /// Why these numbers cannot run under `rule`: one sentence for each broken inequality, with the numbers; empty if all
  /// hold.
  public func violations(under rule: some AggregationRule) -> [String] {
    let counts = countViolations
    guard counts.isEmpty else { return counts }
    return populationViolations + quorumViolations
      + (rule.violation(inputs: workers.quorum, tolerating: workers.byzantine).map {
        ["with \(workers.quorum) momentums (q_w) of which \(workers.byzantine) may be Byzantine (f_w), \($0)"]
      } ?? [])
  }

  private var countViolations: [String] {
    var found: [String] = []
    for (name, group) in [("servers", servers), ("workers", workers)] {
      if group.count < 1 { found.append("\(name).count must be at least 1, not \(group.count)") }
      if group.byzantine < 0 { found.append("\(name).byzantine must be at least 0, not \(group.byzantine)") }
    }
    return found
  }

  private var populationViolations: [String] {
    var found: [String] = []
    let (n_ps, f_ps, n_w, f_w) = (servers.count, servers.byzantine, workers.count, workers.byzantine)
    if !hasTrustedServer && n_ps < 3 * f_ps + 2 {
      found.append(
        "n_ps >= 3 f_ps + 2 does not hold: \(n_ps) servers of which \(f_ps) may be Byzantine need at least "
          + "\(3 * f_ps + 2) servers")
    }
    if hasTrustedServer {
      if n_w < 2 * f_w + 1 {
        found.append(
          "n_w >= 2 f_w + 1 does not hold: \(n_w) workers of which \(f_w) may be Byzantine need at least "
            + "\(2 * f_w + 1) workers under a trusted server")
      }
    } else if n_w < 3 * f_w + 1 {
      found.append(
        "n_w >= 3 f_w + 1 does not hold: \(n_w) workers of which \(f_w) may be Byzantine need at least "
          + "\(3 * f_w + 1) workers")
    }
    return found
  }

  private var quorumViolations: [String] {
    let (n_ps, f_ps, q_ps) = (servers.count, servers.byzantine, servers.quorum)
    let (n_w, f_w, q_w) = (workers.count, workers.byzantine, workers.quorum)
    let smallestServerQuorum = hasTrustedServer ? 1 : 2 * f_ps + 2
    let largestWorkerQuorum = hasTrustedServer ? n_w : n_w - f_w
    var found: [String] = []
    // With too few nodes no quorum fits at all; the population's own sentence says it better.
    if smallestServerQuorum <= n_ps - f_ps && !(smallestServerQuorum...(n_ps - f_ps)).contains(q_ps) {
      found.append(
        "2 f_ps + 2 <= q_ps <= n_ps - f_ps does not hold: a quorum of \(q_ps) servers must lie between "
          + "\(smallestServerQuorum) and \(n_ps - f_ps)")
    }
    if 2 * f_w + 1 <= largestWorkerQuorum && !((2 * f_w + 1)...largestWorkerQuorum).contains(q_w) {
      let upper = hasTrustedServer ? "n_w" : "n_w - f_w"
      found.append(
        "2 f_w + 1 <= q_w <= \(upper) does not hold: a quorum of \(q_w) workers must lie between \(2 * f_w + 1) and "
          + "\(largestWorkerQuorum)")
    }
    return found
  }

  /// What these numbers and `rule` leave unprotected, a sentence each; such a run is permitted.
  public func warnings(under rule: some AggregationRule) -> [String] {
    var found: [String] = []
    if hasTrustedServer {
      found.append(
        "one server with f_ps = 0 is a trusted server: if it fails or lies, the run is lost"
          + (workers.quorum > workers.count - workers.byzantine
            ? "; it waits for \(workers.quorum) of \(workers.count) workers, so silent ones can stop it" : ""))
    } else if servers.quorum < 3 * servers.byzantine + 1 {
      found.append(
        "q_ps = \(servers.quorum) is below 3 f_ps + 1 = \(3 * servers.byzantine + 1): if Byzantine servers take part until "
          + "honest ones are left behind and then fall silent, the run can stall for good (it stays safe)")
    }
    if rule is Average {
      found.append("aggregation average tolerates nobody: one Byzantine worker decides the outcome")
    }
    return found
  }
}
