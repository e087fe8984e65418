/// A symmetric matrix of doubles, of at least one row, as rows one after the other.
struct SymmetricMatrix {
  let count: Int
  private(set) var values: [Double]

  /// The matrix of `count` rows with the `element` of every pair of indices, the first one not larger.
  init(count: Int, element: (Int, Int) -> Double) {
    precondition(count > 0, "a matrix needs a row")
    self.count = count
    values = Array(repeating: 0, count: count * count)
    for row in 0..<count {
      for column in row..<count {
        let value = element(row, column)
        values[row * count + column] = value
        values[column * count + row] = value
      }
    }
  }

  subscript(row: Int, column: Int) -> Double { values[row * count + column] }
}

extension SymmetricMatrix {
  /// The inner products of points, less their mean weighted with `weights`, of which these are the squared distances.
  ///
  /// With D for the squared distances, p for the weights, of sum 1, r = D p and t = p' D p, the products are
  /// -(D_ij - r_i - r_j + t) / 2. An error is of the order of the largest of the distances times 2^-53.
  init(centring distances: DistanceMatrix, of points: [Int], weights: [Double]) {
    var toMean: [Double] = []
    for first in points {
      var sum = 0.0
      for (second, weight) in zip(points, weights) { sum += weight * distances[first, second] }
      toMean.append(sum)
    }
    var middle = 0.0
    for (weight, distance) in zip(weights, toMean) { middle += weight * distance }
    self.init(count: points.count) { first, second in
      let products = toMean[first] + toMean[second] - middle
      return (products - distances[points[first], points[second]]) / 2
    }
  }
}
