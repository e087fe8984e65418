import ByzNumerics
import CZeroMQ
import Foundation
import Synchronization
import Testing

@testable import ByzTransport

/// A process gets signals, when a child of it ends or somebody interrupts it, at any moment of its work.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SignalTests {
  private final class Flag: Sendable {
    let isUp = Atomic(false)
  }

  /// Runs `body` while one signal after the other comes in.
  private func inAStorm(_ body: () throws -> Void) rethrows {
    signal(SIGUSR1) { _ in }
    // The threads that tests run on do not get signals unless they ask for them.
    var (signals, former) = (sigset_t(), sigset_t())
    sigemptyset(&signals)
    sigaddset(&signals, SIGUSR1)
    pthread_sigmask(SIG_UNBLOCK, &signals, &former)
    let (thread, isOver) = (pthread_self(), Flag())
    let storm = Thread { while !isOver.isUp.load(ordering: .relaxed) { pthread_kill(thread, SIGUSR1) } }
    storm.start()
    defer {
      isOver.isUp.store(true, ordering: .relaxed)
      while !storm.isFinished { sched_yield() }
      pthread_sigmask(SIG_SETMASK, &former, nil)
    }
    try body()
  }

  @Test func messagesComeAndGo() throws {
    let network = try Network(.ipc)
    let (server, worker) = (try network.node(.server(0)), try network.node(.worker(0)))
    try inAStorm {
      for step in 0..<200 {
        try worker.send(.vector(.momentum, step: step, vector(1)), to: server.id)
        try #require(try run(server, worker) { server.received.count == step + 1 }, "step \(step)")
        try server.send(.vector(.model, step: step, vector(1)), to: worker.id)
        try #require(try run(server, worker) { worker.received.count == step + 1 }, "step \(step)")
      }
    }
    #expect(server.transport.counters.dropped.isEmpty && worker.transport.counters.dropped.isEmpty)
  }

  /// libzmq looks for signals at every hundredth frame that it hands over, first or not.
  @Test func messagesStayWhole() throws {
    let context = try ZeroMQContext()
    let (sender, receiver) = (try ZeroMQSocket(ZMQ_DEALER, in: context), try ZeroMQSocket(ZMQ_DEALER, in: context))
    for socket in [sender, receiver] {
      for option in [ZMQ_SNDHWM, ZMQ_RCVHWM, ZMQ_LINGER] { try socket.set(option, to: Int32(0)) }
    }
    try receiver.bind(to: "inproc://storm")
    try sender.connect(to: "inproc://storm")
    let message = try OutgoingMessage(header: [1, 2, 3], payload: [4, 5])
    var lengths: [[Int]] = []
    try inAStorm {
      for _ in 0..<5_000 {
        #expect(try sender.send(message) == .sent)
      }
      while let frames = try receiver.receive(atMost: 3) { lengths.append(frames.map(\.bytes.count)) }
    }
    #expect(lengths.count == 5_000 && Set(lengths) == [[3, 2]])
  }
}
