/// Finds, among the subsets of n - f of n points, one that spreads least in the direction in which it spreads most,
/// knowing only the squared distances.
///
/// The spread of a set is the largest eigenvalue of its scatter matrix, the sum of (x - mean)(x - mean)' over its points,
/// which is that of the inner products of the centred points, too. A larger set has a larger scatter matrix (Loewner's
/// order), so a lower bound on the spread of the first few indices is one on all sets that begin with them. Two bounds cost
/// nearly nothing:
///
/// - half the largest squared distance, the spread of two points;
/// - for m points, the trace divided by the number of eigenvalues, which are at most m - 1. The trace is the sum of the
///   squared distances between two of them, divided by m.
struct SpreadSearch {
  private let distances: DistanceMatrix
  private let size: Int
  private var best: (spread: Double, subset: [Int]) = (.infinity, [])

  /// What a set must be better than, well above the rounding errors of eigenvalues and of their bounds.
  private var threshold: Double { best.spread * (1 - 1e-12) }

  /// The first subset, in lexicographic order, of those with the smallest spread: one replaces another if its spread is
  /// smaller by more than 1e-12 of the other's.
  static func subset(of distances: DistanceMatrix, leavingOut f: Int) -> [Int] {
    precondition(f >= 0 && f < distances.count, "\(f) of \(distances.count) points cannot be left out")
    var search = SpreadSearch(distances: distances, size: distances.count - f)
    search.extend([], largest: 0, sum: 0)
    return search.best.subset
  }

  private init(distances: DistanceMatrix, size: Int) {
    self.distances = distances
    self.size = size
  }

  /// Tries all sets that begin with `subset`, of which these are the largest squared distance and the sum of all.
  private mutating func extend(_ subset: [Int], largest: Double, sum: Double) {
    if subset.count == size { return consider(subset) }
    let next = subset.last.map { $0 + 1 } ?? 0
    for index in next...distances.count - (size - subset.count) {
      var (widest, total) = (largest, sum)
      for other in subset {
        widest = max(widest, distances[index, other])
        total += distances[index, other]
      }
      let count = subset.count + 1
      let trace = total / Double(count)
      if max(widest / 2, trace / Double(max(count - 1, 1))) >= threshold { continue }
      extend(subset + [index], largest: widest, sum: total)
    }
  }

  private mutating func consider(_ subset: [Int]) {
    let weights = Array(repeating: 1 / Double(size), count: size)
    let products = SymmetricMatrix(centring: distances, of: subset, weights: weights)
    let spread = Eigensystem.largestValue(of: products)
    if spread < threshold || best.subset.isEmpty { best = (spread, subset) }
  }
}
