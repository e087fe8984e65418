import ByzNumerics
import Testing

/// The arithmetic of vectors against loops in Double that nobody has made fast.
@Suite struct VectorArithmeticTests {
  private func naiveNorm(_ elements: [Double]) -> Double {
    var sum = 0.0
    for element in elements { sum += element * element }
    return sum.squareRoot()
  }

  private func isClose(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) <= 1e-12 * expected }

  @Test(arguments: lengths) func normAndDistance(count: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [UInt64(count)])
      let (left, right) = (generator.elements(count), generator.elements(count))
      let norm = Vector(left).norm
      #expect(isClose(norm, naiveNorm(left.map(Double.init))), "seed \(seed)")
      let distance = Vector(left).distance(to: Vector(right))
      #expect(isClose(distance, naiveNorm(zip(left, right).map { Double($0) - Double($1) })), "seed \(seed)")
      #expect(Vector(left).distance(to: Vector(left)) == 0, "seed \(seed)")
    }
  }

  @Test(arguments: lengths) func productsAreRoundedOnce(count: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [UInt64(count)])
      let (elements, factor) = (generator.elements(count), generator.normal())
      // The product of two floats is exact in Double.
      let expected = elements.map { Float(Double(factor) * Double($0)) }
      #expect(Vector(elements).scaled(by: factor) == Vector(expected), "seed \(seed)")
    }
  }

  @Test(arguments: lengths) func sums(count: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [UInt64(count)])
      let (left, right) = (generator.elements(count), generator.elements(count))
      let (own, factor) = (generator.normal(), generator.normal())
      let both = Vector(left).scaled(by: own, adding: factor, times: Vector(right))
      let one = Vector(left).adding(factor, times: Vector(right))
      #expect(both.count == count && one.count == count)
      for index in 0..<count {
        let (x, y) = (Double(left[index]), Double(factor) * Double(right[index]))
        // Two products and a sum are each off by at most half a unit in the last place, 2^-24 of their size.
        let tolerance = 0x1p-22 * (abs(Double(own) * x) + abs(x) + abs(y))
        #expect(abs(Double(both[index]) - (Double(own) * x + y)) <= tolerance, "seed \(seed), element \(index)")
        #expect(abs(Double(one[index]) - (x + y)) <= tolerance, "seed \(seed), element \(index)")
      }
    }
  }

  @Test func operandsStayAsTheyAre() {
    let (left, right) = (Vector([1, 2]), Vector([3, 4]))
    _ = left.scaled(by: 2, adding: 3, times: right)
    _ = left.scaled(by: -1)
    #expect(left == Vector([1, 2]) && right == Vector([3, 4]))
  }

  @Test(arguments: 1..<40) func isFiniteSeesEveryElement(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let elements = generator.elements(count)
    #expect(Vector(elements).isFinite)
    for index in 0..<count {
      for bad in [Float.nan, .signalingNaN, .infinity, -.infinity, Float(bitPattern: 0xFFFF_FFFF)] {
        var spoilt = elements
        spoilt[index] = bad
        #expect(!Vector(spoilt).isFinite, "\(bad) at \(index)")
      }
    }
  }

  @Test func theLargestAndSmallestNumbersAreFinite() {
    #expect(Vector([Float]()).isFinite)
    #expect(Vector([.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0]).isFinite)
  }

  @Test(arguments: 1..<10) func hugeNumbersDoNotOverflow(count: Int) {
    let root = Double(count).squareRoot()
    let (huge, opposite) = (Vector(repeating: 3e38, count: count), Vector(repeating: -3e38, count: count))
    #expect(isClose(huge.norm, Double(Float(3e38)) * root))
    #expect(isClose(huge.distance(to: opposite), 2 * Double(Float(3e38)) * root))
  }

  @Test func tinyNumbersAreNotLost() {
    let tiny = Vector(repeating: .leastNonzeroMagnitude, count: 5)
    #expect(isClose(tiny.norm, Double(Float.leastNonzeroMagnitude) * 5.0.squareRoot()))
  }
}
