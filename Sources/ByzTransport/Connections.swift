import ByzProtocol
import CProcess
import Glibc

/// The TCP connections of a socket, watched so that nobody makes this node hold more than what is fair.
///
/// libzmq bounds a frame, the whole messages that wait, and the time of a handshake, but not the frames of a message that
/// never ends, nor how many connections there are. So a connection is cut here
/// - that has brought more bytes than libzmq can hold of whole messages without a message coming out;
/// - that says nothing valid for long, or is the oldest of too many that have not yet;
/// - of a peer that has newer ones: a node that was started again needs a second one while the first seems to be there, and
///   nobody needs more than a few.
///
/// How many bytes have come is known of TCP alone; sockets of one machine (`ipc`) belong to one user.
struct Connections {
  /// Why a connection is cut.
  enum Fault: String {
    case endlessMessage, silent, tooManyUnknown, tooManyOfOne
  }

  /// The other end of a connection that nothing valid has come over.
  struct Stranger {
    /// Nil if the connection had ended before anybody could look.
    let address: String?
  }

  private struct Connection {
    let serial: Int
    let since: ContinuousClock.Instant
    let address: String?
    /// The port of the other end, which tells connections from one address apart.
    let port: Int32
    var peer: NodeID?
    /// Bytes that have come out as messages, with what the protocols below add; never more than have come in.
    var accounted: UInt64 = 0
  }

  static let mostUnknown = 256
  static let mostOfOne = 3
  static let patience = Duration.seconds(10)
  /// What ZMTP and CURVE add to a frame, at most.
  private static let frameOverhead: UInt64 = 64
  /// What a peer's heartbeats take, in bytes a second, at most; nodes of this program send none.
  private static let idleRate: UInt64 = 32

  private let heldBytes: UInt64
  private var connections: [Int32: Connection] = [:]
  private var opened = 0
  private var checked: ContinuousClock.Instant?

  /// - Parameter limits: of the socket.
  init(under limits: SocketLimits) {
    // What waits, what is being received, and as much again for what one thread knows and the other does not yet.
    heldBytes = 2 * UInt64(limits.queuedMessages + 2) * (UInt64(limits.largestFrame) + 1024) + 65_536
  }

  /// - Parameter peer: whose connection it is, if that is known from the beginning.
  mutating func opened(_ descriptor: Int32, of peer: NodeID? = nil, at now: ContinuousClock.Instant) {
    opened += 1
    let (address, port) = otherEnd(of: descriptor)
    connections[descriptor] = Connection(serial: opened, since: now, address: address, port: port, peer: peer)
  }

  /// Forgets a connection that has ended; says where its other end was if nothing valid had come over it, and nil if
  /// something had, or if it was cut here.
  mutating func closed(_ descriptor: Int32) -> Stranger? {
    guard let connection = connections.removeValue(forKey: descriptor), connection.peer == nil else { return nil }
    return Stranger(address: connection.address)
  }

  /// Takes note of a message, and of whom it is from if it is valid.
  mutating func received(_ frames: [ReceivedFrame], from peer: NodeID?) {
    guard let descriptor = frames.first?.descriptor, var connection = connections[descriptor] else { return }
    connection.accounted += frames.reduce(0) { $0 + UInt64($1.bytes.count) + Self.frameOverhead }
    connection.peer = connection.peer ?? peer
    connections[descriptor] = connection
  }

  /// Cuts what is to be cut, from time to time, and says whose connections those were.
  mutating func check(at now: ContinuousClock.Instant) -> [(peer: NodeID?, address: String?, fault: Fault)] {
    let last = checked ?? now - Self.checkInterval
    guard now - last >= Self.checkInterval else { return [] }
    let idle = UInt64((now - last) / .milliseconds(1)) * Self.idleRate / 1000
    checked = now
    var faults: [Int32: Fault] = [:]
    for descriptor in Array(connections.keys) where holdsTooMuch(descriptor, besides: idle) {
      faults[descriptor] = .endlessMessage
    }
    let unknown = connections.filter { $0.value.peer == nil }.sorted { $0.value.serial > $1.value.serial }
    for (descriptor, connection) in unknown where now - connection.since > Self.patience {
      faults[descriptor] = .silent
    }
    for (descriptor, _) in unknown.dropFirst(Self.mostUnknown) { faults[descriptor] = .tooManyUnknown }
    for (peer, owned) in Dictionary(grouping: connections, by: \.value.peer) where peer != nil {
      for (descriptor, _) in owned.sorted(by: { $0.value.serial > $1.value.serial }).dropFirst(Self.mostOfOne) {
        faults[descriptor] = .tooManyOfOne
      }
    }
    return faults.map { descriptor, fault in
      let connection = connections.removeValue(forKey: descriptor)
      // libzmq notices and closes it. If it has just done so by itself, the number may be another file's by now.
      if otherEnd(of: descriptor) == (connection?.address, connection?.port ?? 0) {
        shutdown(descriptor, Int32(SHUT_RDWR))
      }
      return (connection?.peer, connection?.address, fault)
    }
  }

  /// How often to look.
  static let checkInterval = Duration.milliseconds(checkMilliseconds)
  static let checkMilliseconds = 250

  /// Whether libzmq holds more of a connection's bytes than it can of whole messages.
  private mutating func holdsTooMuch(_ descriptor: Int32, besides idle: UInt64) -> Bool {
    guard var connection = connections[descriptor] else { return false }
    let came = byz_bytes_read(descriptor)
    guard came >= 0 else { return false }
    connection.accounted = min(connection.accounted + idle, UInt64(came))
    connections[descriptor] = connection
    return UInt64(came) - connection.accounted > heldBytes
  }

  /// The IP address and the port of the other end; nil and 0 if it is not on a network.
  private func otherEnd(of descriptor: Int32) -> (String?, Int32) {
    var text = [CChar](repeating: 0, count: 64)
    let port = byz_peer_address(descriptor, &text, text.count)
    guard port >= 0 else { return (nil, 0) }
    let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (TrafficCounters.withoutMapping(address), port)
  }
}
