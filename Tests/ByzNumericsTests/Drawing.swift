import ByzNumerics

/// Lengths around the width of the loops: none, one, and all remainders by 4.
let lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 63, 64, 65, 1001]

extension SeededGenerator {
  /// Numbers of very different sizes and both signs, a zero now and then.
  mutating func elements(_ count: Int) -> [Float] {
    (0..<count).map { _ in
      guard index(below: 10) > 0 else { return 0 }
      let exponent = index(below: 20) - 10
      return normal() * Float(sign: .plus, exponent: exponent, significand: 1)
    }
  }
}

/// Pearson's statistic of `counts` against equal likelihood. Its mean is the number of counts less one.
func chiSquare(_ counts: [Int]) -> Double {
  let expected = Double(counts.reduce(0, +)) / Double(counts.count)
  return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
}

/// More than six deviations above the statistic's mean: a fair generator does not come here, a skewed one does at once.
func generousBound(_ counts: [Int]) -> Double {
  let freedom = Double(counts.count - 1)
  return freedom + 6 * (2 * freedom).squareRoot() + 6
}
