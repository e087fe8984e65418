import CZeroMQ
import Glibc

/// What libzmq tells of a socket's connections.
final class SocketMonitor {
  struct Event {
    /// One of `ZMQ_EVENT_...`.
    let number: Int32
    /// What the event carries: for a new connection its file descriptor.
    let value: Int32
  }

  /// Where the events come.
  let socket: ZeroMQSocket

  /// - Parameters:
  ///   - name: tells this monitor from the others of the context.
  ///   - events: which ones are of interest, `ZMQ_EVENT_...` joined by OR.
  init(of watched: ZeroMQSocket, named name: String, in context: ZeroMQContext, events: Int32) throws {
    let address = "inproc://monitor-\(name)"
    guard zmq_socket_monitor(watched.raw, address, events) == 0 else { throw ZeroMQError("watch the links of \(name)") }
    socket = try ZeroMQSocket(ZMQ_PAIR, in: context)
    try socket.set(ZMQ_LINGER, to: Int32(0))
    // libzmq's own thread waits when there is no more room, and every link of the node with it.
    try socket.set(ZMQ_RCVHWM, to: Int32(100_000))
    try socket.connect(to: address)
  }

  /// The next event, if there is one. Never waits.
  func next() throws -> Event? {
    guard let frame = try socket.receive(atMost: 2)?.first else { return nil }
    // The first frame holds 16 bits of number and 32 bits of value; the second names the address.
    return withExtendedLifetime(frame) {
      Event(
        number: Int32(frame.bytes.loadUnaligned(as: UInt16.self)),
        value: frame.bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self))
    }
  }
}

/// Makes room in the kernel for a vector at a time on a connection between processes of one machine.
///
/// The system's default of 208 kB has the sender of a vector stop halfway, until the receiver has been woken and has read:
/// two more turns of each for every vector. TCP connections are left to the kernel, which sizes their buffers by itself.
/// The limits of the system (net.core.wmem_max) stay in force, and a refusal costs speed alone.
func enlargeBuffers(of descriptor: Int32, at address: String) {
  guard address.hasPrefix("ipc://") else { return }
  var bytes: Int32 = 512 << 10
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
}
