import ByzKeys
import ByzProtocol
import CZeroMQ
import Glibc

/// A TCP socket without ZeroMQ, for peers that do not speak its protocol, or speak it badly.
final class TCPSocket {
  private let descriptor: Int32
  /// How many bytes have come.
  private var received = 0

  private init(_ descriptor: Int32) throws {
    guard descriptor >= 0 else { throw Failure("socket") }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Listens on this machine, on a port that the system chooses if `port` is 0.
  convenience init(listeningOn port: UInt16) throws {
    try self.init(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    guard try withAddress(port, bind) == 0, listen(descriptor, 16) == 0 else { throw Failure("bind") }
  }

  convenience init(connectingTo port: UInt16) throws {
    try self.init(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    guard try withAddress(port, connect) == 0 else { throw Failure("connect") }
  }

  /// The end here of a connection that somebody has made, or nil if nobody has.
  func accepted() throws -> TCPSocket? {
    var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&item, 1, 0) == 1 ? try TCPSocket(accept(descriptor, nil, nil)) : nil
  }

  private func withAddress(
    _ port: UInt16, _ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32
  ) throws -> Int32 {
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  func port() throws -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard result == 0 else { throw Failure("getsockname") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// What has come since the last time. Never waits.
  func takeAll() -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { return all }
      all += buffer[..<count]
    }
  }

  /// Sends `bytes`, or as many as the other side takes before it hangs up.
  func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Reads what is there; says whether the other side has hung up. Never waits.
  func hasEnded() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count == 0 { return true }
      if count < 0 { return errno != EAGAIN && errno != EINTR }
      received += count
    }
  }
}

extension TCPSocket {
  /// What a ZMTP 3.0 peer without authentication says first, and its READY command as a DEALER.
  private static let greeting: [UInt8] =
    [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
  private static let ready: [UInt8] =
    [4, 28, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)

  /// Greets the libzmq socket at the other end, lets `nodes` work until that has greeted back, and ends the handshake.
  /// Before that libzmq would take what follows for a part of it.
  func shakeHands(with nodes: TestNode...) throws {
    send(Self.greeting)
    while !hasEnded() && received <= Self.greeting.count { for node in nodes { try node.poll() } }
    send(Self.ready)
  }
}

/// The beginning of a last frame of ZMTP 3.0 with so many bytes.
func frameStart(_ count: UInt64) -> [UInt8] { [2] + withUnsafeBytes(of: count.bigEndian) { Array($0) } }

/// A ZeroMQ socket that says whatever frames a test gives it.
final class RawPeer {
  private let context: UnsafeMutableRawPointer
  private let socket: UnsafeMutableRawPointer

  /// Connects to `address`; with the key `secret`, if one is given, to the owner of `server`.
  convenience init(connectingTo address: String, as secret: SecretKey? = nil, to server: PublicKey? = nil) throws {
    try self.init(ZMQ_DEALER)
    if let secret, let server {
      for (option, key) in [
        (ZMQ_CURVE_SERVERKEY, server.bytes), (ZMQ_CURVE_PUBLICKEY, secret.publicKey.bytes),
        (ZMQ_CURVE_SECRETKEY, secret.bytes),
      ] {
        guard zmq_setsockopt(socket, option, key, key.count) == 0 else { throw Failure("zmq_setsockopt") }
      }
    }
    guard zmq_connect(socket, address) == 0 else { throw Failure("zmq_connect") }
  }

  /// Listens on `address`, and greets whoever connects.
  convenience init(listeningOn address: String) throws {
    try self.init(ZMQ_DEALER)
    guard zmq_bind(socket, address) == 0 else { throw Failure("zmq_bind") }
  }

  private init(_ type: Int32) throws {
    guard let context = zmq_ctx_new(), let socket = zmq_socket(context, type) else { throw Failure("zmq_socket") }
    self.context = context
    self.socket = socket
    // What it has said is delivered even if the test has no more use for it.
    var linger: Int32 = 1000
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
  }

  deinit {
    zmq_close(socket)
    zmq_ctx_term(context)
  }

  /// Queues one message; says whether there is a peer to send it to. Never waits.
  @discardableResult func send(_ frames: [UInt8]...) -> Bool {
    for (index, frame) in frames.enumerated() {
      let flags = index == frames.count - 1 ? ZMQ_DONTWAIT : ZMQ_DONTWAIT | ZMQ_SNDMORE
      guard zmq_send(socket, frame, frame.count, flags) >= 0 else { return false }
    }
    return true
  }
}
