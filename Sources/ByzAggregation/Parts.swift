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

  /// The sums over all parts of the `count` numbers that `body` writes for each, added up in the order of the parts.
  ///
  /// `body` gets the coordinates of a part and `count` zeros to write to. 8 * `count` bytes of memory for each part.
  static func sums(
    of length: Int, count: Int, threads: Int, _ body: @Sendable (Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let parts = Self.count(of: length)
    var values = Array(repeating: 0.0, count: parts * count)
    values.withUnsafeMutableBufferPointer { values in
      let target = Target(base: values.baseAddress)
      forEach(of: length, threads: threads) { part, range in
        if let base = target.base { body(range, base + part * count) }
      }
    }
    var sums = Array(repeating: 0.0, count: count)
    for part in 0..<parts {
      for index in 0..<count { sums[index] += values[part * count + index] }
    }
    return sums
  }
}

/// Memory that several threads write to, each to a part of its own.
struct Target<Element>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>?
}
