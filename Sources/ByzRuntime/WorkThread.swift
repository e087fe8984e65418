import Foundation
import Synchronization

/// A thread that does one piece of work after another on something that it alone may touch, such as a model of libtorch.
final class WorkThread<Tool>: Sendable {
  private let queue = WorkQueue<Tool>()
  private let isOver = DispatchSemaphore(value: 0)
  /// The clock of the thread's processor time, once it runs.
  private let clock = Mutex<clockid_t?>(nil)

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - niceness: how far the thread steps back behind others once the tool is made, 0 for not at all. Where processors
  ///     are busy, making it like that could take as long as a run.
  ///   - prepare: makes the tool, on the thread itself.
  ///   - failed: told, once, if `prepare` threw; no work is done then.
  init(
    name: String, niceness: Int32 = 0, prepare: @escaping @Sendable () throws -> Tool,
    failed: @escaping @Sendable (any Error) -> Void
  ) {
    let thread = Thread { [self] in
      defer { isOver.signal() }
      var own = clockid_t()
      if pthread_getcpuclockid(pthread_self(), &own) == 0 { clock.withLock { $0 = own } }
      do {
        let tool = try prepare()
        // On Linux niceness belongs to a thread.
        if niceness != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
        while let work = queue.next() { work(tool) }
      } catch {
        failed(error)
      }
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Seconds of processor time that the thread has used. Ask before `end`.
  var cpuSeconds: Double { clock.withLock { $0 }.map(ProcessorMeter.seconds) ?? 0 }

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
    condition.lock()
    defer { condition.unlock() }
    while waiting.isEmpty && !isClosed { condition.wait() }
    return waiting.isEmpty ? nil : waiting.removeFirst()
  }
}
