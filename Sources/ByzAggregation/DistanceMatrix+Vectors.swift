import ByzNumerics

/// So many coordinates of all vectors are in the cache at a time, as doubles.
private let blockLength = 128

/// Two of these fill a good part of the vector registers that every x86-64 processor has.
private typealias Lanes = SIMD8<Double>

extension DistanceMatrix {
  /// The squared Euclidean distances of vectors of one length d: sums of squared differences, all in f64.
  ///
  /// The Gram form |x|^2 + |y|^2 - 2 <x, y> would be cheaper, but loses a small difference under a large common offset.
  /// The largest floats do not overflow: (2 * 3.4e38)^2 is 4.6e77. The sum's order depends on d alone, so a distance
  /// depends on nothing but the two vectors, and (x, y) and (y, x) give the same bits.
  ///
  /// The pass goes block by block over the coordinates: each vector is read from memory once, turned into doubles, and
  /// then compared with the others in the cache. O(n^2 d) time, 1 kB of scratch memory for each vector.
  init(squaredBetween inputs: [Vector]) {
    let length = commonLength(of: inputs)
    var matrix = DistanceMatrix(count: inputs.count)
    withElements(of: inputs) { rows in
      let lanesPerRow = blockLength / Lanes.scalarCount
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: rows.count * lanesPerRow) { block in
        for start in stride(from: 0, to: length, by: blockLength) {
          let count = min(blockLength, length - start)
          for row in 0..<rows.count { widen(rows[row] + start, count: count, to: block, at: row * lanesPerRow) }
          matrix.addSquares(of: UnsafeBufferPointer(block), lanesPerRow: lanesPerRow)
        }
      }
    }
    self = matrix
  }

  /// Adds what one block of coordinates contributes to every pair's squared distance.
  private mutating func addSquares(of block: UnsafeBufferPointer<Lanes>, lanesPerRow: Int) {
    for first in 0..<count {
      let left = block.extracting(first * lanesPerRow..<(first + 1) * lanesPerRow)
      for second in first + 1..<max(count, first + 1) {
        let right = block.extracting(second * lanesPerRow..<(second + 1) * lanesPerRow)
        self[first, second] += squaredDistance(left, right)
      }
    }
  }
}

/// Writes `count` floats as doubles to `block` and fills the row up with zeros, which add nothing to a distance.
private func widen(
  _ elements: UnsafePointer<Float>, count: Int, to block: UnsafeMutableBufferPointer<Lanes>, at lane: Int
) {
  guard let base = block.baseAddress else { return }
  let row = UnsafeMutableRawPointer(base + lane).assumingMemoryBound(to: Double.self)
  for index in 0..<count { row[index] = Double(elements[index]) }
  for index in count..<max(count, blockLength) { row[index] = 0 }
}

/// The sum of squared differences of two rows of a block, in an order that does not depend on the platform.
@inline(__always)
private func squaredDistance(_ left: UnsafeBufferPointer<Lanes>, _ right: UnsafeBufferPointer<Lanes>) -> Double {
  var sums = Lanes.zero
  for lane in 0..<left.count {
    let difference = left[lane] - right[lane]
    sums += difference * difference
  }
  let four = sums.lowHalf + sums.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}
