/// The eigenvalues of a symmetric matrix, largest first, and an eigenvector of length 1 for each.
///
/// Errors are of the order of the largest eigenvalue's magnitude times 2^-53 times the number of rows. Of an eigenvalue
/// that occurs several times, or nearly so, the eigenvectors are some basis of their space, the same for equal matrices.
/// O(n^3) time: 10 n^3 operations or so, a few milliseconds for 128 rows.
struct Eigensystem {
  let values: [Double]
  /// One after the other, in the order of `values`.
  private let vectors: [[Double]]

  init(_ matrix: SymmetricMatrix) {
    let scaled = ScaledMatrix(matrix)
    let count = matrix.count
    var reflections: [(vector: [Double], first: Int)] = []
    var tridiagonal = TridiagonalMatrix(scaled.matrix) { reflections.append(($0, $1)) }
    var rows = [Double](repeating: 0, count: count * count)
    for index in 0..<count { rows[index * count + index] = 1 }
    rows.withUnsafeMutableBufferPointer { rows in
      tridiagonal.diagonalise { index, cosine, sine in
        for upper in index * count..<(index + 1) * count {
          let (left, right) = (rows[upper], rows[upper + count])
          rows[upper] = cosine * left - sine * right
          rows[upper + count] = sine * left + cosine * right
        }
      }
    }
    let diagonal = tridiagonal.diagonal
    let order = diagonal.indices.sorted { (-diagonal[$0], $0) < (-diagonal[$1], $1) }
    values = order.map { diagonal[$0] * scaled.factor }
    vectors = order.map { Self.reflected(Array(rows[$0 * count..<($0 + 1) * count]), by: reflections) }
  }

  /// The eigenvector of `values[index]`.
  func vector(_ index: Int) -> [Double] { vectors[index] }

  private static func reflected(_ vector: [Double], by reflections: [(vector: [Double], first: Int)]) -> [Double] {
    reflections.reversed().reduce(into: vector) { result, reflection in
      var overlap = 0.0
      for index in reflection.first..<result.count { overlap += reflection.vector[index] * result[index] }
      for index in reflection.first..<result.count { result[index] -= overlap * reflection.vector[index] }
    }
  }

  /// The largest eigenvalue alone, in 4/3 n^3 operations.
  static func largestValue(of matrix: SymmetricMatrix) -> Double {
    let scaled = ScaledMatrix(matrix)
    var tridiagonal = TridiagonalMatrix(scaled.matrix)
    tridiagonal.diagonalise()
    return (tridiagonal.diagonal.max() ?? 0) * scaled.factor
  }
}

/// A matrix times a power of two, so that no square of an element overflows, or vanishes beside the others.
private struct ScaledMatrix {
  let matrix: SymmetricMatrix
  /// What to multiply the eigenvalues with.
  let factor: Double

  init(_ matrix: SymmetricMatrix) {
    let largest = matrix.values.reduce(0) { max($0, abs($1)) }
    let factor = largest > 0 ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    self.factor = factor
    self.matrix = SymmetricMatrix(count: matrix.count) { matrix[$0, $1] / factor }
  }
}
