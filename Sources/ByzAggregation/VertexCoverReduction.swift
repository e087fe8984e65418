/// Settles vertices of a graph without branching, and can turn a cover of what is left into one of the whole graph.
///
/// - A vertex of degree > k is in every cover of size k.
/// - Of a vertex with one neighbour, the neighbour is in some smallest cover.
/// - Of a vertex with two neighbours: both, if they are joined; else the three are *folded* into one vertex, and k falls by
///   one (Chen, Kanj and Jia, "Vertex Cover: Further Observations and Further Improvements", Journal of Algorithms 41(2),
///   2001). This alone settles paths and cycles.
struct VertexCoverReduction {
  /// How many vertices a cover of what is left may have; negative as soon as there is none.
  private(set) var budget: Int
  private var taken: [Int] = []
  private var folds: [Fold] = []

  /// The vertex `middle` with the two neighbours `kept`, whose number stands for all three now, and `merged`.
  private struct Fold {
    let middle: Int
    let kept: Int
    let merged: Int
  }

  /// The reduction of a graph that is to be covered by `budget` vertices, before any step.
  init(budget: Int) { self.budget = budget }

  /// Reduces the graph until no step applies any more; false if it cannot be covered.
  mutating func reduce(_ graph: inout ConflictGraph) -> Bool {
    var changed = true
    while changed && budget >= 0 {
      changed = false
      for vertex in 0..<graph.count where graph.degrees[vertex] > 0 && budget >= 0 {
        if settle(vertex, of: &graph) { changed = true }
      }
    }
    return budget >= 0
  }

  /// The cover of the whole graph that follows from one of what is left.
  func completed(_ cover: [Int]) -> [Int] {
    var result = cover + taken
    for fold in folds.reversed() { result.append(result.contains(fold.kept) ? fold.merged : fold.middle) }
    return result
  }

  private mutating func take(_ vertex: Int, of graph: inout ConflictGraph) {
    graph.remove(vertex)
    taken.append(vertex)
    budget -= 1
  }

  /// Settles a vertex, or says that it has too many neighbours for that.
  private mutating func settle(_ vertex: Int, of graph: inout ConflictGraph) -> Bool {
    let degree = graph.degrees[vertex]
    if degree > 2 && degree <= budget { return false }
    if degree > budget {
      take(vertex, of: &graph)
    } else if degree == 1 {
      take(graph.firstNeighbour(of: vertex), of: &graph)
    } else {
      settle(vertex, between: graph.firstNeighbour(of: vertex), graph.lastNeighbour(of: vertex), of: &graph)
    }
    return true
  }

  /// Settles a vertex whose only neighbours are `left` and `right`.
  private mutating func settle(_ vertex: Int, between left: Int, _ right: Int, of graph: inout ConflictGraph) {
    if graph.areJoined(left, right) {
      take(left, of: &graph)
      take(right, of: &graph)
    } else {
      // Some smallest cover holds either the vertex alone or both neighbours. The merged vertex stands for the choice:
      // outside the cover it means the vertex alone (one, which is what the budget pays), inside it both neighbours.
      graph.remove(vertex)
      graph.merge(right, into: left)
      folds.append(Fold(middle: vertex, kept: left, merged: right))
      budget -= 1
    }
  }
}
