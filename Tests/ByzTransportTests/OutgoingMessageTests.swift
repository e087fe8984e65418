import ByzNumerics
import CZeroMQ
import Testing

@testable import ByzTransport

@Suite(.timeLimit(.minutes(1))) struct OutgoingMessageTests {
  /// A peer can hang up between the two frames of a message. That loses the message, and must not end the sender.
  @Test func aLinkThatGoesBetweenHeaderAndPayloadIsNoError() throws {
    let address = "ipc:///tmp/byzsgd-nobody-is-there"
    let socket = try ZeroMQSocket(ZMQ_DEALER, in: ZeroMQContext())
    try SocketLimits(largestFrame: 64, queuedMessages: 6).apply(to: socket, isProtected: false)
    try socket.connect(to: address)
    let message = try OutgoingMessage(header: [1], payload: Vector([1, 2]))
    #expect(zmq_send(socket.raw, message.header, 1, ZMQ_SNDMORE | ZMQ_DONTWAIT) == 1)
    #expect(zmq_disconnect(socket.raw, address) == 0)
    #expect(throws: Never.self) { try message.sendPayload(over: socket.raw) }
    // Nothing of it is left that the next message could be taken for.
    #expect(try socket.send(message) == .full)
    try socket.connect(to: address)
    #expect(try socket.send(message) == .sent)
  }

  @Test func thePayloadIsLetGoWithTheMessage() throws {
    var vector: Vector? = Vector([1, 2, 3])
    weak let observed = vector
    var message: OutgoingMessage? = try OutgoingMessage(header: [1], payload: try #require(vector))
    vector = nil
    #expect(observed != nil && message?.hasPayload == true)
    message = nil
    #expect(observed == nil)
  }
}
