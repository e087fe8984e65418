import ByzProtocol

/// Something that must never happen, and did.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
  public let invariant: Invariant
  public let time: VirtualTime
  /// Who broke it; nil where it is about all.
  public let node: NodeID?
  public let sentence: String

  /// What must be true, always. The page `Documentation/simulator.md` says how each of them is checked.
  public enum Invariant: String, CaseIterable, Sendable {
    /// A step rests on a quorum of distinct senders, each of whom has sent such a vector of that step over its own link.
    case quorum
    /// What a gather, an adoption or a worker's median gives lies, in every coordinate, between honest servers' values.
    case range
    /// While Delta holds, no honest node is missed in a synchronous run.
    case synchrony
    /// A node's step never decreases.
    case monotonicity
    /// An honest node never sends two different vectors of one kind and step.
    case consistency
    /// A node that holds a quorum of its step, and whose grace is over, goes on.
    case progress
    /// An honest node does not end before its time, and its state stays finite.
    case survival
    /// Every honest node reaches the last step.
    case liveness
    /// The same seed gives the same run.
    case determinism
  }

  public var description: String {
    let who = node.map { " \($0)" } ?? ""
    return "\(invariant.rawValue), at \(time.seconds) s:\(who) \(sentence)"
  }
}
