import Dispatch

/// Cuts the coordinates of long vectors into parts that threads can work on at the same time.
enum Parts {
  /// The coordinates of a part: 64 kB of a vector, few enough to stay in a cache, enough to be worth a thread's while.
  static let length = 16_384

  /// The number of parts of `length` coordinates.
  static func count(of length: Int) -> Int { (length + Self.length - 1) / Self.length }

  /// Calls `body` for every part with its index and its coordinates, on up to `threads` threads at the same time.
  ///
  /// Where the parts end depends on `length` alone, so a sum over each part, added up in order, has the same bits
  /// whatever `threads` is.
  static func forEach(of length: Int, threads: Int, _ body: @Sendable (Int, Range<Int>) -> Void) {
    let count = count(of: length)
    @Sendable func work(_ part: Int) { body(part, part * Self.length..<min(length, (part + 1) * Self.length)) }
    let workers = min(threads, count)
    guard workers > 1 else { return (0..<count).forEach(work) }
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for part in stride(from: worker, to: count, by: workers) { work(part) }
    }
  }
}
