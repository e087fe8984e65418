import ByzNumerics
import CZeroMQ
import Glibc

/// A libzmq context: its input and output thread.
final class ZeroMQContext {
  let raw: UnsafeMutableRawPointer

  init() throws {
    guard let raw = zmq_ctx_new() else { throw ZeroMQError("create a ZeroMQ context") }
    self.raw = raw
  }

  /// Waits until what is queued is sent, as long as each socket's ZMQ_LINGER permits.
  deinit { zmq_ctx_term(raw) }
}

/// A libzmq socket. Belongs to the thread that made it.
final class ZeroMQSocket {
  enum SendResult {
    case sent
    /// The peer's queue is full: it does not read, or is not there.
    case full
    /// There is no such peer any more.
    case unreachable
  }

  let raw: UnsafeMutableRawPointer
  /// Becomes readable when there may be something new to learn from `events`, and only then.
  let descriptor: Int32
  /// Whether there may be something to read of which the descriptor says nothing: whatever is done with the socket may
  /// swallow the signal of something new, until `events` is asked or nothing more can be received.
  private(set) var wasUsed = true
  private let context: ZeroMQContext

  init(_ type: Int32, in context: ZeroMQContext) throws {
    guard let raw = zmq_socket(context.raw, type) else { throw ZeroMQError("create a ZeroMQ socket") }
    self.raw = raw
    self.context = context
    var descriptor: Int32 = -1
    var size = MemoryLayout<Int32>.size
    guard zmq_getsockopt(raw, ZMQ_FD, &descriptor, &size) == 0 else { throw ZeroMQError("watch a ZeroMQ socket") }
    self.descriptor = descriptor
  }

  /// What can be done now, without waiting: ZMQ_POLLIN, ZMQ_POLLOUT.
  func events() throws -> Int32 {
    var events: Int32 = 0
    var size = MemoryLayout<Int32>.size
    while zmq_getsockopt(raw, ZMQ_EVENTS, &events, &size) < 0 {
      guard zmq_errno() == EINTR else { throw ZeroMQError("look at a ZeroMQ socket") }
    }
    wasUsed = false
    return events
  }

  deinit { zmq_close(raw) }

  func set(_ option: Int32, to value: Int32) throws {
    var value = value
    guard zmq_setsockopt(raw, option, &value, MemoryLayout<Int32>.size) == 0 else {
      throw ZeroMQError("set ZeroMQ option \(option)")
    }
  }

  func set(_ option: Int32, to value: Int64) throws {
    var value = value
    guard zmq_setsockopt(raw, option, &value, MemoryLayout<Int64>.size) == 0 else {
      throw ZeroMQError("set ZeroMQ option \(option)")
    }
  }

  /// - Throws: an error that does not show the bytes: they may be a key.
  func set(_ option: Int32, to bytes: [UInt8]) throws {
    guard zmq_setsockopt(raw, option, bytes, bytes.count) == 0 else { throw ZeroMQError("set ZeroMQ option \(option)") }
  }

  func subscribeToAll() throws {
    guard zmq_setsockopt(raw, ZMQ_SUBSCRIBE, "", 0) == 0 else { throw ZeroMQError("subscribe") }
  }

  func bind(to address: String) throws {
    guard zmq_bind(raw, address) == 0 else { throw ZeroMQError("listen on \(address)") }
  }

  func connect(to address: String) throws {
    wasUsed = true
    guard zmq_connect(raw, address) == 0 else { throw ZeroMQError("connect to \(address)") }
  }

  /// Connects to `address` anew; what libzmq still held for the former connection is lost.
  func reconnect(to address: String) throws {
    // Where libzmq has given a connection up it may have forgotten its address as well.
    guard zmq_disconnect(raw, address) == 0 || zmq_errno() == ENOENT else {
      throw ZeroMQError("disconnect from \(address)")
    }
    try connect(to: address)
  }

  /// Queues one message, after the frame `route` if there is one, or says why not. Never waits.
  func send(_ message: OutgoingMessage, route: [UInt8]? = nil) throws -> SendResult {
    wasUsed = true
    if let route, try !send(bytes: route, flags: ZMQ_SNDMORE) { return lastFailure }
    guard try send(bytes: message.header, flags: message.hasPayload ? ZMQ_SNDMORE : 0) else { return lastFailure }
    if message.hasPayload { try message.sendPayload(over: raw) }
    return .sent
  }

  /// Queues one message of these frames, or drops it if it would have to wait.
  func send(frames: [[UInt8]]) throws {
    wasUsed = true
    for (index, frame) in frames.enumerated() {
      guard try send(bytes: frame, flags: index < frames.count - 1 ? ZMQ_SNDMORE : 0) else { return }
    }
  }

  private var lastFailure: SendResult { zmq_errno() == EAGAIN ? .full : .unreachable }

  private func send(bytes: [UInt8], flags: Int32) throws -> Bool {
    while zmq_send(raw, bytes, bytes.count, flags | ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EINTR { continue }
      guard [EAGAIN, EHOSTUNREACH].contains(zmq_errno()) else { throw ZeroMQError("send") }
      return false
    }
    return true
  }

  /// The frames of the next message, if one is there. Never waits.
  ///
  /// - Parameter limit: of more frames than this, the rest is thrown away: nobody can make a node collect frames.
  func receive(atMost limit: Int) throws -> [ReceivedFrame]? {
    wasUsed = true
    var frames: [ReceivedFrame] = []
    var more = true
    while more {
      let frame = ReceivedFrame()
      while zmq_msg_recv(frame.message, raw, ZMQ_DONTWAIT) < 0 {
        // Leaving at a signal would throw away the frames so far and take the next one for the first of a message.
        if zmq_errno() == EINTR { continue }
        guard zmq_errno() == EAGAIN else { throw ZeroMQError("receive") }
        // libzmq has looked at all that was signalled: nothing to read until the descriptor says so.
        wasUsed = false
        return nil
      }
      more = zmq_msg_more(frame.message) != 0
      if frames.count < limit { frames.append(frame) }
    }
    return frames
  }
}

/// A frame as libzmq holds it. A vector can borrow its memory.
final class ReceivedFrame {
  fileprivate let message: UnsafeMutablePointer<zmq_msg_t>

  fileprivate init() {
    message = .allocate(capacity: 1)
    zmq_msg_init(message)
  }

  deinit {
    zmq_msg_close(message)
    message.deallocate()
  }

  /// What libzmq says of the connection that the frame came over.
  func property(_ name: String) -> String? { zmq_msg_gets(message, name).map { String(cString: $0) } }

  /// The descriptor of the connection that the frame came over; negative if there is none.
  var descriptor: Int32 { zmq_msg_get(message, ZMQ_SRCFD) }

  /// The frame's bytes, valid as long as the frame lives.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
  }
}
