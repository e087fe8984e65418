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
  /// What is known of a link that does not work.
  enum Trouble: String {
    case unreachable = "cannot be reached"
    case refused = "does not admit this node's key"
    case wrongPeer = "does not prove to have its key, or speaks another protocol"
    case lost = "has ended the connection"
  }

  let peer: NodeID
  let socket: ZeroMQSocket
  /// Whether the peer finds vectors in the files of this machine.
  let isShared: Bool
  let address: String
  /// Why the link does not work; nil while it does.
  private(set) var trouble: Trouble? = .unreachable
  var connections: Connections
  private let hello: OutgoingMessage
  private let monitor: SocketMonitor
  private var outbox = Outbox()
  private var wasConnected = false
  /// Whether the connection has ended and libzmq has not said that it tries again.
  private var isAbandoned = false

  private static let events =
    ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
    | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL

  /// - Parameter hello: what a new connection begins with, so that the peer knows whose it is and can speak first.
  init(
    to peer: NodeID, at address: String, isShared: Bool, hello: OutgoingMessage, in context: ZeroMQContext,
    keys: LinkKeys?, limits: SocketLimits
  ) throws {
    self.peer = peer
    self.hello = hello
    self.isShared = isShared
    self.address = address
    connections = Connections(under: limits)
    socket = try ZeroMQSocket(ZMQ_DEALER, in: context)
    try limits.apply(to: socket, isProtected: keys != nil)
    try keys?.protect(dialing: peer, socket)
    monitor = try SocketMonitor(of: socket, named: "\(peer)", in: context, events: Self.events)
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
  func hasReconnected(at now: ContinuousClock.Instant) throws -> Bool {
    var reconnected = false
    while let event = try monitor.next() {
      switch event.number {
      case ZMQ_EVENT_CONNECTED:
        isAbandoned = false
        connections.opened(event.value, of: peer, at: now)
        enlargeBuffers(of: event.value, at: address)
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        reconnected = wasConnected
        wasConnected = true
        isAbandoned = false
        trouble = nil
        // If there is no room, something else is on its way and says as much.
        _ = try socket.send(hello)
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        trouble = .refused
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        trouble = .wrongPeer
      case ZMQ_EVENT_DISCONNECTED:
        _ = connections.closed(event.value)
        isAbandoned = true
        trouble = trouble ?? .lost
      default:
        isAbandoned = false
        trouble = trouble ?? .unreachable
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
  var connections: Connections
  private let address: String
  private let monitor: SocketMonitor
  /// Why the handshake of the connection failed that ends next, and when that was.
  private var failure: (reason: String, since: ContinuousClock.Instant)?
  /// How many connections from an address the doorkeeper has turned away that have not ended yet.
  private var turnedAway: [String: Int] = [:]

  private static let events =
    ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL

  init(
    on endpoint: Endpoint, isShared: Bool, in context: ZeroMQContext, keys: LinkKeys?, limits: SocketLimits
  ) throws {
    self.isShared = isShared
    address = endpoint.bind ?? endpoint.address
    connections = Connections(under: limits)
    socket = try ZeroMQSocket(ZMQ_ROUTER, in: context)
    try limits.apply(to: socket, isProtected: keys != nil)
    try keys?.protect(listening: socket, as: .links)
    // Without it libzmq silently drops what it cannot send; with it one hears of it and keeps the newest.
    try socket.set(ZMQ_ROUTER_MANDATORY, to: Int32(1))
    monitor = try SocketMonitor(of: socket, named: "listener", in: context, events: Self.events)
    try socket.bind(to: address)
  }

  var monitorSocket: ZeroMQSocket { monitor.socket }

  /// Takes note that the doorkeeper has turned away somebody at `address`, whom it has counted.
  func turnedAway(_ address: String) {
    // Those that were cut here leave a trace, and nobody may make these traces many.
    if turnedAway.count >= Connections.mostUnknown { turnedAway = [:] }
    turnedAway[address, default: 0] += 1
  }

  /// Reads what libzmq tells of connections, and hands over each that has failed: from where, if that is known, and why.
  ///
  /// libzmq does not say whose handshake failed, but the connection ends right afterwards, and that names it. Nor does it
  /// say anything of what is too far from a handshake; such a connection just ends. Where a link fails that was up, because a
  /// frame was damaged or came twice, libzmq reads no more from it.
  func welcome(at now: ContinuousClock.Instant, _ failed: (String?, String) -> Void) throws {
    while let event = try monitor.next() {
      switch event.number {
      case ZMQ_EVENT_ACCEPTED:
        connections.opened(event.value, at: now)
        enlargeBuffers(of: event.value, at: address)
      case ZMQ_EVENT_DISCONNECTED:
        let stranger = connections.closed(event.value)
        if let failure {
          failed(stranger?.address, failure.reason)
        } else if let stranger, !wasTurnedAway(stranger) {
          failed(stranger.address, "nothingValid")
        }
        failure = nil
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        failure = (Self.reason(event.value), now)
      default:
        break
      }
    }
    if let overdue = failure, now - overdue.since > Connections.checkInterval {
      failed(nil, overdue.reason)
      failure = nil
    }
  }

  private func wasTurnedAway(_ stranger: Connections.Stranger) -> Bool {
    guard let address = stranger.address, let count = turnedAway[address] else { return false }
    turnedAway[address] = count > 1 ? count - 1 : nil
    return true
  }

  /// A name to count by.
  private static func reason(_ error: Int32) -> String {
    switch error {
    case Int32(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH): "noKey"
    case Int32(ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC), Int32(ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE): "cryptographic"
    case Int32(ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE): "replay"
    default: "protocol"
    }
  }
}

/// Which connections to this node belong to whom.
///
/// Where links are protected, the doorkeeper has said who each connection's other end is. Elsewhere it is whom its first
/// valid message claims to be, and from then on it speaks for no other node; anybody who can connect can claim any name.
/// A node may have a few connections, since one that was started again comes over a new one while the old one still seems to
/// be there; it is answered over the one that it spoke over last.
struct AcceptedLinks {
  private var peers: [[UInt8]: NodeID] = [:]
  /// The routes to each peer, the one that it spoke over last in front.
  private var routes: [NodeID: [[UInt8]]] = [:]
  /// All peers that there has ever been a way to, lost or not.
  private var known: Set<NodeID> = []
  var outboxes: [NodeID: Outbox] = [:]

  func peer(over route: [UInt8]) -> NodeID? { peers[route] }
  func route(to peer: NodeID) -> [UInt8]? { routes[peer]?.first }

  /// Takes `route` as the way to `peer`; says whether it is a new one to a peer to which there has been another before.
  mutating func bind(_ route: [UInt8], to peer: NodeID) -> Bool {
    if routes[peer]?.first == route { return false }
    let isNew = peers.updateValue(peer, forKey: route) != peer
    var others = (routes[peer] ?? []).filter { $0 != route }
    while others.count >= Connections.mostOfOne { peers[others.removeLast()] = nil }
    routes[peer] = [route] + others
    return isNew && !known.insert(peer).inserted
  }

  /// Forgets the way to `peer` that it spoke over last, because it has gone.
  mutating func forget(_ peer: NodeID) {
    guard let route = routes[peer]?.first else { return }
    peers[route] = nil
    routes[peer]?.removeFirst()
    if routes[peer]?.isEmpty == true {
      routes[peer] = nil
      outboxes[peer] = nil
    }
  }
}

/// The bounds on what libzmq holds for a peer.
struct SocketLimits {
  /// The largest frame that is taken in; a peer that announces more is cut off before anything is allocated for it.
  let largestFrame: Int
  /// How many messages wait in each direction; the rest waits in the outbox, where newer replaces older.
  let queuedMessages: Int

  /// What CURVE adds to a frame, and what it needs for its handshake: libzmq's limit holds for both.
  private static let boxOverhead = 64
  private static let largestCommand = 2048

  func apply(to socket: ZeroMQSocket, isProtected: Bool) throws {
    let largest = isProtected ? max(largestFrame + Self.boxOverhead, Self.largestCommand) : largestFrame
    try socket.set(ZMQ_MAXMSGSIZE, to: Int64(largest))
    try socket.set(ZMQ_SNDHWM, to: Int32(queuedMessages))
    try socket.set(ZMQ_RCVHWM, to: Int32(queuedMessages))
    try socket.set(ZMQ_LINGER, to: Int32(1_000))
    try socket.set(ZMQ_RECONNECT_IVL, to: Int32(50))
    try socket.set(ZMQ_RECONNECT_IVL_MAX, to: Int32(1_000))
    try socket.set(ZMQ_HANDSHAKE_IVL, to: Int32(5_000))
    // A host that has gone leaves its connections open: they are given up, and tried anew, after seconds, not minutes. The
    // kernel sees to it: with heartbeats of its own (ZMQ_HEARTBEAT_IVL) libzmq 4.3.4 can end the process when a peer is slow
    // (libzmq issues 3937 and 4364).
    try socket.set(ZMQ_CONNECT_TIMEOUT, to: Int32(2_000))
    try socket.set(ZMQ_TCP_MAXRT, to: Int32(5_000))
    try socket.set(ZMQ_TCP_KEEPALIVE, to: Int32(1))
    try socket.set(ZMQ_TCP_KEEPALIVE_IDLE, to: Int32(5))
    try socket.set(ZMQ_TCP_KEEPALIVE_INTVL, to: Int32(2))
    try socket.set(ZMQ_TCP_KEEPALIVE_CNT, to: Int32(3))
    // While strangers knock at the door, peers still find room before it.
    try socket.set(ZMQ_BACKLOG, to: Int32(1_024))
    try socket.set(ZMQ_IPV6, to: Int32(1))
  }
}
