import ByzNumerics
import Dispatch

/// Memory that vectors are copied to, for what a copy costs.
final class CopyRoom: @unchecked Sendable {  // Safe: each thread writes to a part of its own.
  private let room: UnsafeMutableRawBufferPointer

  /// Room for `vectors`, which have one length.
  init(for vectors: [Vector]) {
    room = .allocate(byteCount: vectors.reduce(0) { $0 + 4 * $1.count }, alignment: 64)
  }

  deinit { room.deallocate() }

  /// Copies `vectors` one after the other, a share of each by each of `threads`.
  func copy(_ vectors: [Vector], threads: Int = 1) {
    @Sendable func copy(share: Int) {
      for (index, vector) in vectors.enumerated() {
        vector.withUnsafeBufferPointer { elements in
          let part = elements.count * share / threads..<elements.count * (share + 1) / threads
          let start = 4 * (index * elements.count + part.lowerBound)
          let target = UnsafeMutableRawBufferPointer(rebasing: room[start..<start + 4 * part.count])
          target.copyMemory(from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: elements[part])))
        }
      }
    }
    if threads == 1 { copy(share: 0) } else { DispatchQueue.concurrentPerform(iterations: threads, execute: copy) }
    keep(room)
  }
}
