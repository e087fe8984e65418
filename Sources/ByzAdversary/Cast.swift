import ByzProtocol

/// Who plays what in a run, and how those who collude learn what honest nodes send.
///
/// Faulty nodes that stay honest in what they say, such as slow ones, take no part in that; the others are accomplices.
public struct Cast: Sendable {
  /// How accomplices learn of honest workers' momentums before they speak.
  public enum Channel: Sendable {
    /// They do not; they estimate them.
    case none
    /// From the accomplices among the servers, who tell them what they get.
    case bus
    /// As soon as one is sent, and what they send themselves arrives before it: the adversary of a simulator, which knows
    /// everything and rushes.
    case omniscience
  }

  /// Who is faulty, and how.
  public let faults: [NodeID: FaultSpecification]
  /// How those who listen learn of honest momentums; without any, it does not matter.
  public let channel: Channel

  /// The cast of a run; by default nobody is faulty.
  public init(_ faults: [NodeID: FaultSpecification] = [:], channel: Channel = .none) {
    self.faults = faults
    self.channel = channel
  }

  /// Whether `node` colludes.
  public func isAccomplice(_ node: NodeID) -> Bool {
    descriptions(of: node).contains { $0.colludes }
  }

  /// Whether `node` uses what it can learn of honest momentums.
  public func listens(_ node: NodeID) -> Bool {
    node.role == .worker && descriptions(of: node).contains { $0.listens }
  }

  /// The servers that have something to tell, in order; none if nobody listens.
  public var tellers: [NodeID] {
    guard faults.keys.contains(where: listens) else { return [] }
    return faults.keys.filter { $0.role == .server && isAccomplice($0) }.sorted()
  }

  private func descriptions(of node: NodeID) -> [FaultDescription] {
    faults[node]?.parts.compactMap { FaultCatalogue.named($0.name) } ?? []
  }
}

extension Cast {
  /// How many honest momentums of a step an accomplice waits for before it speaks; nil if it learns of none.
  ///
  /// As many as complete a quorum together with those of its accomplices, so that it comes before any server can do
  /// without them. Whoever rushes comes before the last one anyway, and waits for all that a server can wait for.
  func enough(in quorums: Quorums) -> Int? {
    let honest = quorums.workerIDs.count { faults[$0] == nil }
    let quorum = quorums.workers.quorum
    guard honest > 0 else { return nil }
    switch channel {
    case .none: return nil
    case .bus: return min(max(quorum - accomplices(in: quorums), 1), honest)
    case .omniscience: return min(quorum, honest)
    }
  }

  /// How many workers collude.
  func accomplices(in quorums: Quorums) -> Int { quorums.workerIDs.count(where: isAccomplice) }

  /// The honest worker of the lowest index.
  func firstHonestWorker(in quorums: Quorums) -> NodeID? { quorums.workerIDs.first { faults[$0] == nil } }
}

/// Has a server tell its accomplices what honest workers send it.
struct Telling: Fault {
  let cast: Cast

  mutating func intercept(_ event: Event) -> Interception {
    guard case .received(let message, let sender) = event, case .vector(.momentum, _, _) = message,
      cast.faults[sender] == nil
    else { return Interception(heard: [event]) }
    return Interception(heard: [event], actions: [.confide(message, of: sender)])
  }
}
