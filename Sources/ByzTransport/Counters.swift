import ByzProtocol

/// How many messages and bytes a node has sent of each kind, and what it has dropped of whom and why.
///
/// Their number is bounded by the kinds, the nodes of the run and the reasons, whatever peers send.
public struct TrafficCounters: Sendable, Equatable {
  public struct Sent: Sendable, Equatable {
    public var messages = 0
    /// Bytes of headers and payloads, without what ZeroMQ and the network add.
    public var bytes = 0
  }

  /// By kind of message.
  public var sent: [String: Sent] = [:]
  /// By peer (`unknown` for who is not a node of the run) and reason.
  public var dropped: [String: [String: Int]] = [:]

  public init() {}

  public mutating func countSent(_ kind: String, bytes: Int) {
    sent[kind, default: Sent()].messages += 1
    sent[kind, default: Sent()].bytes += bytes
  }

  /// Counts a message of `peer`, nil for an unknown one, that was dropped for `reason`.
  public mutating func countDropped(from peer: NodeID?, _ reason: String) {
    dropped[peer?.description ?? "unknown", default: [:]][reason, default: 0] += 1
  }
}

extension Message {
  /// A name to count by, one for each kind of message.
  public var kindName: String {
    switch self {
    case .vector(let kind, _, _): "\(kind)"
    case .request(let kind, _): "\(kind)Request"
    case .done: "done"
    }
  }
}
