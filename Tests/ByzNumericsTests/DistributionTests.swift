import ByzNumerics
import Testing

/// What generators make of their bits. The seeds are fixed, so each of these holds for good or not at all.
@Suite struct DistributionTests {
  @Test(arguments: [1, 2, 3, 7, 10, 64, 1000]) func indicesAreEquallyLikely(bound: Int) {
    var generator = SeededGenerator(seed: UInt64(bound))
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<50 * max(bound, 100) {
      let index = generator.index(below: bound)
      guard counts.indices.contains(index) else {
        Issue.record("\(index) is not below \(bound), seed \(bound)")
        return
      }
      counts[index] += 1
    }
    #expect(chiSquare(counts) <= generousBound(counts), "seed \(bound)")
  }

  /// Without drawing again, 3 * 2^61 would get each number that leaves 2 by 3 from two draws of 2^64 and the others from
  /// three.
  @Test func hugeBoundsFavourNobody() {
    var generator = SeededGenerator(seed: 5)
    let bound = 3 << 61
    var counts = [0, 0, 0]
    for _ in 0..<30_000 {
      let index = generator.index(below: bound)
      #expect(index >= 0 && index < bound, "seed 5")
      counts[index % 3] += 1
    }
    #expect(chiSquare(counts) <= generousBound(counts), "seed 5: \(counts)")
  }

  @Test func uniformNumbersFillTheirRange() {
    var generator = SeededGenerator(seed: 11)
    var counts = [Int](repeating: 0, count: 100)
    for _ in 0..<50_000 {
      let number = generator.uniform()
      guard number >= 0, number < 1, (number * 0x1p24).rounded() == number * 0x1p24 else {
        Issue.record("\(number), seed 11")
        return
      }
      counts[Int(number * 100)] += 1
    }
    #expect(chiSquare(counts) <= generousBound(counts), "seed 11")
  }

  @Test func normalNumbersHaveTheMomentsOfNormalNumbers() {
    var generator = SeededGenerator(seed: 13)
    let count = 50_000.0
    var (sum, squares, cubes, fourths) = (0.0, 0.0, 0.0, 0.0)
    for _ in 0..<Int(count) {
      let number = Double(generator.normal())
      sum += number
      squares += number * number
      cubes += number * number * number
      fourths += number * number * number * number
    }
    // Six deviations of each mean; a sum of twelve uniform numbers has 2.9 for the fourth moment, not 3.
    #expect(abs(sum / count) < 6 / count.squareRoot())
    #expect(abs(squares / count - 1) < 6 * (2 / count).squareRoot())
    #expect(abs(cubes / count) < 6 * (15 / count).squareRoot())
    #expect(abs(fourths / count - 2.9) < 6 * (96 / count).squareRoot())
  }

  @Test(arguments: [0, 1, 2, 3, 10, 257]) func permutationsHoldEveryIndexOnce(count: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      #expect(generator.permutation(of: count).sorted() == Array(0..<count), "seed \(seed)")
    }
  }

  @Test func permutationsAreEquallyLikely() {
    var generator = SeededGenerator(seed: 17)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[generator.permutation(of: 4), default: 0] += 1 }
    #expect(counts.count == 24)
    #expect(chiSquare(Array(counts.values)) <= generousBound(Array(counts.values)), "seed 17")
  }
}
