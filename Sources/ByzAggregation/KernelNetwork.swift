import CKernels

/// A selection network for any number of vectors, as the kernels take it.
struct KernelNetwork: Sendable {
  private let count: Int
  private let comparators: [byz_comparator]
  private let leadingWhole: Int

  /// The network for `count` values after which every position in `ranks` holds the value of that rank, counted from 0.
  init(count: Int, ranks: ClosedRange<Int>) {
    // The kernels sort every four values while they load them.
    let network = SelectionNetwork(count: count, ranks: ranks, presorted: 4)
    self.count = count
    comparators = network.comparators.map {
      byz_comparator(low: Int32($0.low), high: Int32($0.high), is_low_read: $0.isLowRead, is_high_read: $0.isHighRead)
    }
    leadingWhole = network.leadingWhole
  }

  /// No network but room for `count` vectors, for a kernel that needs no more for so few.
  init(roomFor count: Int) {
    self.count = count
    comparators = []
    leadingWhole = 0
  }

  /// Lets `body` use the network, and room for a block of 64 bytes of each vector.
  func withNetwork(_ body: (byz_network, UnsafeMutableRawPointer?) -> Void) {
    comparators.withUnsafeBufferPointer { comparators in
      let network = byz_network(comparators: comparators.baseAddress, whole: leadingWhole, count: comparators.count)
      // Whole groups of four.
      withUnsafeTemporaryAllocation(byteCount: (count + 3) / 4 * 4 * 64, alignment: 64) {
        body(network, $0.baseAddress)
      }
    }
  }
}
