import ByzNumerics
import CKernels

extension DistanceMatrix {
  /// The squared Euclidean distances of vectors of one length d: sums of squared differences, all in f64.
  ///
  /// The Gram form |x|^2 + |y|^2 - 2 <x, y> would be cheaper, but loses a small difference under a large common offset.
  /// The largest floats do not overflow: (2 * 3.4e38)^2 is 4.6e77. The sum's order depends on d alone, so a distance
  /// depends on nothing but the two vectors, and (x, y) and (y, x) give the same bits.
  ///
  /// The pass goes block by block over the coordinates: each vector is read from memory once, turned into doubles, and
  /// then compared with the others in the cache. O(n^2 d) time, 1 kB of scratch memory for each vector.
  init(squaredBetween inputs: [Vector], instructions: byz_instructions = byz_best_instructions()) {
    let length = commonLength(of: inputs)
    let count = inputs.count
    let room = count * byz_distance_block * MemoryLayout<Double>.stride
    let squares = withElements(of: inputs) { rows in
      withUnsafeTemporaryAllocation(byteCount: room, alignment: 64) { room in
        [Double](unsafeUninitializedCapacity: count * count) { squares, written in
          byz_squared_distances(
            instructions, rows, count, length, room.baseAddress?.assumingMemoryBound(to: Double.self),
            squares.baseAddress)
          written = count * count
        }
      }
    }
    self.init(count: count, values: squares)
  }
}
