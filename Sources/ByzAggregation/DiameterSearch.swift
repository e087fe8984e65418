/// Finds, among the subsets of n - f of n points, one of the smallest diameter, knowing only the distances.
///
/// For a threshold t, join the points that are *further apart* than t. A subset has a diameter of at most t exactly when
/// no edge joins two of its points, that is when the points left out touch every edge: when they are a vertex cover. So
/// the smallest diameter is the smallest distance for which that graph has a vertex cover of at most f points.
package struct DiameterSearch {
  let distances: DistanceMatrix
  /// The number of points to leave out, f.
  let leftOut: Int

  /// The search among `distances` for a subset that leaves out `f` points, and at least one in.
  package init(distances: DistanceMatrix, leavingOut f: Int) {
    precondition(f >= 0 && f < distances.count, "\(f) of \(distances.count) points cannot be left out")
    self.distances = distances
    leftOut = f
  }

  /// The indices of the lexicographically smallest subset of n - f points among those of the smallest diameter.
  package func subset() -> [Int] {
    let (diameter, cover) = smallestDiameter()
    return firstSubset(within: diameter, cover: cover)
  }

  /// The smallest diameter of a subset of n - f points, and at most f points without which no two are further apart: a
  /// binary search over the distances that occur.
  func smallestDiameter() -> (diameter: Double, cover: [Int]) {
    // A single point is left, and nothing is closer than it to itself.
    guard leftOut < distances.count - 1 else { return (0, Array(1..<distances.count)) }
    let candidates = distances.distinct
    var cover: [Int] = []
    var (low, high) = (0, candidates.count - 1)  // At the largest distance the graph has no edge.
    while low < high {
      let middle = (low + high) / 2
      if let found = VertexCover.find(in: graph(beyond: candidates[middle]), size: leftOut) {
        cover = found
        high = middle
      } else {
        low = middle + 1
      }
    }
    return (candidates[low], cover)
  }

  /// The graph that joins the points further apart than `threshold`.
  private func graph(beyond threshold: Double) -> ConflictGraph {
    ConflictGraph(count: distances.count) { distances[$0, $1] > threshold }
  }

  /// The lexicographically smallest subset of n - f points with a diameter of at most `diameter`.
  ///
  /// Point by point from the first: it is kept whenever the points kept so far and it can be completed. A kept point forces
  /// its neighbours out; what is left is a smaller graph. A vertex cover of that is always known, `cover` at first, and a
  /// point outside it can be kept without asking; for one inside it another cover has to be found.
  private func firstSubset(within diameter: Double, cover: [Int]) -> [Int] {
    var graph = graph(beyond: diameter)
    var isCovering = Array(repeating: false, count: distances.count)
    for point in cover { isCovering[point] = true }
    var kept: [Int] = []
    var isOut = Array(repeating: false, count: distances.count)
    var budget = leftOut
    for point in 0..<distances.count where !isOut[point] && kept.count < distances.count - leftOut {
      let neighbours = graph.neighbours(of: point)
      if isCovering[point] && !neighbours.isEmpty {
        guard let found = self.cover(of: graph, leavingOut: neighbours, budget: budget) else {
          graph.remove(point)
          budget -= 1
          continue
        }
        for point in isCovering.indices { isCovering[point] = false }
        for point in found { isCovering[point] = true }
      }
      kept.append(point)
      for neighbour in neighbours { isOut[neighbour] = true }
      graph.remove(neighbours)
      budget -= neighbours.count
    }
    return kept
  }

  /// A cover of what is left of a graph without `points`, by as many others as `budget` allows together with them.
  private func cover(of graph: consuming ConflictGraph, leavingOut points: [Int], budget: Int) -> [Int]? {
    guard points.count <= budget else { return nil }
    graph.remove(points)
    return VertexCover.find(in: graph, size: budget - points.count)
  }
}
