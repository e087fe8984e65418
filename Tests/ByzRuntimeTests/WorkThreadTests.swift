import ByzProtocol
import Dispatch
import Synchronization
import Testing

@testable import ByzRuntime

@Suite struct WorkThreadTests {
  /// A tool that only its own thread may touch.
  private final class Counter {
    var count = 0
  }

  @Test func doesOneAfterTheOther() {
    let done = DispatchSemaphore(value: 0)
    let box = Box()
    let thread = WorkThread(name: "test", prepare: { Counter() }, failed: { _ in Issue.record("it has not failed") })
    for _ in 0..<100 {
      thread.perform { counter in
        counter.count += 1
        box.append(counter.count)
        if counter.count == 100 { done.signal() }
      }
    }
    #expect(done.wait(timeout: .now() + 20) == .success)
    thread.end()
    #expect(box.values == Array(1...100))
  }

  @Test func tellsOfAFailedPreparation() {
    struct Failure: Error {}
    let told = DispatchSemaphore(value: 0)
    let thread = WorkThread<Counter>(name: "test", prepare: { throw Failure() }, failed: { _ in told.signal() })
    thread.perform { _ in Issue.record("there is nothing to work with") }
    #expect(told.wait(timeout: .now() + 20) == .success)
    thread.end()
  }

  @Test func timersComeWhenTheyAreDue() {
    var timers = TimerQueue()
    #expect(timers.millisecondsToNext == nil && timers.takeDue().isEmpty)
    timers.schedule(.linger, afterMilliseconds: 1_000_000)
    timers.schedule(.grace(.model, step: 2), afterMilliseconds: 0)
    timers.schedule(.askAgain(.momentum, step: 1), afterMilliseconds: -5)
    #expect(timers.millisecondsToNext == 0)
    #expect(timers.takeDue() == [.askAgain(.momentum, step: 1), .grace(.model, step: 2)])
    #expect(timers.takeDue().isEmpty)
    #expect((900_000...1_000_000).contains(timers.millisecondsToNext ?? 0))
  }
}

/// An array behind a lock.
private final class Box: Sendable {
  private let storage = Mutex<[Int]>([])

  var values: [Int] { storage.withLock { $0 } }

  func append(_ value: Int) { storage.withLock { $0.append(value) } }
}
