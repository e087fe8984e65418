import ByzNumerics
import CKernels
import Testing

@testable import ByzAggregation

/// Lengths around the widths of registers and blocks.
private let lengths = [0, 1, 7, 15, 16, 17, 31, 33, 127, 128, 129, 150, 400]

private func naiveCombination(_ rows: [[Double]], _ weights: [Double]) -> [Double] {
  guard let first = rows.first else { return [] }
  return first.indices.map { index in
    var sum = weights[0] * rows[0][index]
    for row in 1..<max(1, rows.count) { sum += weights[row] * rows[row][index] }
    return sum
  }
}

/// The squared distance in the order of summation that the kernel documents.
private func square(_ left: [Double], _ right: [Double]) -> Double {
  var total = 0.0
  for start in stride(from: 0, to: left.count, by: Int(byz_distance_block)) {
    var sums = [Double](repeating: 0, count: 16)
    for index in start..<min(start + Int(byz_distance_block), left.count) {
      sums[index % 16] += (left[index] - right[index]) * (left[index] - right[index])
    }
    let eight = (0..<8).map { sums[$0] + sums[$0 + 8] }
    let four = (0..<4).map { eight[$0] + eight[$0 + 4] }
    total += (four[0] + four[2]) + (four[1] + four[3])
  }
  return total
}

@Suite struct CombinationTests {
  private struct Drawn {
    let inputs: [Vector]
    let weights: [Double]
    let label: String
    var rows: [[Double]] { inputs.map(\.doubles) }
  }

  private func drawn(_ kind: Elements, count: Int, length: Int) -> Drawn {
    var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
    let inputs = generator.vectors(count, length: length, kind)
    let weights = (0..<count).map { _ in generator.index(below: 4) == 0 ? 0 : Double(generator.normal()) }
    return Drawn(inputs: inputs, weights: weights, label: "\(kind), n = \(count), d = \(length), seed \(length)")
  }

  @Test(arguments: Elements.allCases) func kernelsEqualNaiveOnes(kind: Elements) {
    for length in lengths {
      for count in [1, 2, 3, 5, 9] {
        let drawn = drawn(kind, count: count, length: length)
        let center = naiveCombination(drawn.rows, drawn.weights)
        let combined = Vector(center.map { Float($0) })
        let toCenter = drawn.rows.map { square($0, center) }
        let toZero = drawn.rows.map { square($0, $0.map { _ in 0 }) }
        for set in sets {
          let label = "\(drawn.label), \(set)"
          #expect(self.combined(drawn.inputs, drawn.weights, length, set) == combined, "\(label)")
          #expect(squares(drawn.inputs, drawn.weights, length, set) == toCenter, "\(label)")
          #expect(squares(drawn.inputs, nil, length, set) == toZero, "\(label)")
        }
      }
    }
  }

  private func combined(_ inputs: [Vector], _ weights: [Double], _ length: Int, _ set: byz_instructions) -> Vector {
    var result = [Float](repeating: .nan, count: length) + [7]
    withElements(of: misaligned(inputs)) { byz_combine(set, $0, weights, inputs.count, length, &result) }
    #expect(result[length] == 7)
    return Vector(result[..<length])
  }

  private func squares(_ inputs: [Vector], _ weights: [Double]?, _ length: Int, _ set: byz_instructions) -> [Double] {
    var result = [Double](repeating: .nan, count: inputs.count)
    withElements(of: misaligned(inputs)) {
      byz_squared_distances_to_combination(set, $0, weights, inputs.count, length, &result)
    }
    return result
  }

  @Test(arguments: Elements.allCases) func scalingRoundsOnce(kind: Elements) {
    for length in lengths {
      var generator = SeededGenerator(seed: UInt64(length))
      let input = generator.vectors(1, length: length, kind)[0]
      for factor in [0, 0.1, 1 / 3.0, 1e-30, -0.7] {
        let expected = Vector(input.elements.map { Float(factor * Double($0)) })
        #expect(scaled(input, by: factor, threads: 1) == expected, "\(kind), d = \(length), \(factor)")
        for set in sets {
          var result = [Float](repeating: .nan, count: length) + [7]
          input.withUnsafeBufferPointer { byz_scale(set, factor, $0.baseAddress, length, &result) }
          #expect(Vector(result) == Vector(expected.elements + [7]), "\(kind), d = \(length), \(factor), \(set)")
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 7]) func addsUpPartsInOrder(threads: Int) {
    let length = 2 * Parts.length + 77
    let drawn = drawn(.normal, count: 4, length: length)
    let weights = [0.25, 0.5, -1, 2]
    let center = naiveCombination(drawn.rows, weights)
    let expected = drawn.rows.map { row in
      [0..<Parts.length, Parts.length..<2 * Parts.length, 2 * Parts.length..<length].reduce(0) {
        $0 + square(Array(row[$1]), Array(center[$1]))
      }
    }
    #expect(squaredDistances(of: drawn.inputs, fromCombination: weights, threads: threads) == expected)
    #expect(
      combination(of: drawn.inputs, weights: weights, threads: threads) == Vector(center.map { Float($0) }))
  }

  @Test func doesNotReadWhatHasNoWeight() {
    let inputs = [Vector([-0.0, 1]), Vector([3, 3])]
    #expect(combination(of: inputs, weights: [1, 0], threads: 1) == inputs[0])
  }

  @Test func squaredNormsOfAnyLengths() {
    #expect(squaredNorms(of: [Vector([3, 4]), Vector([0, -2])], threads: 1) == [25, 4])
    #expect(squaredNorms(of: [Vector([]), Vector([])], threads: 2) == [0, 0])
    let large = Double(Float.greatestFiniteMagnitude)
    #expect(squaredNorms(of: [Vector([.greatestFiniteMagnitude])], threads: 1) == [large * large])
  }

  @Test func knownDistancesAreTaken() {
    let inputs = [Vector([0]), Vector([1])]
    let known = DistanceMatrix(count: 2) { _, _ in 9 }
    #expect(Round(distances: known).squaredDistances(between: inputs)[0, 1] == 9)
    #expect(Round().squaredDistances(between: inputs)[0, 1] == 1)
  }
}
