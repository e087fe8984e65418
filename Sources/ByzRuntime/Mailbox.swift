import ByzGradients
import ByzNumerics
import ByzTransport
import Synchronization

/// What other threads have to say to a node's own.
enum Notice: Sendable {
  case gradient(step: Int, draw: Int, Vector, loss: Double)
  case evaluated(step: Int, Evaluation)
  case failed(String)
  /// A signal asks the node to end.
  case interrupted
}

/// Notices on their way to a node's thread, which they wake.
final class Mailbox: Sendable {
  private let notices = Mutex<[Notice]>([])
  private let waker: Waker

  init(waking waker: Waker) { self.waker = waker }

  func post(_ notice: Notice) {
    notices.withLock { $0.append(notice) }
    waker.wake()
  }

  func takeAll() -> [Notice] {
    notices.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
