/// Finds, among the subsets of n - f of n points, one of the smallest diameter, knowing only the distances.
///
/// For a threshold t, join the points that are *further apart* than t. A subset has a diameter of at most t exactly when
/// no edge joins two of its points, that is when the points left out touch every edge: when they are a vertex cover. So
/// the smallest diameter is the smallest distance for which that graph has a vertex cover of at most f points.
struct DiameterSearch {
  let distances: DistanceMatrix
  /// The number of points to leave out, f.
  let leftOut: Int

  /// The search among `distances` for a subset that leaves out `f` points, and at least one in.
  init(distances: DistanceMatrix, leavingOut f: Int) {
    precondition(f >= 0 && f < distances.count, "\(f) of \(distances.count) points cannot be left out")
    self.distances = distances
    leftOut = f
  }

  /// The indices of the lexicographically smallest subset of n - f points among those of the smallest diameter.
  func subset() -> [Int] { firstSubset(within: smallestDiameter()) }

  /// The smallest diameter of a subset of n - f points: a binary search over the distances that occur.
  func smallestDiameter() -> Double {
    let candidates = distances.distinct
    guard leftOut < distances.count - 1 else { return 0 }
    var low = 0
    var high = candidates.count - 1  // At the largest distance the graph has no edge.
    while low < high {
      let middle = (low + high) / 2
      if VertexCover.exists(in: graph(beyond: candidates[middle]), size: leftOut) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return candidates[low]
  }

  /// The graph that joins the points further apart than `threshold`.
  private func graph(beyond threshold: Double) -> ConflictGraph {
    ConflictGraph(count: distances.count) { distances[$0, $1] > threshold }
  }

  /// The lexicographically smallest subset of n - f points with a diameter of at most `diameter`, which must exist.
  ///
  /// Point by point from the first: it is kept whenever the points kept so far and it can be completed, which is one more
  /// question after a vertex cover. A kept point forces its neighbours out; what is left is a smaller graph.
  private func firstSubset(within diameter: Double) -> [Int] {
    var graph = graph(beyond: diameter)
    var kept: [Int] = []
    var out = Array(repeating: false, count: distances.count)
    var budget = leftOut
    for point in 0..<distances.count where !out[point] && kept.count < distances.count - leftOut {
      let neighbours = graph.neighbours(of: point)
      if canLeaveOut(neighbours, of: graph, budget: budget) {
        kept.append(point)
        for neighbour in neighbours { out[neighbour] = true }
        graph.remove(neighbours)
        budget -= neighbours.count
      } else {
        graph.remove(point)
        budget -= 1
      }
    }
    return kept
  }

  /// Whether without `points` a cover of what `budget` leaves is possible.
  private func canLeaveOut(_ points: [Int], of graph: ConflictGraph, budget: Int) -> Bool {
    guard points.count <= budget else { return false }
    // A point without neighbours costs nothing, and the graph had a cover before.
    guard !points.isEmpty else { return true }
    var rest = graph
    rest.remove(points)
    return VertexCover.exists(in: rest, size: budget - points.count)
  }
}
