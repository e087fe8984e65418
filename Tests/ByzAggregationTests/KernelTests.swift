import ByzNumerics
import CKernels
import Testing

@testable import ByzAggregation

/// Lengths around the widths of registers and blocks.
private let lengths = [0, 1, 7, 8, 9, 15, 16, 17, 33, 127, 128, 129, 130, 1000]

/// The kernels, each with every set of instructions that it can be tested with here, against naive versions: so all give
/// the same bits.
@Suite struct KernelTests {
  /// The squared distance in the order of summation that the kernel documents.
  private func squaredDistance(_ left: Vector, _ right: Vector) -> Double {
    let (left, right) = (left.elements, right.elements)
    var total = 0.0
    for start in stride(from: 0, to: left.count, by: byz_distance_block) {
      var sums = [Double](repeating: 0, count: 8)
      for index in start..<min(start + byz_distance_block, left.count) {
        let difference = Double(left[index]) - Double(right[index])
        sums[index % 8] += difference * difference
      }
      let four = (0..<4).map { sums[$0] + sums[$0 + 4] }
      total += (four[0] + four[2]) + (four[1] + four[3])
    }
    return total
  }

  /// The vector of `length` elements that `write` writes, which must not write more than these.
  private func written(_ length: Int, _ write: (UnsafeMutablePointer<Float>?) -> Void) -> Vector {
    var elements = [Float](repeating: .nan, count: length) + [7]
    elements.withUnsafeMutableBufferPointer { write($0.baseAddress) }
    #expect(elements[length] == 7)
    return Vector(elements[..<length])
  }

  @Test(arguments: Elements.allCases) func squaredDistances(kind: Elements) {
    for length in lengths {
      for count in [1, 2, 3, 4, 6, 9] {
        var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
        let inputs = misaligned(generator.vectors(count, length: length, kind))
        let expected = inputs.flatMap { left in inputs.map { squaredDistance(left, $0).bitPattern } }
        for set in sets {
          let squares = DistanceMatrix(squaredBetween: inputs, threads: 1, instructions: set)
          let found = inputs.indices.flatMap { left in inputs.indices.map { squares[left, $0].bitPattern } }
          #expect(found == expected, "\(kind), n = \(count), d = \(length), \(set)")
          let first = DistanceMatrix.squares(from: inputs[0], to: inputs, threads: 1, instructions: set)
          #expect(
            first.map(\.bitPattern) == Array(expected[..<count]),
            "from one, \(kind), n = \(count), d = \(length), \(set)")
        }
      }
    }
  }

  @Test(arguments: Elements.allCases) func means(kind: Elements) {
    for length in lengths {
      for count in [1, 2, 3, 7] {
        var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
        let inputs = misaligned(generator.vectors(count, length: length, kind))
        for set in sets {
          let mean = withElements(of: inputs) { rows in
            written(length) { byz_mean(set, rows, rows.count, length, $0) }
          }
          #expect(mean == naiveMean(of: inputs), "\(kind), n = \(count), d = \(length), \(set)")
        }
      }
    }
  }

  @Test(arguments: Elements.allCases) func mediansOfFew(kind: Elements) {
    for count in 1...byz_few {
      for length in [0, 1, 7, 8, 9, 15, 16, 17, 130] {
        var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
        let inputs = misaligned(generator.vectors(count, length: length, kind))
        for set in sets {
          let median = withElements(of: inputs) { rows in
            written(length) { byz_median_of_few(set, rows, count, length, $0) }
          }
          #expect(median == naiveMedian(of: inputs), "\(kind), n = \(count), d = \(length), \(set)")
        }
      }
    }
  }

  @Test(arguments: Elements.allCases) func mediansByNetwork(kind: Elements) {
    for count in [1, 2, 3, 4, 5, 8, 16, 17, 18, 19, 20, 33] {
      for length in [0, 1, 7, 8, 9, 15, 16, 17, 45] {
        var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
        let inputs = misaligned(generator.vectors(count, length: length, kind))
        for set in sets {
          let median = withElements(of: inputs) { rows in
            written(length) {
              medianByNetwork(medianNetwork(of: count), of: rows, length: length, to: $0, instructions: set)
            }
          }
          #expect(median == naiveMedian(of: inputs), "\(kind), n = \(count), d = \(length), \(set)")
        }
      }
    }
  }

  /// Selecting from zeros and ones in every order, which shows that the rounds keep what they may not drop.
  @Test func mediansOfFewAreRightForAllZerosAndOnes() {
    for count in 1...12 {
      let orders = 0..<(1 << count)
      let inputs = (0..<count).map { row in Vector(orders.map { Float($0 >> row & 1) }) }
      let expected = orders.map { order in
        let ones = order.nonzeroBitCount
        return ones * 2 == count ? 0.5 : ones * 2 > count ? 1 : 0 as Float
      }
      for set in sets {
        let median = withElements(of: inputs) { rows in
          written(orders.count) { byz_median_of_few(set, rows, count, orders.count, $0) }
        }
        #expect(median == Vector(expected), "n = \(count), \(set)")
      }
    }
  }

  @Test(arguments: Elements.allCases) func foldsOfSortedValues(kind: Elements) {
    for count in Array(1...byz_few) + [17, 18, 20, 33] {
      for length in [0, 1, 7, 8, 9, 15, 16, 17, 45] {
        var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
        let inputs = misaligned(generator.vectors(count, length: length, kind))
        let f = generator.tolerated(of: count)
        for fold in [.middle, .around_median, .around_middle] as [byz_fold] {
          let expected = naiveFold(fold, of: inputs, dropping: f)
          for set in sets {
            let found = folded(inputs, length, fold, dropping: f, set)
            #expect(found == expected, "\(fold), \(kind), n = \(count), f = \(f), d = \(length), \(set)")
          }
        }
      }
    }
  }

  private func folded(
    _ inputs: [Vector], _ length: Int, _ fold: byz_fold, dropping f: Int, _ set: byz_instructions
  ) -> Vector {
    withElements(of: inputs) { rows in
      written(length) {
        SortedFold(fold, dropping: f, of: rows.count).write(rows, length, to: $0, instructions: set)
      }
    }
  }

  /// Zeros and ones in every order, which shows that the networks sort: the means of the middle ones for every f give
  /// the sums of every two ranks as far from the ends, those around the median the ranks at one end.
  @Test func fewAreSortedFromAllZerosAndOnes() {
    for count in 1...12 {
      let orders = 0..<(1 << count)
      let inputs = (0..<count).map { row in Vector(orders.map { Float($0 >> row & 1) }) }
      // Each column has as many ones as its index says.
      let ascending = (0..<count).map { row in Vector((0...count).map { $0 > row ? 1 : 0 }) }
      for fold in [.middle, .around_median, .around_middle] as [byz_fold] {
        for f in 0...(count - 1) / 2 {
          let naive = naiveFold(fold, of: ascending, dropping: f)
          let expected = Vector(orders.map { naive[$0.nonzeroBitCount] })
          for set in sets {
            let found = folded(inputs, orders.count, fold, dropping: f, set)
            #expect(found == expected, "\(fold), n = \(count), f = \(f), \(set)")
          }
        }
      }
    }
  }

  /// The squared norm of a sum in the order of summation that the kernel documents.
  private func squaredNorm(
    _ first: Vector, adding factor: Float, times second: Vector?, subtracting subtracted: Vector?
  ) -> Double {
    let squares = (0..<first.count).map { index in
      var value = first[index]
      if let second {
        let product = factor * second[index]
        value += product
      }
      var wide = Double(value)
      if let subtracted { wide -= Double(subtracted[index]) }
      return wide * wide
    }
    let whole = squares.count / 16 * 16
    var sums = [Double](repeating: 0, count: 16)
    for index in 0..<whole { sums[index % 16] += squares[index] }
    let eight = (0..<8).map { sums[$0] + sums[$0 + 8] }
    let four = (0..<4).map { eight[$0] + eight[$0 + 4] }
    var total = four[0] + four[1]
    total += four[2]
    total += four[3]
    for index in whole..<squares.count { total += squares[index] }
    return total
  }

  @Test(arguments: Elements.allCases) func squaredNorms(kind: Elements) {
    for length in Array(0...70) + [127, 128, 129, 1000] {
      var generator = SeededGenerator(seed: UInt64(length))
      let inputs = misaligned(generator.vectors(3, length: length, kind))
      let factor = generator.normal()
      for (adds, subtracts) in [(false, false), (true, false), (false, true), (true, true)] {
        let expected = squaredNorm(
          inputs[0], adding: factor, times: adds ? inputs[1] : nil, subtracting: subtracts ? inputs[2] : nil)
        for set in sets {
          let found = withElements(of: inputs) { rows in
            let sum = byz_sum(
              first: rows[0], second: adds ? rows[1] : nil, subtracted: subtracts ? rows[2] : nil, factor: factor)
            return byz_squared_norm(set, sum, length)
          }
          #expect(
            found.bitPattern == expected.bitPattern,
            "\(kind), d = \(length), adds: \(adds), subtracts: \(subtracts), \(set)")
        }
      }
    }
  }

  @Test(arguments: [0, 1, 7, 15, 16, 17, 31, 32, 33, 100]) func isFiniteSeesEveryElement(length: Int) {
    var generator = SeededGenerator(seed: UInt64(length))
    var elements = (0..<length).map { _ in generator.element(.mixed) }
    for set in sets {
      #expect(byz_is_finite(set, elements, length))
      for index in 0..<length {
        let element = elements[index]
        for bad in [Float.nan, .signalingNaN, .infinity, -.infinity, Float(bitPattern: 0xFFFF_FFFF)] {
          elements[index] = bad
          #expect(!byz_is_finite(set, elements, length), "\(bad) at \(index), \(set)")
        }
        elements[index] = element
      }
    }
  }

  @Test(arguments: [false, true], [false, true]) func momentums(decays: Bool, continues: Bool) {
    for length in lengths {
      var generator = SeededGenerator(seed: UInt64(length))
      let vectors = misaligned(generator.vectors(3, length: length, .normal))
      let (decay, scale, kept, added): (Float, Float, Float, Float) = (1e-4, 0.7, 0.9, 0.1)
      let decayed = decays ? vectors[0].adding(decay, times: vectors[1]) : vectors[0]
      let scaled = decayed.scaled(by: scale)
      let expected =
        continues ? vectors[2].scaled(by: kept, adding: added, times: scaled) : scaled.scaled(by: added)
      for set in sets {
        let momentum = withElements(of: vectors) { rows in
          let update = byz_momentum_update(
            gradient: rows[0], parameters: decays ? rows[1] : nil, momentum: continues ? rows[2] : nil,
            decay: decay, scale: scale, kept: kept, added: added)
          return written(length) { byz_update_momentum(set, update, length, $0) }
        }
        #expect(momentum == expected, "d = \(length), \(set)")
      }
    }
  }
}
