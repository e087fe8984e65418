/// The *squared* Euclidean distances between any two of n vectors, in f64.
///
/// Rules that need only the order of the distances use the squares as they are: taking roots could make ties of what are
/// none. Rules that are pure functions of their inputs stay so when they get a matrix of them, since no bit of it depends
/// on how it came about; see ``init(squaredBetween:threads:)`` and ``GrowingDistances``.
///
/// - Shape: n rows of n numbers; symmetric, with zeros on the diagonal. Row i belongs to input i.
/// - Memory: 8 n^2 bytes.
public struct DistanceMatrix: Sendable {
  /// The number of points, n.
  public let count: Int

  /// n rows of n distances; symmetric, with zeros on the diagonal.
  private var values: [Double]

  /// The matrix of `count` points that `distance` gives for every pair of indices, the smaller one first.
  public init(count: Int, distance: (Int, Int) -> Double = { _, _ in 0 }) {
    self.count = count
    values = Array(repeating: 0, count: count * count)
    for first in 0..<count {
      for second in first + 1..<max(count, first + 1) { self[first, second] = distance(first, second) }
    }
  }

  /// The matrix of `count` points with these `values`: row by row, symmetric, with zeros on the diagonal.
  init(count: Int, values: [Double]) {
    precondition(values.count == count * count, "\(values.count) values do not fill a matrix of \(count) rows")
    self.count = count
    self.values = values
  }

  /// The squared distance between the points at two indices, in any order; 0 when they are one. Setting it sets it both ways.
  public internal(set) subscript(first: Int, second: Int) -> Double {
    get { values[first * count + second] }
    set {
      values[first * count + second] = newValue
      values[second * count + first] = newValue
    }
  }

  /// Every squared distance between two different points, once and ascending.
  var distinct: [Double] {
    var pairs: [Double] = []
    for first in 0..<count {
      for second in first + 1..<max(count, first + 1) { pairs.append(self[first, second]) }
    }
    pairs.sort()
    var result: [Double] = []
    for distance in pairs where distance != result.last { result.append(distance) }
    return result
  }

  /// The largest squared distance between two of the points at `indices`, or 0 when there are no two.
  func diameter(of indices: [Int]) -> Double {
    var largest = 0.0
    for first in indices {
      for second in indices { largest = max(largest, self[first, second]) }
    }
    return largest
  }
}
