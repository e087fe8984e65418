/// Delta: how much later than a quorum an honest node's vector of the same kind and step may come, in milliseconds, and
/// whether it is measured.
public struct DelayBound: Hashable, Sendable {
  /// The most that anybody is waited for once there is a quorum.
  public let milliseconds: Int
  /// The least that Delta is measured to be; if it equals `milliseconds`, Delta is not measured.
  public let floorMilliseconds: Int

  public init(milliseconds: Int = 500, floorMilliseconds: Int = 50) {
    self.milliseconds = milliseconds
    self.floorMilliseconds = floorMilliseconds
  }

  /// Whether nodes measure Delta.
  public var isMeasured: Bool { floorMilliseconds < milliseconds }

  /// The parts of the longest wait, in order: the floor, then each as long as all before it, so that after every part the
  /// wait has lasted twice as long. A wait that is not measured is one part; one of no time has none.
  var parts: [Int] {
    guard milliseconds > 0 else { return [] }
    guard floorMilliseconds < milliseconds else { return [milliseconds] }
    var parts = [max(floorMilliseconds, 1)]
    var total = parts[0]
    while total < milliseconds {
      parts.append(min(total, milliseconds - total))
      total += parts[parts.count - 1]
    }
    return parts
  }
}

/// Delta as a node measures it: the shortest wait within which nearly all of the recent vectors came.
///
/// A node has no clock, but it knows which of the parts of a wait (`DelayBound.parts`) had passed when a vector came. So Delta is
/// the floor times a power of two, or the bound. A vector that comes when the wait is over counts as one that needs twice
/// as long; until there are enough vectors to judge by, Delta is the bound.
///
/// Who is slow on purpose raises Delta up to the bound, and no further.
struct MeasuredDelay {
  /// The share of recent vectors that must have come in time.
  static let share = 0.99
  /// How many vectors are remembered.
  static let window = 256
  /// From how many on there is something to judge by.
  static let fewest = 100

  private let parts: [Int]
  /// How many parts had to pass, of the last vectors; a ring.
  private var recent: [Int] = []
  private var next = 0
  private var counts: [Int]

  init(_ bound: DelayBound) {
    parts = bound.parts
    counts = Array(repeating: 0, count: parts.count)
  }

  /// The parts of a wait as long as Delta is now.
  var current: ArraySlice<Int> {
    guard parts.count > 1, recent.count >= Self.fewest else { return parts[...] }
    let needed = Int((Self.share * Double(recent.count)).rounded(.up))
    var seen = 0
    for (level, count) in counts.enumerated() {
      seen += count
      if seen >= needed { return parts[...level] }
    }
    return parts[...]
  }

  /// Delta, in milliseconds.
  var milliseconds: Int { current.reduce(0, +) }

  /// Takes note of a vector that came after `passed` parts of its wait; one that came after its end has needed one more than
  /// the wait had.
  mutating func note(passed: Int) {
    guard !parts.isEmpty else { return }
    let level = min(passed, parts.count - 1)
    counts[level] += 1
    if recent.count < Self.window {
      recent.append(level)
    } else {
      counts[recent[next]] -= 1
      recent[next] = level
      next = (next + 1) % Self.window
    }
  }
}
