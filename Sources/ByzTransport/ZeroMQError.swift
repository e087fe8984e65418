import CZeroMQ

/// What libzmq reported, and during what.
public struct ZeroMQError: Error, CustomStringConvertible, Sendable {
  public let action: String
  public let code: Int32

  init(_ action: String) {
    self.action = action
    code = zmq_errno()
  }

  public var description: String { "cannot \(action): \(String(cString: zmq_strerror(code)))" }
}
