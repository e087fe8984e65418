import ByzNumerics
import ByzProtocol
import ByzWire
import CZeroMQ
import Glibc

/// A message ready to be sent to any number of peers: encoded once, its payload never copied here.
final class OutgoingMessage {
  let header: [UInt8]
  /// A libzmq message over the payload's own memory; each peer gets a reference to it.
  private let payload: UnsafeMutablePointer<zmq_msg_t>?

  init(header: [UInt8]) {
    self.header = header
    payload = nil
  }

  /// The whole of `message`, its vector included, as `codec` writes it, with damage to its header.
  convenience init(_ message: Message, _ codec: Codec, _ damages: [Damage] = []) throws {
    var header = codec.header(of: message)
    for damage in damages { header[damage.byte % header.count] ^= damage.bits }
    switch message {
    case .vector(_, _, let vector): try self.init(header: header, payload: vector)
    case .digest(_, let digest): try self.init(header: header, payload: digest.bytes)
    case .request, .done: self.init(header: header)
    }
  }

  init(header: [UInt8], payload vector: Vector) throws {
    self.header = header
    let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
    payload = message
    zmq_msg_init(message)
    // libzmq reads the vector's memory until the last peer has been sent it, then lets go of it on a thread of its own.
    let hold = Unmanaged.passRetained(vector)
    let result = vector.withUnsafeBufferPointer { elements in
      zmq_msg_init_data(
        message, UnsafeMutableRawPointer(mutating: elements.baseAddress), 4 * elements.count,
        { _, hold in if let hold { Unmanaged<Vector>.fromOpaque(hold).release() } }, hold.toOpaque())
    }
    guard result == 0 else {
      hold.release()
      throw ZeroMQError("prepare a message")
    }
  }

  init(header: [UInt8], payload bytes: [UInt8]) throws {
    self.header = header
    let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
    payload = message
    guard zmq_msg_init_size(message, bytes.count) == 0 else {
      zmq_msg_init(message)
      throw ZeroMQError("prepare a message")
    }
    zmq_msg_data(message).copyMemory(from: bytes, byteCount: bytes.count)
  }

  deinit {
    if let payload {
      zmq_msg_close(payload)
      payload.deallocate()
    }
  }

  var hasPayload: Bool { payload != nil }

  /// Sends the payload as the last frame of a message that has begun, which cannot be refused any more. If the link has
  /// gone since it began, the message is lost with it.
  func sendPayload(over socket: UnsafeMutableRawPointer) throws {
    guard let payload else { return }
    var reference = zmq_msg_t()
    zmq_msg_init(&reference)
    zmq_msg_copy(&reference, payload)
    defer { zmq_msg_close(&reference) }
    while zmq_msg_send(&reference, socket, ZMQ_DONTWAIT) < 0 {
      if zmq_errno() == EINTR { continue }
      guard zmq_errno() == EAGAIN else { throw ZeroMQError("send a payload") }
      return
    }
  }
}
