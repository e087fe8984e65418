import ByzNumerics
import CKernels

extension DistanceMatrix {
  /// The squared Euclidean distances between vectors of one length d, of which there is at least one.
  ///
  ///     D[i, j] = sum over c of (x_i[c] - x_j[c])^2
  ///
  /// - inputs: n finite vectors x_i of d elements each; the matrix has n rows and columns, in their order.
  /// - Rounding: differences, squares and sums in f64. The Gram form |x|^2 + |y|^2 - 2 <x, y> would be cheaper, but loses a
  ///   small difference under a large common offset. The largest floats do not overflow: (2 * 3.4e38)^2 is 4.6e77.
  /// - Order: the sum's order depends on d alone. So a distance depends on nothing but the two vectors, whatever the
  ///   others, the number of threads and the set of instructions; and D[i, j] has the same bits as D[j, i].
  /// - Non-finite inputs: must not come in.
  /// - Complexity: O(n^2 d) time in one pass: block by block, each vector is read from memory once, turned into doubles,
  ///   and then compared with the others in the cache. 1 kB of scratch memory for each vector and thread, and 8 n^2 bytes
  ///   for every 16,384 coordinates.
  /// - Example: (0, 0), (3, 4) and (0, 1) give D[0, 1] = 25, D[0, 2] = 1 and D[1, 2] = 18.
  public init(squaredBetween inputs: [Vector], threads: Int = 1) {
    self.init(squaredBetween: inputs, threads: threads, instructions: byz_best_instructions())
  }

  /// The same with a set of instructions, which does not show either.
  init(squaredBetween inputs: [Vector], threads: Int, instructions: byz_instructions) {
    let length = commonLength(of: inputs)
    let count = inputs.count
    let squares = Parts.sums(of: length, count: count * count, threads: threads) { part, squares in
      withElements(of: inputs) { rows in
        withBlocks(count) { room in
          let rows = rows.map { $0.map { $0 + part.lowerBound } }
          byz_squared_distances(instructions, rows, count, part.count, room, squares)
        }
      }
    }
    self.init(count: count, values: squares)
  }

  /// The squared distances between `vector` and each of `others`, with the bits that a matrix of them all has.
  static func squares(
    from vector: Vector, to others: [Vector], threads: Int, instructions: byz_instructions = byz_best_instructions()
  ) -> [Double] {
    let all = [vector] + others
    let length = commonLength(of: all)
    return Parts.sums(of: length, count: others.count, threads: threads) { part, squares in
      withElements(of: all) { rows in
        withBlocks(all.count) { room in
          let rows = rows.map { $0.map { $0 + part.lowerBound } }
          byz_squared_distances_from(
            instructions, rows[0], Array(rows[1...]), others.count, part.count, room, squares)
        }
      }
    }
  }
}

extension Round {
  /// The squared distances between the round's `inputs`: those that it knows, or else computed.
  func squaredDistances(between inputs: [Vector]) -> DistanceMatrix {
    guard let distances else { return DistanceMatrix(squaredBetween: inputs, threads: threads) }
    precondition(distances.count == inputs.count, "distances of \(distances.count) vectors for \(inputs.count) inputs")
    return distances
  }
}

/// Lends `body` scratch memory for `count` blocks of coordinates.
private func withBlocks(_ count: Int, _ body: (UnsafeMutablePointer<Double>?) -> Void) {
  let size = count * byz_distance_block * MemoryLayout<Double>.stride
  withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { room in
    body(room.baseAddress?.assumingMemoryBound(to: Double.self))
  }
}
