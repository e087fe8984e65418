import ByzProtocol
import ByzWire

/// How many messages and bytes a node has sent of each kind, and what it has dropped of whom and why.
///
/// Their number is bounded by the kinds, the nodes of the run and the reasons, whatever peers send.
public struct TrafficCounters: Sendable, Equatable {
  public struct Sent: Sendable, Equatable {
    public var messages = 0
    /// Bytes of headers and payloads, whatever way they go, without what ZeroMQ and the network add.
    public var bytes = 0
  }

  /// By kind of message.
  public var sent: [String: Sent] = [:]
  /// By peer (`unknown` for who is not a node of the run) and reason.
  public var dropped: [String: [String: Int]] = [:]

  public init() {}

  /// Counts a message that goes to one peer.
  public mutating func countSent(_ message: Message) {
    let payload = if case .vector(_, _, let vector) = message { 4 * vector.count } else { 0 }
    let (kind, bytes) = (message.kindName, WireFormat.headerLength + payload)
    let former = sent[kind] ?? Sent()
    sent[kind] = Sent(messages: former.messages + 1, bytes: former.bytes + bytes)
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
    // Written out, since a name is asked for with every message and making one takes longer than all else about it.
    case .vector(.model, _, _): "model"
    case .vector(.momentum, _, _): "momentum"
    case .vector(.gatherModel, _, _): "gatherModel"
    case .request(.model, _): "modelRequest"
    case .request(.momentum, _): "momentumRequest"
    case .request(.gatherModel, _): "gatherModelRequest"
    case .done: "done"
    }
  }
}
