/// Numbers too small to matter beside 1, with squares that would lose bits among the denormals. What is made from them
/// by division would be no rotation or reflection any more.
private let negligibleLength = 1e-140
private let negligibleSquare = 1e-280

/// A symmetric tridiagonal matrix, which a symmetric matrix becomes by reflections and from which rotations bring out the
/// eigenvalues.
///
/// The same operations in the same order for the same matrix: equal matrices have equal eigenvalues, bit by bit.
struct TridiagonalMatrix {
  private(set) var diagonal: [Double]
  /// What stands beside the diagonal, one less.
  private(set) var beside: [Double]

  /// The matrix Q' A Q for the product Q of the reflections that `reflecting` gets, in order: I - v v' each, v being zero
  /// before the first index. (Householder; Golub and Van Loan, "Matrix Computations", section 8.3.1.)
  ///
  /// 4/3 n^3 operations. The largest magnitude in `matrix` should be about 1, unless it is 0.
  init(_ matrix: SymmetricMatrix, reflecting: ([Double], Int) -> Void = { _, _ in }) {
    let count = matrix.count
    var values = matrix.values
    beside = Array(repeating: 0, count: count - 1)
    var (vector, product) = (Array(repeating: 0.0, count: count), Array(repeating: 0.0, count: count))
    for row in 0..<max(count - 2, 0) {
      let first = row + 1
      for index in first..<count { vector[index] = values[row * count + index] }
      beside[row] = Self.makeReflection(&vector, from: first)
      if vector[first] == 0 { continue }
      Self.reflect(&values, count, vector, first, &product)
      reflecting(vector, first)
    }
    if count > 1 { beside[count - 2] = values[(count - 2) * count + count - 1] }
    diagonal = (0..<count).map { values[$0 * count + $0] }
  }

  /// Turns x, which is `vector` from `first` on, into the v with which x - v (v' x) has no element but its first, and
  /// gives that; v is zero if there is nothing to do.
  private static func makeReflection(_ vector: inout [Double], from first: Int) -> Double {
    var square = 0.0
    for index in first + 1..<vector.count { square += vector[index] * vector[index] }
    let head = vector[first]
    guard square > negligibleSquare else {
      for index in first..<vector.count { vector[index] = 0 }
      return head
    }
    let norm = (head * head + square).squareRoot()
    // The sign with which nothing cancels.
    let result = head < 0 ? norm : -norm
    vector[first] = head - result
    let factor = (2 / (vector[first] * vector[first] + square)).squareRoot()
    for index in first..<vector.count { vector[index] *= factor }
    return result
  }

  /// Reflects rows and columns from `first` on: A - v w' - w v' with w = A v - v (v' A v) / 2.
  private static func reflect(
    _ values: inout [Double], _ count: Int, _ vector: [Double], _ first: Int, _ product: inout [Double]
  ) {
    values.withUnsafeMutableBufferPointer { values in
      vector.withUnsafeBufferPointer { vector in
        product.withUnsafeMutableBufferPointer { product in
          var overlap = 0.0
          for index in first..<count { product[index] = 0 }
          for row in first..<count {
            let (factor, start) = (vector[row], row * count)
            for column in first..<count { product[column] += factor * values[start + column] }
          }
          for index in first..<count { overlap += vector[index] * product[index] }
          for index in first..<count { product[index] -= overlap / 2 * vector[index] }
          for row in first..<count {
            let (left, right, start) = (vector[row], product[row], row * count)
            for column in first..<count {
              values[start + column] -= left * product[column] + right * vector[column]
            }
          }
        }
      }
    }
  }

  /// The largest sum of the magnitudes in a row, which no eigenvalue exceeds.
  private var norm: Double {
    var largest = 0.0
    for index in diagonal.indices {
      let left = index > 0 ? abs(beside[index - 1]) : 0
      largest = max(largest, abs(diagonal[index]) + left + (index < beside.count ? abs(beside[index]) : 0))
    }
    return largest
  }

  /// Makes the matrix diagonal up to rounding errors, by rotations of neighbouring rows and columns that `rotating` gets
  /// in order: the first row's index, a cosine c and a sine s, for rows c x - s y and s x + c y.
  ///
  /// Implicit QR steps with Wilkinson's shift (Golub and Van Loan, section 8.3.5); hardly ever more than two for an
  /// eigenvalue, and never more than 50. O(n^2) time besides `rotating`.
  mutating func diagonalise(rotating: (Int, Double, Double) -> Void = { _, _, _ in }) {
    let negligible = norm * Double.ulpOfOne / 2
    var (last, steps) = (beside.count, 0)
    while last > 0 {
      if abs(beside[last - 1]) <= negligible || steps == 50 {
        beside[last - 1] = 0
        (last, steps) = (last - 1, 0)
        continue
      }
      var first = last - 1
      while first > 0 && abs(beside[first - 1]) > negligible { first -= 1 }
      step(first, last, rotating)
      steps += 1
    }
  }

  /// A QR step on the rows from `first` to `last`.
  private mutating func step(_ first: Int, _ last: Int, _ rotating: (Int, Double, Double) -> Void) {
    let half = (diagonal[last - 1] - diagonal[last]) / 2
    let corner = beside[last - 1]
    let root = (half * half + corner * corner).squareRoot()
    // The eigenvalue of the last two rows that is closer to the last element.
    let shift = diagonal[last] - corner * (corner / (half < 0 ? half - root : half + root))
    var (head, bulge) = (diagonal[first] - shift, beside[first])
    for index in first..<last {
      let length = (head * head + bulge * bulge).squareRoot()
      let (cosine, sine) = length > negligibleLength ? (head / length, -bulge / length) : (1, 0)
      if index > first { beside[index - 1] = length }
      rotate(index, cosine, sine)
      rotating(index, cosine, sine)
      guard index + 1 < last else { break }
      head = beside[index]
      bulge = -sine * beside[index + 1]
      beside[index + 1] *= cosine
    }
  }

  /// Rotates two neighbouring rows and columns where they cross.
  private mutating func rotate(_ index: Int, _ cosine: Double, _ sine: Double) {
    let (upper, lower, between) = (diagonal[index], diagonal[index + 1], beside[index])
    let mixed = 2 * cosine * sine * between
    diagonal[index] = cosine * cosine * upper - mixed + sine * sine * lower
    diagonal[index + 1] = sine * sine * upper + mixed + cosine * cosine * lower
    beside[index] = cosine * sine * (upper - lower) + (cosine * cosine - sine * sine) * between
  }
}
