import Foundation
import Testing

@testable import ByzTransport

@Suite(.timeLimit(.minutes(1))) struct WakerTests {
  @Test func wakingEndsTheWait() throws {
    let node = try Network(.ipc).node(.worker(0))
    let waker = node.transport.waker
    // Whichever comes first, the wait or the waking: without the latter the former would not end.
    for _ in 0..<20 {
      Thread.detachNewThread { waker.wake() }
      try node.transport.poll(atMost: nil) { _ in }
    }
  }

  @Test func manyWakesWakeOnce() throws {
    let node = try Network(.ipc).node(.worker(0))
    // More than a pipe holds: none of them waits for a reader.
    for _ in 0..<100_000 { node.transport.waker.wake() }
    try node.transport.poll(atMost: nil) { _ in }
    var item = pollfd(fd: node.transport.waker.readEnd, events: Int16(POLLIN), revents: 0)
    #expect(Glibc.poll(&item, 1, 0) == 0)
    // And the next one counts again.
    node.transport.waker.wake()
    try node.transport.poll(atMost: nil) { _ in }
  }
}
