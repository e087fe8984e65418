import ByzNumerics
import Testing

@testable import ByzAggregation

private typealias Edge = (Int, Int)

private func graph(_ count: Int, _ edges: [Edge]) -> ConflictGraph {
  var isEdge = Array(repeating: false, count: count * count)
  for (first, second) in edges {
    isEdge[first * count + second] = true
    isEdge[second * count + first] = true
  }
  return ConflictGraph(count: count) { isEdge[$0 * count + $1] }
}

/// The size of the smallest vertex cover, by trying all sets of vertices.
private func naiveSmallestCover(_ count: Int, _ edges: [Edge]) -> Int {
  var neighbours = Array(repeating: 0, count: count)
  for (first, second) in edges {
    neighbours[first] |= 1 << second
    neighbours[second] |= 1 << first
  }
  var best = count
  for cover in 0..<(1 << count) where cover.nonzeroBitCount < best {
    if (0..<count).allSatisfy({ cover >> $0 & 1 == 1 || neighbours[$0] & ~cover == 0 }) { best = cover.nonzeroBitCount }
  }
  return best
}

private func cycle(_ count: Int, from start: Int = 0) -> [Edge] {
  (0..<count).map { (start + $0, start + ($0 + 1) % count) }
}

private func pairs(_ count: Int, where isEdge: (Int, Int) -> Bool = { _, _ in true }) -> [Edge] {
  (0..<count).flatMap { first in (0..<first).filter { isEdge($0, first) }.map { ($0, first) } }
}

@Suite struct VertexCoverTests {
  /// Expects covers of `smallest` vertices and more to be found, and no smaller ones.
  private func expect(_ smallest: Int, _ graph: ConflictGraph, _ label: String) {
    for size in max(0, smallest - 3)...smallest + 2 {
      expectFound(size >= smallest, in: graph, size: size, "\(label), size \(size)")
    }
  }

  /// Expects that a cover of at most `size` vertices is found, and is one; or that none is.
  private func expectFound(_ exists: Bool, in graph: ConflictGraph, size: Int, _ label: String) {
    guard let cover = VertexCover.find(in: graph, size: size) else {
      #expect(!exists, "\(label)")
      return
    }
    #expect(exists && cover.count <= size && Set(cover).count == cover.count, "\(label)")
    var rest = graph
    rest.remove(cover)
    #expect(rest.edgeCount == 0, "\(label)")
  }

  @Test func equalsTryingAllSetsOnDrawnGraphs() {
    for seed in 0..<3000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 1 + Int(seed % 12)
      let density = generator.uniform()
      let edges = pairs(count) { _, _ in generator.uniform() < density }
      let smallest = naiveSmallestCover(count, edges)
      for size in 0...count {
        expectFound(size >= smallest, in: graph(count, edges), size: size, "size \(size), seed \(seed)")
      }
    }
  }

  @Test func findsTheSameAmongManyOtherVertices() {
    // The same graphs, spread over rows of three words.
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let density = 0.2 + 0.6 * generator.uniform()
      let edges = pairs(11) { _, _ in generator.uniform() < density }
      let places = generator.permutation(of: 150)
      let spread = graph(150, edges.map { (places[$0.0], places[$0.1]) })
      expect(naiveSmallestCover(11, edges), spread, "seed \(seed)")
    }
  }

  @Test(arguments: [3, 4, 5, 8, 9, 64, 65, 130]) func knowsGraphsWithAFormula(count: Int) {
    expect((count + 1) / 2, graph(count, cycle(count)), "cycle of \(count)")
    expect(count / 2, graph(count, Array(cycle(count).dropLast())), "path of \(count)")
    expect(1, graph(count, (1..<count).map { (0, $0) }), "star of \(count)")
    expect(count - 1, graph(count, pairs(count)), "complete graph of \(count)")
    expect(0, graph(count, []), "no edge among \(count)")
  }

  @Test(arguments: [3, 4, 7, 40]) func knowsCrownsAndDisjointUnions(count: Int) {
    // A crown is a complete bipartite graph less a perfect matching.
    let crown = (0..<count).flatMap { left in (0..<count).filter { $0 != left }.map { (left, count + $0) } }
    expect(count, graph(2 * count, crown), "crown of \(count)")
    let triangles = (0..<count).flatMap { cycle(3, from: 3 * $0) }
    expect(2 * count, graph(3 * count, triangles), "\(count) triangles")
    let pentagons = (0..<count).flatMap { cycle(5, from: 5 * $0) }
    expect(3 * count, graph(5 * count, pentagons), "\(count) pentagons")
  }

  @Test func knowsPetersenGraphs() {
    // No step without branching applies to it: all degrees are 3, no triangle, and a perfect matching.
    let spokes = cycle(5) + (0..<5).map { (5 + $0, 5 + ($0 + 2) % 5) } + (0..<5).map { ($0, 5 + $0) }
    expect(6, graph(10, spokes), "Petersen graph")
    let three = (0..<3).flatMap { copy in spokes.map { (10 * copy + $0.0, 10 * copy + $0.1) } }
    expect(18, graph(30, three), "three Petersen graphs")
  }

  @Test func addsUpTheCoversOfComponents() {
    for seed in 0..<60 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var edges: [Edge] = []
      var smallest = 0
      for copy in 0..<6 {
        let part = pairs(8) { _, _ in generator.uniform() < 0.6 }
        smallest += naiveSmallestCover(8, part)
        edges += part.map { ($0.0 + 8 * copy, $0.1 + 8 * copy) }
      }
      expect(smallest, graph(48, edges), "seed \(seed)")
    }
  }

  @Test func doesNotMultiplyTheTimesOfComponents() {
    // Eleven circulant graphs, in which no step but branching helps: together they took seven seconds at a time when the
    // search went on in one while it had not finished with another.
    let circulant = [1, 2, 4].flatMap { step in (0..<8).map { ($0, ($0 + step) % 8) } }
    let copies = (0..<11).flatMap { copy in circulant.map { ($0.0 + 8 * copy, $0.1 + 8 * copy) } }
    expect(11 * naiveSmallestCover(8, circulant), graph(88, copies), "eleven circulant graphs")
  }

  @Test func graphKeepsCountWhileItShrinks() {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var graph = graph(70, pairs(70) { _, _ in generator.uniform() < 0.1 })
      for _ in 0..<20 {
        let vertex = generator.index(below: 70)
        let other = generator.index(below: 70)
        if vertex != other && !graph.areJoined(vertex, other) { graph.merge(other, into: vertex) }
        graph.remove(generator.index(below: 70))
        let degrees = (0..<70).map { graph.neighbours(of: $0).count }
        #expect(graph.degrees == degrees, "seed \(seed)")
        #expect(graph.edgeCount == degrees.reduce(0, +) / 2, "seed \(seed)")
      }
    }
  }
}
