import ByzProtocol
import ByzWire
import CZeroMQ

/// A node's place on the channel that Byzantine nodes have among themselves. Honest nodes have none.
public enum AdversaryBus: Sendable {
  case none
  /// A server that tells its accomplices, at this address, what honest workers send it.
  case telling(at: String)
  /// A worker that hears what is told at these addresses.
  case listening(to: [String])
}

/// The sockets of a node's place on the bus.
///
/// What is told is a message as its sender would write it: accomplices may say anything to each other. Who does not keep
/// up misses some of it.
struct BusSockets {
  /// Some steps of a large run.
  private static let queuedMessages: Int32 = 64

  private let teller: ZeroMQSocket?
  let heard: [ZeroMQSocket]

  init(_ bus: AdversaryBus, in context: ZeroMQContext, largestFrame: Int) throws {
    switch bus {
    case .none:
      (teller, heard) = (nil, [])
    case .telling(let address):
      let socket = try ZeroMQSocket(ZMQ_PUB, in: context)
      try socket.set(ZMQ_SNDHWM, to: Self.queuedMessages)
      try socket.set(ZMQ_LINGER, to: Int32(0))
      try socket.set(ZMQ_IPV6, to: Int32(1))
      try socket.bind(to: address)
      (teller, heard) = (socket, [])
    case .listening(let addresses):
      teller = nil
      heard = try addresses.map { address in
        let socket = try ZeroMQSocket(ZMQ_SUB, in: context)
        try socket.set(ZMQ_RCVHWM, to: Self.queuedMessages)
        try socket.set(ZMQ_MAXMSGSIZE, to: Int64(largestFrame))
        try socket.set(ZMQ_RECONNECT_IVL, to: Int32(50))
        try socket.set(ZMQ_IPV6, to: Int32(1))
        try socket.subscribeToAll()
        try socket.connect(to: address)
        return socket
      }
    }
  }

  func tell(_ message: OutgoingMessage) throws { _ = try teller?.send(message) }
}
