import ByzProtocol
import ByzWire

/// How many messages and bytes a node has sent of each kind, and what it has dropped of whom and why.
///
/// Their number is bounded by the kinds, the nodes of the run, some addresses and the reasons, whatever peers send.
public struct TrafficCounters: Sendable, Equatable {
  public struct Sent: Sendable, Equatable {
    public var messages = 0
    /// Bytes of headers and payloads, whatever way they go, without what ZeroMQ and the network add.
    public var bytes = 0
  }

  /// By kind of message.
  public var sent: [String: Sent] = [:]
  /// By peer and reason. Who is not known to be a node of the run is counted by address where there is one, else, and if
  /// there are many, as `unknown`.
  public var dropped: [String: [String: Int]] = [:]

  /// The addresses of strangers that are counted by themselves.
  private var addresses: Set<String> = []
  private static let mostAddresses = 32

  public init() {}

  /// Counts a message that goes to one peer.
  public mutating func countSent(_ message: Message) {
    let payload =
      switch message {
      case .vector(_, _, let vector): 4 * vector.count
      case .digest: ModelDigest.length
      case .request, .done: 0
      }
    let (kind, bytes) = (message.kindName, WireFormat.headerLength + payload)
    let former = sent[kind] ?? Sent()
    sent[kind] = Sent(messages: former.messages + 1, bytes: former.bytes + bytes)
  }

  /// Counts a message of `peer`, nil for an unknown one, that was dropped for `reason`.
  public mutating func countDropped(from peer: NodeID?, _ reason: String) {
    dropped[peer?.description ?? "unknown", default: [:]][reason, default: 0] += 1
  }

  /// Counts a connection that was refused or cut for `reason`: of `peer`, or if nobody knows whose, of somebody at `address`.
  mutating func countRefused(_ peer: NodeID?, at address: String?, _ reason: String) {
    guard peer == nil, let address = address.map(Self.withoutMapping),
      addresses.contains(address) || addresses.count < Self.mostAddresses
    else {
      return countDropped(from: peer, reason)
    }
    addresses.insert(address)
    dropped[address, default: [:]][reason, default: 0] += 1
  }

  /// An IPv4 address that comes as an IPv6 one, as it is usually written.
  static func withoutMapping(_ address: String) -> String {
    address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
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
    case .digest: "digest"
    case .done: "done"
    }
  }
}
