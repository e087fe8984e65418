import ByzProtocol
import Dispatch

/// Milliseconds of a clock that only goes forward.
package struct MonotonicTime: Comparable {
  package let milliseconds: Int

  package static var now: MonotonicTime {
    MonotonicTime(milliseconds: Int(DispatchTime.now().uptimeNanoseconds / 1_000_000))
  }

  package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }
}

/// A machine's timers. There are few of them at any time, so a plain list serves.
struct TimerQueue {
  private var waiting: [(due: MonotonicTime, timer: Timer)] = []

  mutating func schedule(_ timer: Timer, afterMilliseconds delay: Int) {
    waiting.append((MonotonicTime(milliseconds: MonotonicTime.now.milliseconds + delay), timer))
  }

  /// How long it is until the next timer is due; nil if there is none.
  var millisecondsToNext: Int? {
    waiting.map(\.due).min().map { max(0, $0.milliseconds - MonotonicTime.now.milliseconds) }
  }

  /// Takes out the timers that are due, in the order in which they were.
  mutating func takeDue() -> [Timer] {
    let now = MonotonicTime.now
    let due = waiting.filter { $0.due <= now }.sorted { $0.due < $1.due }
    waiting.removeAll { $0.due <= now }
    return due.map(\.timer)
  }
}
