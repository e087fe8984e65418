import ByzProtocol
import CZeroMQ

/// What waits for a peer that does not take it yet: at most one message in each place (see `Message.place`), the newest.
struct Outbox {
  private var waiting: [(place: Int, message: OutgoingMessage)] = []

  var isEmpty: Bool { waiting.isEmpty }

  mutating func put(_ message: OutgoingMessage, in place: Int) {
    waiting.removeAll { $0.place == place }
    waiting.append((place, message))
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
  /// Whether the peer finds vectors in the files of this machine.
  let isShared: Bool
  private let address: String
  private let hello: OutgoingMessage
  private let monitor: SocketMonitor
  private var outbox = Outbox()
  private var wasConnected = false
  /// Whether the connection has ended and libzmq has not said that it tries again.
  private var isAbandoned = false

  /// - Parameter hello: what a new connection begins with, so that the peer knows whose it is and can speak first.
  init(
    to peer: NodeID, at address: String, isShared: Bool, hello: OutgoingMessage, in context: ZeroMQContext,
    limits: SocketLimits
  ) throws {
    self.peer = peer
    self.hello = hello
    self.isShared = isShared
    self.address = address
    socket = try ZeroMQSocket(ZMQ_DEALER, in: context)
    try limits.apply(to: socket)
    monitor = try SocketMonitor(
      of: socket, named: "\(peer)", in: context,
      events: ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED)
    try socket.connect(to: address)
  }

  var monitorSocket: ZeroMQSocket { monitor.socket }

  var isWaiting: Bool { !outbox.isEmpty }

  /// Sends `message`, or keeps it for when the peer takes it.
  func send(_ message: OutgoingMessage, in place: Int) throws {
    if isAbandoned {
      isAbandoned = false
      try socket.reconnect(to: address)
    }
    outbox.put(message, in: place)
    try flush()
  }

  func flush() throws { try outbox.flush { try socket.send($0) } }

  /// Reads what libzmq tells of the link; says whether it has come back after it was lost.
  ///
  /// libzmq connects again by itself when a connection is lost, but not when the other side broke the protocol: when
  /// another program had the peer's address for a while, say. Then the link is dialed again with the next message, so that
  /// whoever answers like that is not called without a pause.
  func hasReconnected() throws -> Bool {
    var reconnected = false
    while let event = try monitor.next() {
      switch event.number {
      case ZMQ_EVENT_CONNECTED:
        isAbandoned = false
        enlargeBuffers(of: event.value, at: address)
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        reconnected = wasConnected
        wasConnected = true
        isAbandoned = false
        // If there is no room, something else is on its way and says as much.
        _ = try socket.send(hello)
      case ZMQ_EVENT_DISCONNECTED:
        isAbandoned = true
      default:
        isAbandoned = false
      }
    }
    return reconnected
  }
}

/// Where peers connect to this node: one socket for all of them.
final class Listener {
  let socket: ZeroMQSocket
  /// Whether those who connect find vectors in the files of this machine.
  let isShared: Bool
  private let address: String
  private let monitor: SocketMonitor

  init(on endpoint: Endpoint, isShared: Bool, in context: ZeroMQContext, limits: SocketLimits) throws {
    self.isShared = isShared
    address = endpoint.bind ?? endpoint.address
    socket = try ZeroMQSocket(ZMQ_ROUTER, in: context)
    try limits.apply(to: socket)
    // Without it libzmq silently drops what it cannot send; with it one hears of it and keeps the newest.
    try socket.set(ZMQ_ROUTER_MANDATORY, to: Int32(1))
    monitor = try SocketMonitor(of: socket, named: "listener", in: context, events: ZMQ_EVENT_ACCEPTED)
    try socket.bind(to: address)
  }

  var monitorSocket: ZeroMQSocket { monitor.socket }

  /// Reads what libzmq tells of new connections.
  func welcome() throws {
    while let event = try monitor.next() { enlargeBuffers(of: event.value, at: address) }
  }
}

/// Who the peers are that connect to this node.
///
/// Who speaks over a connection is what its first valid message claims; from then on it speaks for no other node. A later
/// connection that claims the same node takes its place, since a node that was restarted comes over a new one. Without
/// authentication anybody who can connect can claim any name; the sockets of a local run are open to their user alone.
struct AcceptedLinks {
  private var peers: [[UInt8]: NodeID] = [:]
  private var routes: [NodeID: [UInt8]] = [:]
  /// All peers that there has ever been a way to, lost or not.
  private var known: Set<NodeID> = []
  var outboxes: [NodeID: Outbox] = [:]

  func peer(over route: [UInt8]) -> NodeID? { peers[route] }
  func route(to peer: NodeID) -> [UInt8]? { routes[peer] }

  /// Takes `route` as the way to `peer`; says whether there has been another one before.
  mutating func bind(_ route: [UInt8], to peer: NodeID) -> Bool {
    if let former = routes[peer] { peers[former] = nil }
    routes[peer] = route
    peers[route] = peer
    return !known.insert(peer).inserted
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
  /// How many messages wait in each direction; the rest waits in the outbox, where newer replaces older.
  let queuedMessages: Int

  func apply(to socket: ZeroMQSocket) throws {
    try socket.set(ZMQ_MAXMSGSIZE, to: Int64(largestFrame))
    try socket.set(ZMQ_SNDHWM, to: Int32(queuedMessages))
    try socket.set(ZMQ_RCVHWM, to: Int32(queuedMessages))
    try socket.set(ZMQ_LINGER, to: Int32(1_000))
    try socket.set(ZMQ_RECONNECT_IVL, to: Int32(50))
    try socket.set(ZMQ_RECONNECT_IVL_MAX, to: Int32(1_000))
    try socket.set(ZMQ_HANDSHAKE_IVL, to: Int32(5_000))
    try socket.set(ZMQ_IPV6, to: Int32(1))
  }
}
