import ByzProtocol
import ByzWire
import CZeroMQ

/// A node's place on the channel that Byzantine nodes have among themselves. Honest nodes have none.
public enum AdversaryBus: Sendable {
  case none
  /// A server that tells its accomplices, at this address, what honest workers send it.
  case telling(at: String)
  /// A worker that hears what these servers tell at their addresses.
  case listening(to: [NodeID: String])
}

/// The sockets of a node's place on the bus.
///
/// What is told is a message as its sender would write it: accomplices may say anything to each other. Who does not keep
/// up misses some of it.
struct BusSockets {
  private let teller: ZeroMQSocket?
  let heard: [ZeroMQSocket]

  init(_ bus: AdversaryBus, in context: ZeroMQContext, keys: LinkKeys?, limits: SocketLimits) throws {
    switch bus {
    case .none:
      (teller, heard) = (nil, [])
    case .telling(let address):
      let socket = try ZeroMQSocket(ZMQ_PUB, in: context)
      try limits.apply(to: socket, isProtected: keys != nil)
      try keys?.protect(listening: socket, as: .bus)
      // Nobody waits for what is told at the end.
      try socket.set(ZMQ_LINGER, to: Int32(0))
      try Self.bind(socket, to: address)
      (teller, heard) = (socket, [])
    case .listening(let addresses):
      teller = nil
      heard = try addresses.sorted { $0.key < $1.key }.map { server, address in
        let socket = try ZeroMQSocket(ZMQ_SUB, in: context)
        try limits.apply(to: socket, isProtected: keys != nil)
        try keys?.protect(dialing: server, socket)
        try socket.subscribeToAll()
        try socket.connect(to: address)
        return socket
      }
    }
  }

  /// Listens at an address that others connect to. Where that is a name, or another machine's on the way here, every
  /// interface will do.
  private static func bind(_ socket: ZeroMQSocket, to address: String) throws {
    do {
      try socket.bind(to: address)
    } catch {
      guard address.hasPrefix("tcp://"), let port = address.split(separator: ":").last else { throw error }
      try socket.bind(to: "tcp://*:\(port)")
    }
  }

  func tell(_ message: OutgoingMessage) throws { _ = try teller?.send(message) }
}
