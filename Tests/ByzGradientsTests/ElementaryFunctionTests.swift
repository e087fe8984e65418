import ByzNumerics
import Foundation
import Testing

@testable import ByzGradients

@Suite struct ElementaryFunctionTests {
  /// How far `value` is from `expected`, relative to it.
  private func error(_ value: Double, _ expected: Double) -> Double {
    value == expected ? 0 : abs(value - expected) / abs(expected)
  }

  /// A number from -1 to 1 with all its bits.
  private func draw(_ generator: inout SeededGenerator) -> Double {
    Double(Int64(bitPattern: generator.next())) * 0x1p-63
  }

  @Test func exponentials() {
    var generator = SeededGenerator(seed: 1, path: [1])
    for scale in [1e-9, 0.1, 1, 30, 700] {
      for _ in 0..<10_000 {
        let x = scale * draw(&generator)
        #expect(error(ElementaryFunctions.exp(x), Foundation.exp(x)) < 1e-15, "\(x)")
      }
    }
  }

  @Test func logarithms() {
    var generator = SeededGenerator(seed: 1, path: [2])
    for scale in [1e-9, 0.1, 1, 30, 700] {
      for _ in 0..<10_000 {
        let x = Foundation.exp(scale * draw(&generator))
        #expect(error(ElementaryFunctions.log(x), Foundation.log(x)) < 1e-15, "\(x)")
      }
    }
  }

  @Test(arguments: [
    0, -0.0, 1, -1, 0.34657359027997264, -0.34657359027997264, 709.782712893384, 709.7827128933841, 710, 1e300,
    .infinity, -.infinity, -708.4, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
  ])
  func exponentialEdges(x: Double) {
    #expect(error(ElementaryFunctions.exp(x), Foundation.exp(x)) < 1e-15)
  }

  /// Below the least normal number, results are multiples of 2^-1074.
  @Test(arguments: [-709.0, -720, -740, -744.4, -745.13, -745.14, -746, -1e300])
  func smallestExponentials(x: Double) {
    #expect(abs(ElementaryFunctions.exp(x) - Foundation.exp(x)) <= .leastNonzeroMagnitude)
  }

  @Test(arguments: [
    1, 1.0.nextUp, 1.0.nextDown, 0.5, 2, 0.7071067811865475, 0.7071067811865477, 1.4142135623730949,
    1.4142135623730951, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .infinity, 0, -0.0,
  ])
  func logarithmEdges(x: Double) {
    #expect(error(ElementaryFunctions.log(x), Foundation.log(x)) < 1e-15)
  }

  @Test func whatIsNoNumber() {
    for x in [Double.nan, -1, -Double.infinity, -Double.leastNonzeroMagnitude] {
      #expect(ElementaryFunctions.log(x).isNaN)
    }
    #expect(ElementaryFunctions.exp(.nan).isNaN && ElementaryFunctions.softplus(.nan).isNaN)
  }

  @Test func softplus() {
    var generator = SeededGenerator(seed: 1, path: [3])
    for scale in [1e-9, 1, 30, 700] {
      for _ in 0..<10_000 {
        let x = scale * draw(&generator)
        let expected = max(x, 0) + log1p(Foundation.exp(-abs(x)))
        #expect(error(ElementaryFunctions.softplus(x), expected) < 1e-15, "\(x)")
      }
    }
    #expect(ElementaryFunctions.softplus(1e4) == 1e4 && ElementaryFunctions.softplus(-1e4) == 0)
    #expect(ElementaryFunctions.softplus(Double.infinity) == Double.infinity)
    #expect(ElementaryFunctions.softplus(-Double.infinity) == 0)
  }
}
