import ByzNumerics
import CKernels

/// The sets of instructions that this processor has.
let sets: [byz_instructions] = byz_best_instructions() == .avx2 ? [.portable, .avx2] : [.portable]

/// Copies that are aligned for floats and no more.
func misaligned(_ vectors: [Vector]) -> [Vector] {
  vectors.map { vector in
    let owner = Vector([0] + vector.elements)
    return owner.withUnsafeBufferPointer { elements in
      elements.baseAddress.map { Vector(borrowing: $0 + 1, count: vector.count, owner: owner) } ?? vector
    }
  }
}
