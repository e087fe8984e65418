import ByzNumerics
import Testing

@testable import ByzAggregation

/// A graph of up to 128 vertices. Attackers can choose any: in enough dimensions there are points of which those joined
/// are a little further from each other than those that are not.
private struct Graph {
  let name: String
  let count: Int
  private(set) var isJoined: [Bool]

  init(_ name: String, _ count: Int, where areJoined: (Int, Int) -> Bool = { _, _ in false }) {
    (self.name, self.count) = (name, count)
    isJoined = Array(repeating: false, count: count * count)
    for second in 0..<count {
      for first in 0..<second where areJoined(first, second) { join(first, second) }
    }
  }

  mutating func join(_ first: Int, _ second: Int) {
    isJoined[first * count + second] = true
    isJoined[second * count + first] = true
  }

  func areJoined(_ first: Int, _ second: Int) -> Bool { isJoined[first * count + second] }

  /// Vertices in a circle, each joined to those some of the `steps` away.
  static func circulant(_ count: Int, _ steps: [Int]) -> Graph {
    Graph("circulant \(count) \(steps)", count) { steps.contains($1 - $0) || steps.contains(count - $1 + $0) }
  }

  /// Joins numbers whose difference is a square modulo the prime `count`.
  static func paley(_ count: Int) -> Graph {
    let squares = Set((1..<count).map { $0 * $0 % count })
    return Graph("Paley \(count)", count) { squares.contains($1 - $0) }
  }

  /// Joins the subsets of `size` out of `base` elements that have `common` elements in common.
  static func subsets(_ base: Int, _ size: Int, common: Int) -> Graph {
    let sets = (0..<1 << base).filter { $0.nonzeroBitCount == size }
    return Graph("\(size) of \(base) sharing \(common)", sets.count) {
      (sets[$0] & sets[$1]).nonzeroBitCount == common
    }
  }

  /// A triangle for each triple of points, every corner of it joined to one of the points: a cover of it takes two corners
  /// of each triangle, and as many points as it takes to hit all triples.
  static func triples(_ name: String, points: Int, _ triples: [[Int]]) -> Graph {
    var result = Graph(name, points + 3 * triples.count) { $0 >= points && ($0 - points) / 3 == ($1 - points) / 3 }
    for (index, triple) in triples.enumerated() {
      for corner in 0..<3 { result.join(triple[corner], points + 3 * index + corner) }
    }
    return result
  }

  /// A graph drawn by joining vertices until about `degree` * `count` / 2 edges are there, none of them with more than
  /// `degree` neighbours.
  static func drawn(_ count: Int, degree: Int, _ generator: inout SeededGenerator) -> Graph {
    var result = Graph("drawn \(count) of degree \(degree)", count)
    var degrees = Array(repeating: 0, count: count)
    for _ in 0..<20 * degree * count {
      let (first, second) = (generator.index(below: count), generator.index(below: count))
      guard first != second, degrees[first] < degree, degrees[second] < degree, !result.areJoined(first, second) else {
        continue
      }
      result.join(first, second)
      degrees[first] += 1
      degrees[second] += 1
    }
    return result
  }

  /// The size of a largest set of vertices without an edge, the others being a smallest cover: with one vertex, or not.
  func naiveIndependence() -> Int {
    let neighbours = (0..<count).map { first in
      (0..<count).reduce(0 as UInt64) { areJoined(first, $1) ? $0 | 1 << UInt64($1) : $0 }
    }
    func largest(_ left: UInt64) -> Int {
      if left == 0 { return 0 }
      let vertices = (0..<count).filter { left >> UInt64($0) & 1 == 1 }
      let degrees = vertices.map { (neighbours[$0] & left).nonzeroBitCount }
      let index = degrees.indices.max { degrees[$0] < degrees[$1] } ?? 0
      if degrees[index] == 0 { return vertices.count }
      let without = left & ~(1 << UInt64(vertices[index]))
      return max(largest(without), 1 + largest(without & ~neighbours[vertices[index]]))
    }
    return largest(1 << UInt64(count) - 1)
  }
}

@Suite struct HardGraphTests {
  /// Among `total` points, of which the first ones are at distance 2 where joined and all others at distance 1.
  private func subset(_ graph: Graph, of total: Int, leavingOut f: Int) -> (diameter: Double, subset: [Int]) {
    let distances = DistanceMatrix(count: total) { $1 < graph.count && graph.areJoined($0, $1) ? 2 : 1 }
    let subset = DiameterSearch(distances: distances, leavingOut: f).subset()
    return (distances.diameter(of: subset), subset)
  }

  /// Expects that leaving out the size of a smallest cover is enough for diameter 1, and one less is not.
  private func expect(independence: Int, _ graph: Graph, of total: Int = 100) {
    let cover = graph.count - independence
    let (diameter, found) = subset(graph, of: total, leavingOut: cover)
    #expect(found.count == total - cover && diameter == 1, "\(graph.name)")
    #expect(subset(graph, of: total, leavingOut: cover - 1).diameter == 2, "\(graph.name)")
  }

  @Test func knowsWhatIsKnown() {
    // Erdos, Ko and Rado: of k-subsets that meet pairwise, the most are those with one element in common.
    expect(independence: 15, .subsets(7, 3, common: 0))
    expect(independence: 21, .subsets(8, 3, common: 0))
    // Johnson graphs: the seven lines of the Fano plane, no two of which share two points; and the planes of the affine
    // geometry of eight points.
    expect(independence: 7, .subsets(7, 3, common: 2))
    expect(independence: 14, .subsets(8, 4, common: 3))
    for (count, largest) in [(13, 3), (17, 3), (29, 4), (37, 4), (41, 5)] {
      expect(independence: largest, .paley(count))
    }
    // Rooks that do not attack each other.
    for side in 3...8 {
      expect(independence: side, Graph("rooks", side * side) { $0 / side == $1 / side || ($1 - $0) % side == 0 })
    }
  }

  @Test func knowsHowManyPointsHitAllTriples() {
    // The lines of the Fano plane take 3 points to hit, those of the affine plane of order 3 take 5.
    let fano = (0..<7).map { shift in [0, 1, 3].map { ($0 + shift) % 7 } }
    expect(independence: 7 + 4, .triples("Fano", points: 7, fano))
    let affine = [
      [0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [1, 5, 6], [2, 3, 7], [0, 5, 7],
      [1, 3, 8], [2, 4, 6],
    ]
    expect(independence: 12 + 4, .triples("affine plane", points: 9, affine))
  }

  @Test func agreesWithPlainBranching() {
    for seed in 0..<120 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let graph = Graph.drawn(14 + Int(seed % 15), degree: 3 + generator.index(below: 6), &generator)
      expect(independence: graph.naiveIndependence(), graph, of: 70)
    }
    for steps in [[1, 2, 4], [1, 3], [1, 5, 8], [1, 6, 10, 13], [2, 3, 7]] {
      for count in [27, 30, 31] {
        let graph = Graph.circulant(count, steps)
        expect(independence: graph.naiveIndependence(), graph, of: 70)
      }
    }
  }

  /// The first subset, as a sequence of indices, by trying all of them.
  private func naiveSubset(_ graph: Graph, leavingOut f: Int) -> (diameter: Double, subset: [Int]) {
    var best: (diameter: Double, subset: [Int]) = (.infinity, [])
    for bits in 0..<1 << graph.count where bits.nonzeroBitCount == graph.count - f {
      let subset = (0..<graph.count).filter { bits >> $0 & 1 == 1 }
      let isJoined = subset.contains { first in subset.contains { graph.areJoined(first, $0) } }
      let diameter = isJoined ? 2.0 : subset.count > 1 ? 1 : 0
      if diameter < best.diameter || diameter == best.diameter && subset.lexicographicallyPrecedes(best.subset) {
        best = (diameter, subset)
      }
    }
    return best
  }

  @Test func takesTheFirstOfManySubsets() {
    for seed in 0..<700 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 2 + Int(seed % 8)
      let density = generator.uniform()
      let graph = Graph("seed \(seed)", count) { _, _ in generator.uniform() < density }
      for f in 0..<count {
        let expected = naiveSubset(graph, leavingOut: f)
        let found = subset(graph, of: count, leavingOut: f)
        #expect(found.subset == expected.subset && found.diameter == expected.diameter, "seed \(seed), f = \(f)")
      }
    }
  }

  @Test func finishesOnTheHardestThatWereFound() {
    // Graphs of equal degrees from 5 to 8 in which a smallest cover has about f vertices; smaller and larger ones are
    // quicker, and so are those of other degrees.
    for (count, f, sizes) in [(51, 24, 34...36), (100, 33, 45...52), (128, 42, 60...66)] {
      for size in sizes {
        for degree in [5, 6, 8] {
          var generator = SeededGenerator(seed: UInt64(size), path: [UInt64(degree)])
          let graph = Graph.drawn(size, degree: degree, &generator)
          let found = subset(graph, of: count, leavingOut: f)
          let more = subset(graph, of: count, leavingOut: f + 1)
          #expect(found.subset.count == count - f && found.diameter >= more.diameter, "\(graph.name), f = \(f)")
        }
      }
    }
  }
}
