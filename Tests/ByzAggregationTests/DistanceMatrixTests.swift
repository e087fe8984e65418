import ByzNumerics
import Testing

@testable import ByzAggregation

/// The sum of the squared differences, one after the other.
func naiveSquaredDistance(_ left: Vector, _ right: Vector) -> Double {
  zip(left.elements, right.elements).reduce(0) { sum, pair in
    let difference = Double(pair.0) - Double(pair.1)
    return sum + difference * difference
  }
}

extension DistanceMatrix {
  /// The bits of all numbers, row by row.
  var bits: [UInt64] {
    (0..<count).flatMap { row in (0..<count).map { self[row, $0].bitPattern } }
  }
}

@Suite struct DistanceMatrixTests {
  @Test func areExactForWholeNumbers() {
    // Whole numbers, so that both sums are exact whatever their order. The last lengths are around the end of a part.
    for length in [0, 1, 7, 8, 127, 128, 129, 1000, 16_383, 16_384, 16_385, 33_000] {
      var generator = SeededGenerator(seed: UInt64(length))
      let inputs = generator.vectors(5, length: length, .grid)
      let matrix = DistanceMatrix(squaredBetween: inputs)
      #expect(matrix.count == 5)
      for first in inputs.indices {
        for second in inputs.indices {
          let expected = naiveSquaredDistance(inputs[first], inputs[second])
          #expect(matrix[first, second] == expected, "\(first) and \(second), d = \(length), seed \(length)")
        }
      }
    }
  }

  @Test(arguments: Elements.allCases) func areCloseToTheNaiveSums(kind: Elements) {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let length = 1 + generator.index(below: 150)
      let inputs = generator.vectors(2 + Int(seed % 6), length: length, kind)
      let matrix = DistanceMatrix(squaredBetween: inputs)
      for second in inputs.indices {
        for first in 0..<second {
          // Sums of d squares, none of them negative, differ by d roundings at most, whatever the offset of the vectors.
          let expected = naiveSquaredDistance(inputs[first], inputs[second])
          let error = abs(matrix[first, second] - expected)
          #expect(error <= expected * Double(length) * .ulpOfOne, "\(first) and \(second), \(kind), seed \(seed)")
          #expect(matrix[first, second].isFinite, "\(first) and \(second), \(kind), seed \(seed)")
        }
      }
    }
  }

  @Test func keepSmallDifferencesAndHugeOnes() {
    // A float of 10^6 has a distance of 1/16 to the next one. In f32, or as |x|^2 + |y|^2 - 2 <x, y>, both would be lost.
    let near = DistanceMatrix(squaredBetween: [
      Vector(repeating: 1e6, count: 100), Vector(repeating: 1e6 + 0.0625, count: 100),
    ])
    #expect(near[0, 1] == 100 * 0.0625 * 0.0625)
    let largest = Double(Float.greatestFiniteMagnitude)
    let extremes = [Float.greatestFiniteMagnitude, -.greatestFiniteMagnitude].map { Vector(repeating: $0, count: 4) }
    #expect(DistanceMatrix(squaredBetween: extremes)[0, 1] == 16 * largest * largest)
    let tiny = [0, Float.leastNonzeroMagnitude].map { Vector([$0]) }
    #expect(DistanceMatrix(squaredBetween: tiny)[0, 1] == 0x1p-298)
  }

  @Test(arguments: Elements.allCases) func threadsDoNotShow(kind: Elements) {
    for length in [0, 1, 16_384, 50_000] {
      var generator = SeededGenerator(seed: UInt64(length))
      let inputs = generator.vectors(3, length: length, kind)
      let bits = DistanceMatrix(squaredBetween: inputs).bits
      for threads in [2, 3, 9] {
        let matrix = DistanceMatrix(squaredBetween: inputs, threads: threads)
        #expect(matrix.bits == bits, "\(threads) threads, \(kind), d = \(length), seed \(length)")
      }
    }
  }

  @Test func doNotDependOnTheOtherInputs() {
    for (count, length) in [(9, 301), (3, 20_000)] {
      var generator = SeededGenerator(seed: 1)
      let inputs = generator.vectors(count, length: length, .normal)
      let matrix = DistanceMatrix(squaredBetween: inputs)
      for first in inputs.indices {
        for second in inputs.indices {
          let pair = DistanceMatrix(squaredBetween: [inputs[second], inputs[first]])
          #expect(pair[0, 1] == matrix[first, second], "\(first) and \(second), d = \(length), seed 1")
        }
      }
    }
  }

  @Test func documentedExample() {
    let matrix = DistanceMatrix(squaredBetween: [Vector([0, 0]), Vector([3, 4]), Vector([0, 1])])
    #expect([matrix[0, 1], matrix[0, 2], matrix[1, 2], matrix[2, 1], matrix[1, 1]] == [25, 1, 18, 18, 0])
  }
}
