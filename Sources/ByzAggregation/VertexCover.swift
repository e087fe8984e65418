/// Finds few vertices that touch all edges of a graph.
///
/// The problem is NP-complete but fixed-parameter tractable in the size k of the cover: the time is a polynomial of the
/// number of vertices times an exponential of k alone, about 1.47^k here and far less on every graph that was tried. A
/// search for k vertices repeats these steps:
///
/// - what can be settled without branching is, see ``VertexCoverReduction``;
/// - k vertices touch no more edges than the k highest degrees together;
/// - a clique of c vertices takes c - 1 of them, so disjoint cliques bound the cover from below (a matching is the case
///   of cliques of two);
/// - components are covered one after the other, each as cheaply as can be;
/// - what is left has degrees of 3 and more: a vertex of the highest degree is in the cover, or all its neighbours are.
enum VertexCover {
  /// At most `size` vertices of `graph` that touch all of its edges, in any order; nil if there are none.
  static func find(in graph: consuming ConflictGraph, size: Int) -> [Int]? {
    var reduction = VertexCoverReduction(budget: size)
    guard reduction.reduce(&graph) else { return nil }
    if graph.edgeCount == 0 { return reduction.completed([]) }
    if exceedsDegreeBound(graph, reduction.budget) || exceedsCliqueBound(graph, reduction.budget) { return nil }
    return findInParts(of: graph, size: reduction.budget).map(reduction.completed)
  }

  private static func branch(on vertex: Int, of graph: consuming ConflictGraph, size: Int) -> [Int]? {
    // Here degree <= k after reducing, so the neighbours fit.
    let neighbours = graph.neighbours(of: vertex)
    var rest = copy graph
    rest.remove(vertex)
    if let cover = find(in: rest, size: size - 1) { return cover + [vertex] }
    graph.remove(neighbours)
    return find(in: graph, size: size - neighbours.count).map { $0 + neighbours }
  }

  private static func vertexOfHighestDegree(in graph: ConflictGraph) -> Int {
    var best = 0
    for vertex in 1..<graph.count where graph.degrees[vertex] > graph.degrees[best] { best = vertex }
    return best
  }
}

// Without this, a graph of many small and awkward components takes as long as the product of their times, not the sum.
extension VertexCover {
  /// The same as `find` for a graph to which no reduction applies.
  private static func findInParts(of graph: consuming ConflictGraph, size: Int) -> [Int]? {
    let vertex = vertexOfHighestDegree(in: graph)
    let component = graph.component(of: vertex)
    let left = (0..<graph.count).filter { graph.degrees[$0] > 0 }
    let inside = left.filter(component.contains)
    if inside.count == left.count {
      if (left.count + 63) / 64 == graph.wordsPerRow { return branch(on: vertex, of: graph, size: size) }
      // Without the vertices that were settled the rows are shorter.
      return find(in: graph.induced(on: left), size: size)?.map { left[$0] }
    }
    let part = graph.induced(on: inside)
    for smallest in 1..<max(1, size) {
      guard let cover = find(in: part, size: smallest) else { continue }
      let outside = left.filter { !component.contains($0) }
      guard let rest = find(in: graph.induced(on: outside), size: size - smallest) else { return nil }
      return cover.map { inside[$0] } + rest.map { outside[$0] }
    }
    return nil
  }
}

// Bounds that end a branch.
extension VertexCover {
  /// Whether the `budget` highest degrees together are less than the number of edges.
  private static func exceedsDegreeBound(_ graph: ConflictGraph, _ budget: Int) -> Bool {
    var numbers = Array(repeating: 0, count: graph.count)  // Of vertices of each degree.
    for degree in graph.degrees { numbers[degree] += 1 }
    var (edges, left) = (graph.edgeCount, budget)
    for degree in stride(from: graph.count - 1, to: 0, by: -1) where numbers[degree] > 0 {
      edges -= degree * min(left, numbers[degree])
      left -= min(left, numbers[degree])
      if edges <= 0 { return false }
      if left == 0 { return true }
    }
    return false
  }

  /// Whether disjoint cliques, found greedily, take more than `budget` vertices of every cover.
  private static func exceedsCliqueBound(_ graph: ConflictGraph, _ budget: Int) -> Bool {
    var free = VertexSet(wordCount: graph.wordsPerRow)
    for vertex in 0..<graph.count where graph.degrees[vertex] > 0 { free.insert(vertex) }
    var candidates = free
    var needed = 0
    while let vertex = free.first {
      candidates.become(free)
      needed += growClique(from: vertex, of: graph, among: &candidates, taking: &free) - 1
      if needed > budget { return true }
    }
    return false
  }

  /// Takes a clique that contains `vertex` out of the `free` vertices, which are the `candidates`, and gives its size.
  private static func growClique(
    from vertex: Int, of graph: ConflictGraph, among candidates: inout VertexSet, taking free: inout VertexSet
  ) -> Int {
    var size = 0
    var next: Int? = vertex
    while let member = next {
      free.remove(member)
      size += 1
      for index in 0..<graph.wordsPerRow { candidates.formIntersection(graph.word(index, of: member), at: index) }
      next = candidates.first
    }
    return size
  }
}
