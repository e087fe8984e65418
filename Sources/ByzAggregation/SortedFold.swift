import ByzNumerics
import CKernels

/// A mean of some of the values of each coordinate, which ones depending on their order.
///
/// It is computed in two steps, sorting and then adding up. Up to 16 values are sorted in registers, more by a
/// selection network of O(n log^2 n) comparators.
struct SortedFold: Sendable {
  private let fold: byz_fold
  private let dropped: Int
  private let network: KernelNetwork

  /// The `fold` of `count` vectors, of whose values `dropped` are dropped at an end, or at both.
  init(_ fold: byz_fold, dropping dropped: Int, of count: Int) {
    self.fold = fold
    self.dropped = dropped
    if count <= byz_few {
      network = KernelNetwork(roomFor: count)
    } else {
      let ranks = fold == .middle ? dropped...count - 1 - dropped : 0...count - 1
      network = KernelNetwork(count: count, ranks: ranks)
    }
  }

  /// The fold of `inputs`, on up to `threads` threads.
  func vector(of inputs: [Vector], threads: Int) -> Vector {
    coordinatewise(inputs, threads: threads) { rows, length, result in write(rows, length, to: result) }
  }

  /// Writes the fold of the vectors of `length` elements at `rows`.
  func write(
    _ rows: [UnsafePointer<Float>?], _ length: Int, to result: UnsafeMutablePointer<Float>?,
    instructions: byz_instructions = byz_best_instructions()
  ) {
    network.withNetwork { network, room in
      byz_fold_sorted(instructions, fold, dropped, network, rows, rows.count, length, room, result)
    }
  }
}
