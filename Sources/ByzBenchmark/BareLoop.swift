import CZeroMQ
import Foundation

/// One libzmq socket that sends and one that receives, each in a context and on a thread of its own, with nothing around
/// them: how fast libzmq moves frames on this machine.
struct BareLoop {
  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ action: String) {
      description = "libzmq cannot \(action): \(String(cString: zmq_strerror(zmq_errno())))"
    }
  }

  let address: String
  /// Bytes of a frame.
  let frame: Int

  /// So many frames of `bytes` say something and take no more than a moment.
  static func count(ofFrames bytes: Int) -> Int { min(max(64_000_000 / bytes, 16), 2_000) }

  /// Seconds per frame, over `count` frames. The first ones, which wait for the connection, do not count.
  func secondsPerFrame(_ count: Int) throws -> Double {
    let (sending, receiving) = (try Socket(ZMQ_PUSH), try Socket(ZMQ_PULL))
    // Frames come within microseconds; should one never come, that is better said than waited for.
    var patience: Int32 = 10_000
    zmq_setsockopt(receiving.raw, ZMQ_RCVTIMEO, &patience, MemoryLayout<Int32>.size)
    guard zmq_bind(sending.raw, address) == 0 else { throw Failure("listen on \(address)") }
    guard zmq_connect(receiving.raw, address) == 0 else { throw Failure("connect to \(address)") }
    let warmUp = 8
    // Sent by reference, as Transport does it: nothing is copied before the kernel.
    let memory = UnsafeMutableRawPointer.allocate(byteCount: frame, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: frame)
    nonisolated(unsafe) let bytes = memory
    let isSent = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [frame] in
      for _ in 0..<warmUp + count {
        var message = zmq_msg_t()
        zmq_msg_init_data(&message, bytes, frame, { _, _ in }, nil)
        zmq_msg_send(&message, sending.raw, 0)
      }
      isSent.signal()
    }
    var start = Timing.now
    for index in 0..<warmUp + count {
      if index == warmUp { start = Timing.now }
      var message = zmq_msg_t()
      zmq_msg_init(&message)
      defer { zmq_msg_close(&message) }
      guard zmq_msg_recv(&message, receiving.raw, 0) == Int32(frame) else { throw Failure("receive a frame") }
    }
    let seconds = Timing.now - start
    isSent.wait()
    return seconds / Double(count)
  }

  /// A socket with a context, and so a thread for input and output, of its own.
  private final class Socket: @unchecked Sendable {  // Safe: only one thread uses it after the other has made it.
    private let context: UnsafeMutableRawPointer
    let raw: UnsafeMutableRawPointer

    init(_ type: Int32) throws {
      guard let context = zmq_ctx_new() else { throw Failure("create a context") }
      guard let raw = zmq_socket(context, type) else {
        zmq_ctx_term(context)
        throw Failure("create a socket")
      }
      (self.context, self.raw) = (context, raw)
    }

    deinit {
      zmq_close(raw)
      zmq_ctx_term(context)
    }
  }
}
