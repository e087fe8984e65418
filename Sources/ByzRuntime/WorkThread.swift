import Foundation
import Synchronization

/// A thread that does one piece of work after another on something that it alone may touch, such as a model of libtorch.
final class WorkThread<Tool>: Sendable {
  private let queue = WorkQueue<Tool>()
  private let isOver = DispatchSemaphore(value: 0)
  private let used = Mutex(0.0)

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - niceness: how far the thread steps back behind others, 0 for not at all.
  ///   - isLazy: whether the tool is made when there is work, instead of at once.
  ///   - prepare: makes the tool, on the thread itself.
  ///   - failed: told, once, if `prepare` threw; no work is done then.
  init(
    name: String, niceness: Int32 = 0, isLazy: Bool = false, prepare: @escaping @Sendable () throws -> Tool,
    failed: @escaping @Sendable (any Error) -> Void
  ) {
    let thread = Thread { [self] in
      defer { isOver.signal() }
      // On Linux niceness belongs to a thread.
      if niceness != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
      guard !isLazy || queue.waitForWork() else { return }
      do {
        let tool = try prepare()
        while let work = queue.next() {
          work(tool)
          used.withLock { $0 = ProcessorMeter.seconds(of: CLOCK_THREAD_CPUTIME_ID) }
        }
      } catch {
        failed(error)
      }
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Seconds of processor time that the thread had used when it finished its last piece of work.
  var cpuSeconds: Double { used.withLock { $0 } }

  /// Queues a piece of work.
  func perform(_ work: @escaping @Sendable (Tool) -> Void) { queue.put(work) }

  /// Drops what is queued and waits until the thread has ended: a library may not like to be used while the process exits.
  ///
  /// Call it once.
  func end() {
    queue.close()
    isOver.wait()
  }
}

private final class WorkQueue<Tool>: @unchecked Sendable {  // Safe: everything is behind the condition's lock.
  private let condition = NSCondition()
  private var waiting: [@Sendable (Tool) -> Void] = []
  private var isClosed = false

  func put(_ work: @escaping @Sendable (Tool) -> Void) {
    condition.withLock { waiting.append(work) }
    condition.signal()
  }

  func close() {
    condition.withLock {
      isClosed = true
      waiting = []
    }
    condition.signal()
  }

  func next() -> (@Sendable (Tool) -> Void)? {
    condition.withLock { workIsThere() ? waiting.removeFirst() : nil }
  }

  /// Waits until work has come, or the queue was closed instead; says whether there is work.
  func waitForWork() -> Bool { condition.withLock { workIsThere() } }

  /// With the lock held.
  private func workIsThere() -> Bool {
    while waiting.isEmpty && !isClosed { condition.wait() }
    return !waiting.isEmpty
  }
}
