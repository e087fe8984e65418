import ByzProtocol

/// One thing that happened in a simulated run.
public struct Occurrence: Sendable {
  public let time: VirtualTime
  public let node: NodeID
  public let what: What

  public enum What: Sendable {
    case started
    /// The node crashed; it is started again later.
    case stopped
    case received(Message, from: NodeID)
    case computed(step: Int, draw: Int)
    case fired(Timer)
    case reconnected(NodeID)
    /// A faulty node knows what the honest worker `of` has sent.
    case overheard(Message, of: NodeID)
    case sent(Message, to: [NodeID])
    /// What the node sent to `to` was lost: in a cut that loses messages, with a crash, or behind newer messages to a peer
    /// that does not read.
    case lost(Message, to: NodeID)
    case reported(Report)
    case rejected(from: NodeID, Rejection)
    case ended(End)
  }

  /// How a node's part ended.
  public enum End: String, CaseIterable, Sendable {
    case finished, diverged, crashed
    /// The adversary let the faulty nodes fall silent.
    case deserted
  }
}
