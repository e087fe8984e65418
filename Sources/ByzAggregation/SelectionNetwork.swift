/// A fixed sequence of comparisons that brings the values of the wanted ranks to their places, whatever the values.
///
/// It is Batcher's odd-even merge sort (Batcher, "Sorting networks and their applications", AFIPS 1968), cut down to what
/// the wanted ranks depend on. For n values it has O(n log^2 n) comparators; with groups of four
/// presorted, 6 for 7 values and 31 for 15.
struct SelectionNetwork {
  /// Puts the smaller of two values at `low` and the larger one at `high`; `low < high`.
  struct Comparator: Equatable {
    var low: Int
    var high: Int
    /// Whether the smaller value is read afterwards, by a later comparator or by the caller.
    var isLowRead = true
    /// Whether the larger value is; one of the two always is.
    var isHighRead = true
  }

  /// The comparators in the order in which they are to be applied.
  let comparators: [Comparator]

  /// The network for `count` values after which every position in `ranks` holds the value of that rank, counted from 0.
  ///
  /// It relies on every `presorted` values, a power of two, being in order already: 0 to 3, 4 to 7 and so on for 4.
  init(count: Int, ranks: ClosedRange<Int>, presorted: Int) {
    var isRead = Array(repeating: false, count: count)
    for rank in ranks { isRead[rank] = true }
    var kept: [Comparator] = []
    // From the end backwards, since what a comparator is good for depends on what comes after it.
    for var comparator in Self.sorting(count: count, presorted: presorted).reversed()
    where isRead[comparator.low] || isRead[comparator.high] {
      comparator.isLowRead = isRead[comparator.low]
      comparator.isHighRead = isRead[comparator.high]
      isRead[comparator.low] = true
      isRead[comparator.high] = true
      kept.append(comparator)
    }
    comparators = kept.reversed()
  }

  /// How many comparators come before the first one of which only one value is read.
  var leadingWhole: Int { comparators.firstIndex { !$0.isLowRead || !$0.isHighRead } ?? comparators.count }

  /// Batcher's network for `count` values, after Knuth's algorithm 5.2.2M, which takes any count.
  static func sorting(count: Int, presorted: Int) -> [Comparator] {
    var comparators: [Comparator] = []
    var sorted = presorted  // Runs of this length are sorted when a pass of the outer loop begins.
    while sorted < count {
      var stride = sorted
      while stride >= 1 {
        appendMerge(of: sorted, stride: stride, count: count, to: &comparators)
        stride /= 2
      }
      sorted *= 2
    }
    return comparators
  }

  /// One step of merging pairs of sorted runs: the comparators between positions `stride` apart.
  private static func appendMerge(of sorted: Int, stride: Int, count: Int, to comparators: inout [Comparator]) {
    var start = stride % sorted
    while start + stride < count {
      for low in start..<min(start + stride, count - stride)
      // Both positions must belong to the same pair of runs.
      where low / (2 * sorted) == (low + stride) / (2 * sorted) {
        comparators.append(Comparator(low: low, high: low + stride))
      }
      start += 2 * stride
    }
  }
}
