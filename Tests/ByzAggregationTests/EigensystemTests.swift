import ByzNumerics
import Testing

@testable import ByzAggregation

@Suite struct EigensystemTests {
  private enum Kind: CaseIterable {
    case normal, grid, lowRank, graded, vanishing, diagonal, zero
  }

  private func matrix(_ kind: Kind, _ count: Int, _ generator: inout SeededGenerator) -> SymmetricMatrix {
    let points = (0..<count).map { _ in (0..<2).map { _ in Double(generator.normal()) } }
    return SymmetricMatrix(count: count) { row, column in
      switch kind {
      case .normal: Double(generator.normal())
      case .grid: Double(generator.index(below: 5)) - 2
      // Eigenvalue 0 many times over.
      case .lowRank: points[row][0] * points[column][0] + points[row][1] * points[column][1]
      case .graded: Double(generator.normal()) * Double(sign: .plus, exponent: -4 * (row + column), significand: 1e60)
      // Squares that lose their bits, or vanish, beside a 1.
      case .vanishing:
        row + column == 0 ? 1 : Double(generator.normal()) * [1e-155, 1e-162, 0x1p-1070, 0][generator.index(below: 4)]
      case .diagonal: row == column ? Double(generator.index(below: 3)) : 0
      case .zero: 0
      }
    }
  }

  private func expectDecomposed(_ matrix: SymmetricMatrix, _ label: String) {
    let system = Eigensystem(matrix)
    let count = matrix.count
    let vectors = (0..<count).map(system.vector)
    let size = matrix.values.reduce(0) { max($0, abs($1)) } * Double(count)
    let error = 1e-14 * size
    #expect(system.values == system.values.sorted(by: >), "\(label)")
    #expect(abs(Eigensystem.largestValue(of: matrix) - system.values[0]) <= error, "\(label)")
    let trace = (0..<count).reduce(0) { $0 + matrix[$1, $1] }
    #expect(abs(system.values.reduce(0, +) - trace) <= error, "\(label)")
    for (index, vector) in vectors.enumerated() {
      for row in 0..<count {
        let image = (0..<count).reduce(0) { $0 + matrix[row, $1] * vector[$1] }
        #expect(abs(image - system.values[index] * vector[row]) <= error, "\(label), vector \(index)")
      }
      for other in 0...index {
        let product = zip(vector, vectors[other]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (other == index ? 1 : 0)) <= 1e-14 * Double(count), "\(label), \(other) and \(index)")
      }
    }
  }

  @Test func decomposesDrawnMatrices() {
    for kind in Kind.allCases {
      for seed in 0..<150 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed)
        let count = 1 + generator.index(below: 9)
        expectDecomposed(matrix(kind, count, &generator), "\(kind), n = \(count), seed \(seed)")
      }
    }
  }

  @Test func decomposesLargerMatrices() {
    for kind in Kind.allCases {
      var generator = SeededGenerator(seed: 1)
      expectDecomposed(matrix(kind, 40, &generator), "\(kind), n = 40, seed 1")
    }
  }

  @Test func knowsEigenvaluesWithAFormula() {
    // The second differences of a path.
    for count in [1, 2, 3, 10, 60] {
      let path = SymmetricMatrix(count: count) { $0 == $1 ? 2 : $1 == $0 + 1 ? -1 : 0 }
      let largest = Eigensystem.largestValue(of: path)
      // 2 - 2 cos(pi n / (n + 1)), of which these are well known.
      if count == 2 { #expect(abs(largest - 3) < 1e-14) }
      if count == 3 { #expect(abs(largest - 2 - 2.0.squareRoot()) < 1e-14) }
      #expect(largest < 4)
      let ones = SymmetricMatrix(count: count) { _, _ in 7 }
      #expect(abs(Eigensystem.largestValue(of: ones) - 7 * Double(count)) < 1e-12)
    }
    #expect(Eigensystem(SymmetricMatrix(count: 2) { $0 == $1 ? 0 : 1 }).values.map { $0.rounded() } == [1, -1])
  }

  @Test func equalMatricesHaveEqualEigenvectors() {
    var generator = SeededGenerator(seed: 2)
    let matrix = matrix(.lowRank, 20, &generator)
    let (first, second) = (Eigensystem(matrix), Eigensystem(matrix))
    #expect(first.values == second.values && first.vector(7) == second.vector(7))
  }

  @Test func centredProductsFollowFromDistances() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let inputs = generator.vectors(6, length: 3, .offset)
      let points = [0, 2, 3, 5]
      let raw = points.map { _ in 0.1 + Double(generator.uniform()) }
      let weights = raw.map { $0 / raw.reduce(0, +) }
      let rows = points.map { inputs[$0].doubles }
      let mean = (0..<3).map { index in zip(rows, weights).reduce(0) { $0 + $1.0[index] * $1.1 } }
      let products = SymmetricMatrix(
        centring: DistanceMatrix(squaredBetween: inputs), of: points, weights: weights)
      for (first, left) in rows.enumerated() {
        for (second, right) in rows.enumerated() {
          let expected = (0..<3).reduce(0) { $0 + (left[$1] - mean[$1]) * (right[$1] - mean[$1]) }
          #expect(abs(products[first, second] - expected) < 1e-8, "seed \(seed)")
        }
      }
    }
  }
}
