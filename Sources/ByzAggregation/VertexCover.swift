/// Decides whether few vertices touch all edges of a graph.
///
/// The problem is NP-complete but fixed-parameter tractable in the size k of the cover: the time is a polynomial of the
/// number of vertices times an exponential of k alone, about 1.47^k here and far less on every graph that was tried. A
/// search for k vertices repeats these steps:
///
/// - a vertex of degree > k is in every cover of size k;
/// - of a vertex with one neighbour, the neighbour is in some smallest cover;
/// - of a vertex with two neighbours: both, if they are joined; else the three are *folded* into one vertex, and k falls by
///   one (Chen, Kanj and Jia, "Vertex Cover: Further Observations and Further Improvements", Journal of Algorithms 41(2),
///   2001). This alone settles paths and cycles;
/// - k vertices touch no more edges than the k highest degrees together;
/// - a clique of c vertices takes c - 1 of them, so disjoint cliques bound the cover from below (a matching is the case
///   of cliques of two);
/// - components are covered one after the other, each as cheaply as can be;
/// - what is left has degrees of 3 and more: a vertex of the highest degree is in the cover, or all its neighbours are.
enum VertexCover {
  /// Whether at most `size` vertices of `graph` touch all of its edges.
  static func exists(in graph: ConflictGraph, size: Int) -> Bool {
    var graph = graph
    var budget = size
    reduce(&graph, &budget)
    if budget < 0 { return false }
    if graph.edgeCount == 0 { return true }
    if exceedsDegreeBound(graph, budget) || exceedsCliqueBound(graph, budget) { return false }
    let vertex = vertexOfHighestDegree(in: graph)
    return existsByComponents(around: vertex, of: graph, budget) ?? branch(on: vertex, of: graph, budget)
  }

  private static func branch(on vertex: Int, of graph: ConflictGraph, _ budget: Int) -> Bool {
    // Here degree <= k after reducing, so the neighbours fit.
    let neighbours = graph.neighbours(of: vertex)
    var rest = graph
    rest.remove(vertex)
    if exists(in: rest, size: budget - 1) { return true }
    rest = graph
    rest.remove(neighbours)
    return exists(in: rest, size: budget - neighbours.count)
  }

  private static func vertexOfHighestDegree(in graph: ConflictGraph) -> Int {
    var best = 0
    for vertex in 1..<graph.count where graph.degrees[vertex] > graph.degrees[best] { best = vertex }
    return best
  }
}

// Without this, a graph of many small and awkward components takes as long as the product of their times, not the sum.
extension VertexCover {
  /// The answer when there is more than the component of `vertex`, found part by part; nil when there is not.
  private static func existsByComponents(around vertex: Int, of graph: ConflictGraph, _ budget: Int) -> Bool? {
    let isInside = graph.component(of: vertex)
    let outside = (0..<graph.count).filter { graph.degrees[$0] > 0 && !isInside[$0] }
    if outside.isEmpty { return nil }
    var (component, rest) = (graph, graph)
    component.remove(outside)
    rest.remove((0..<graph.count).filter { isInside[$0] })
    guard let smallest = (1..<max(1, budget)).first(where: { exists(in: component, size: $0) }) else { return false }
    return exists(in: rest, size: budget - smallest)
  }
}

// Steps that settle vertices without branching.
extension VertexCover {
  /// Reduces until no step applies any more, or until the budget is overdrawn.
  private static func reduce(_ graph: inout ConflictGraph, _ budget: inout Int) {
    var changed = true
    while changed && budget >= 0 {
      changed = false
      for vertex in 0..<graph.count where graph.degrees[vertex] > 0 && budget >= 0 {
        if settle(vertex, of: &graph, &budget) { changed = true }
      }
    }
  }

  private static func settle(_ vertex: Int, of graph: inout ConflictGraph, _ budget: inout Int) -> Bool {
    let degree = graph.degrees[vertex]
    if degree > budget {
      graph.remove(vertex)
      budget -= 1
    } else if degree == 1 {
      graph.remove(graph.firstNeighbour(of: vertex))
      budget -= 1
    } else if degree == 2 {
      settleBetween(graph.firstNeighbour(of: vertex), graph.lastNeighbour(of: vertex), vertex, of: &graph, &budget)
    } else {
      return false
    }
    return true
  }

  /// Settles a vertex whose only neighbours are `left` and `right`.
  private static func settleBetween(
    _ left: Int, _ right: Int, _ vertex: Int, of graph: inout ConflictGraph, _ budget: inout Int
  ) {
    if graph.areJoined(left, right) {
      graph.remove(left)
      graph.remove(right)
      budget -= 2
    } else {
      // Some smallest cover holds either the vertex alone or both neighbours. The merged vertex stands for the choice:
      // outside the cover it means the vertex alone (one, which is what the budget pays), inside it both neighbours.
      graph.remove(vertex)
      graph.merge(right, into: left)
      budget -= 1
    }
  }
}

// Bounds that end a branch.
extension VertexCover {
  /// Whether the `budget` highest degrees together are less than the number of edges.
  private static func exceedsDegreeBound(_ graph: ConflictGraph, _ budget: Int) -> Bool {
    let highest = graph.degrees.sorted(by: >).prefix(budget)
    return highest.reduce(0, +) < graph.edgeCount
  }

  /// Whether disjoint cliques, found greedily, take more than `budget` vertices of every cover.
  private static func exceedsCliqueBound(_ graph: ConflictGraph, _ budget: Int) -> Bool {
    var free = Array(repeating: UInt64.max, count: graph.wordsPerRow)
    var needed = 0
    for vertex in 0..<graph.count where graph.degrees[vertex] > 0 && free[vertex >> 6] >> UInt64(vertex & 63) & 1 == 1 {
      needed += growClique(from: vertex, of: graph, free: &free) - 1
      if needed > budget { return true }
    }
    return false
  }

  /// Takes a clique that contains `vertex` out of the `free` vertices, and gives its size.
  private static func growClique(from vertex: Int, of graph: ConflictGraph, free: inout [UInt64]) -> Int {
    var candidates = free
    var size = 0
    var next: Int? = vertex
    while let member = next {
      free[member >> 6] &= ~(1 << UInt64(member & 63))
      size += 1
      next = nil
      for index in 0..<graph.wordsPerRow {
        candidates[index] &= graph.word(index, of: member)
        if next == nil && candidates[index] != 0 { next = index << 6 + candidates[index].trailingZeroBitCount }
      }
    }
    return size
  }
}
