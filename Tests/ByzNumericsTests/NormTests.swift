import ByzNumerics
import Testing

/// Norms and distances, of sums that nobody makes among them, against loops in Double that nobody has made fast.
@Suite struct NormTests {
  /// All remainders of the widths that registers have, several times, and a large one.
  private static let lengths = Array(0...70) + [10_007]

  /// The sizes of numbers in a vector: all alike, up to huge and down to denormal ones, or very different.
  private static let sizes: [[Float]] = [
    [1], [1e30], [1e-30], [.leastNormalMagnitude / 64], [1e30, 1, 1e-30], [1, 1e-3, 1e3],
  ]

  /// The norm of first + factor * second - third: the product and the sum are floats, all else is of doubles.
  private func naiveNorm(
    _ first: [Float], adding factor: Float = 0, times second: [Float]? = nil, subtracting third: [Float]? = nil
  ) -> Double {
    var squares = 0.0
    for index in first.indices {
      var sum = first[index]
      if let second {
        let product = factor * second[index]
        sum += product
      }
      var difference = Double(sum)
      if let third { difference -= Double(third[index]) }
      squares += difference * difference
    }
    return squares.squareRoot()
  }

  /// Of 10,007 squares that are summed up one by one each addition is off by 2^-53 of the sum at most, their root by
  /// half of all that: 6e-13.
  private func isClose(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) <= 1e-12 * expected }

  @Test(arguments: sizes) func equalNaiveOnes(sizes: [Float]) {
    for count in Self.lengths {
      for seed in 0..<3 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed, path: [UInt64(count)])
        let parts = (0..<3).map { _ in generator.elements(count, ofSizes: sizes) }
        let factor = 8 * generator.normal()
        let (first, second, third) = (Vector(parts[0]), Vector(parts[1]), Vector(parts[2]))
        let label = "\(count) elements of \(sizes), seed \(seed)"
        #expect(isClose(first.norm, naiveNorm(parts[0])), "\(label)")
        #expect(
          isClose(
            first.norm(adding: factor, times: second), naiveNorm(parts[0], adding: factor, times: parts[1])),
          "\(label)")
        #expect(
          isClose(first.distance(to: third), naiveNorm(parts[0], subtracting: parts[2])), "\(label)")
        #expect(
          isClose(
            first.distance(to: third, afterAdding: factor, times: second),
            naiveNorm(parts[0], adding: factor, times: parts[1], subtracting: parts[2])),
          "\(label)")
      }
    }
  }

  /// To the bit, whether the sum is made or not.
  @Test(arguments: sizes) func equalThoseOfTheSum(sizes: [Float]) {
    for count in Self.lengths {
      var generator = SeededGenerator(seed: 1, path: [UInt64(count)])
      let vectors = (0..<3).map { _ in Vector(generator.elements(count, ofSizes: sizes)) }
      let factor = 8 * generator.normal()
      let sum = vectors[0].adding(factor, times: vectors[1])
      #expect(vectors[0].norm(adding: factor, times: vectors[1]) == sum.norm, "\(count) elements of \(sizes)")
      #expect(
        vectors[0].distance(to: vectors[2], afterAdding: factor, times: vectors[1]) == sum.distance(to: vectors[2]),
        "\(count) elements of \(sizes)")
    }
  }

  /// Wherever it is: 3 - 2 * 5 - 4 = -11.
  @Test func everyElementCounts() {
    for count in 1...70 {
      for index in 0..<count {
        func single(_ value: Float) -> Vector { Vector(count: count) { $0[index] = value } }
        let vector = single(3)
        #expect(vector.norm == 3 && vector.distance(to: single(-4)) == 7, "\(index) of \(count)")
        #expect(vector.norm(adding: -2, times: single(5)) == 7, "\(index) of \(count)")
        #expect(vector.distance(to: single(4), afterAdding: -2, times: single(5)) == 11, "\(index) of \(count)")
      }
    }
  }
}

extension SeededGenerator {
  /// Nearly normal numbers, each times one of `sizes`.
  fileprivate mutating func elements(_ count: Int, ofSizes sizes: [Float]) -> [Float] {
    (0..<count).map { _ in normal() * sizes[index(below: sizes.count)] }
  }
}
