import ByzProtocol
import CZeroMQ

/// What waits for a peer that does not take it yet: at most one message of each kind, the newest.
struct Outbox {
  private var waiting: [(kind: String, message: OutgoingMessage)] = []

  var isEmpty: Bool { waiting.isEmpty }

  mutating func put(_ message: OutgoingMessage, kind: String) {
    waiting.removeAll { $0.kind == kind }
    waiting.append((kind, message))
  }

  /// Hands over messages, oldest first, until one is not taken.
  mutating func flush(_ send: (OutgoingMessage) throws -> ZeroMQSocket.SendResult) rethrows {
    while let next = waiting.first, try send(next.message) != .full { waiting.removeFirst() }
  }
}

/// The way to a peer that this node connects to: a socket of its own, so that ZeroMQ says when the peer takes more.
final class DialedLink {
  let peer: NodeID
  let socket: ZeroMQSocket
  private let monitor: ZeroMQSocket
  var outbox = Outbox()
  private var wasConnected = false

  init(to peer: NodeID, at address: String, in context: ZeroMQContext, limits: SocketLimits) throws {
    self.peer = peer
    socket = try ZeroMQSocket(ZMQ_DEALER, in: context)
    try limits.apply(to: socket)
    let events = "inproc://monitor-\(peer)"
    guard zmq_socket_monitor(socket.raw, events, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0 else {
      throw ZeroMQError("watch the link to \(peer)")
    }
    monitor = try ZeroMQSocket(ZMQ_PAIR, in: context)
    try monitor.set(ZMQ_LINGER, to: Int32(0))
    try monitor.connect(to: events)
    try socket.connect(to: address)
  }

  var monitorHandle: UnsafeMutableRawPointer { monitor.raw }

  /// Reads what libzmq tells of the link; says whether it has come back after it was lost.
  func hasReconnected() throws -> Bool {
    var reconnected = false
    while try monitor.receive(atMost: 2) != nil {
      reconnected = wasConnected
      wasConnected = true
    }
    return reconnected
  }
}

/// The ways to the peers that connect to this node, all over one socket.
///
/// Who speaks over a connection is what its first valid message claims; from then on it speaks for no other node. A later
/// connection that claims the same node takes its place, since a node that was restarted comes over a new one. Without
/// authentication anybody who can connect can claim any name; the sockets of a local run are open to their user alone.
struct AcceptedLinks {
  private var peers: [[UInt8]: NodeID] = [:]
  private var routes: [NodeID: [UInt8]] = [:]
  var outboxes: [NodeID: Outbox] = [:]

  func peer(over route: [UInt8]) -> NodeID? { peers[route] }
  func route(to peer: NodeID) -> [UInt8]? { routes[peer] }

  /// Takes `route` as the way to `peer`; says whether there was another one before.
  mutating func bind(_ route: [UInt8], to peer: NodeID) -> Bool {
    let former = routes[peer]
    if let former { peers[former] = nil }
    routes[peer] = route
    peers[route] = peer
    return former != nil
  }

  mutating func forget(_ peer: NodeID) {
    if let route = routes.removeValue(forKey: peer) { peers[route] = nil }
    outboxes[peer] = nil
  }
}

/// The bounds on what libzmq holds for a peer.
struct SocketLimits {
  /// The largest frame that is taken in; a peer that announces more is cut off before anything is allocated for it.
  let largestFrame: Int

  func apply(to socket: ZeroMQSocket) throws {
    try socket.set(ZMQ_MAXMSGSIZE, to: Int64(largestFrame))
    // A normal step has one vector each way under way; the rest waits in the outbox, where newer replaces older.
    try socket.set(ZMQ_SNDHWM, to: Int32(3))
    try socket.set(ZMQ_RCVHWM, to: Int32(3))
    try socket.set(ZMQ_LINGER, to: Int32(1_000))
    try socket.set(ZMQ_RECONNECT_IVL, to: Int32(50))
    try socket.set(ZMQ_RECONNECT_IVL_MAX, to: Int32(1_000))
    try socket.set(ZMQ_HANDSHAKE_IVL, to: Int32(5_000))
    try socket.set(ZMQ_IPV6, to: Int32(1))
  }
}
