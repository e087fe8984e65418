/// An undirected graph of few vertices, as one row of bits for each vertex, for algorithms that take vertices away.
///
/// A vertex that was removed stays as one without edges, so the others keep their numbers.
struct ConflictGraph {
  /// The number of vertices, with those that were removed.
  let count: Int
  /// The number of edges left. Always half the sum of `degrees`.
  private(set) var edgeCount = 0
  /// The number of neighbours of every vertex. Always the number of bits set in its row.
  private(set) var degrees: [Int]
  /// The number of words in a row.
  let wordsPerRow: Int
  /// Bit w of row v says whether v and w are neighbours: symmetric, and never set for v = w.
  private var words: [UInt64]

  /// The graph of `count` vertices without an edge.
  private init(count: Int) {
    self.count = count
    wordsPerRow = (count + 63) / 64
    degrees = Array(repeating: 0, count: count)
    words = Array(repeating: 0, count: count * wordsPerRow)
  }

  /// The graph of `count` vertices with an edge wherever `areJoined` says so; it gets the smaller index first.
  init(count: Int, where areJoined: (Int, Int) -> Bool) {
    self.init(count: count)
    for first in 0..<count {
      for second in first + 1..<max(count, first + 1) where areJoined(first, second) { join(first, second) }
    }
  }

  /// Whether an edge joins the two vertices.
  func areJoined(_ first: Int, _ second: Int) -> Bool {
    words[first * wordsPerRow + second >> 6] & (1 << UInt64(second & 63)) != 0
  }

  /// The 64 bits of a vertex' row that stand for the vertices 64 * `index` and following.
  @inline(__always)
  func word(_ index: Int, of vertex: Int) -> UInt64 { words[vertex * wordsPerRow + index] }

  /// Calls `body` with every neighbour of a vertex, ascending.
  @inline(__always)
  func forEachNeighbour(of vertex: Int, _ body: (Int) -> Void) {
    for index in 0..<wordsPerRow {
      var bits = word(index, of: vertex)
      while bits != 0 {
        body(index << 6 + bits.trailingZeroBitCount)
        bits &= bits &- 1
      }
    }
  }

  /// The neighbours of a vertex, ascending.
  func neighbours(of vertex: Int) -> [Int] {
    var result: [Int] = []
    result.reserveCapacity(degrees[vertex])
    forEachNeighbour(of: vertex) { result.append($0) }
    return result
  }

  /// The first neighbour of a vertex, which must have one.
  func firstNeighbour(of vertex: Int) -> Int {
    for index in 0..<wordsPerRow {
      let bits = word(index, of: vertex)
      if bits != 0 { return index << 6 + bits.trailingZeroBitCount }
    }
    preconditionFailure("vertex \(vertex) has no neighbour")
  }

  /// The last neighbour of a vertex, which must have one.
  func lastNeighbour(of vertex: Int) -> Int {
    for index in stride(from: wordsPerRow - 1, through: 0, by: -1) {
      let bits = word(index, of: vertex)
      if bits != 0 { return index << 6 + 63 - bits.leadingZeroBitCount }
    }
    preconditionFailure("vertex \(vertex) has no neighbour")
  }

  /// The vertices that a path of edges leads to from `vertex`, with itself.
  func component(of vertex: Int) -> VertexSet {
    var reached = VertexSet(wordCount: wordsPerRow)
    var open = reached
    reached.insert(vertex)
    open.insert(vertex)
    while let next = open.first {
      open.remove(next)
      for index in 0..<wordsPerRow {
        let added = word(index, of: next) & ~reached.words[index]
        reached.formUnion(added, at: index)
        open.formUnion(added, at: index)
      }
    }
    return reached
  }

  /// The graph of the given vertices, ascending, and the edges between them: vertex i is `vertices[i]` of this one.
  func induced(on vertices: [Int]) -> ConflictGraph {
    var places = Array(repeating: -1, count: count)
    for (place, vertex) in vertices.enumerated() { places[vertex] = place }
    var result = ConflictGraph(count: vertices.count)
    for (place, vertex) in vertices.enumerated() {
      forEachNeighbour(of: vertex) { if places[$0] > place { result.join(place, places[$0]) } }
    }
    return result
  }

  /// Joins two different vertices by an edge that is not there yet.
  private mutating func join(_ first: Int, _ second: Int) {
    words[first * wordsPerRow + second >> 6] |= 1 << UInt64(second & 63)
    words[second * wordsPerRow + first >> 6] |= 1 << UInt64(first & 63)
    degrees[first] += 1
    degrees[second] += 1
    edgeCount += 1
  }

  /// Takes a vertex and its edges away.
  mutating func remove(_ vertex: Int) {
    for index in 0..<wordsPerRow {
      var bits = word(index, of: vertex)
      words[vertex * wordsPerRow + index] = 0
      while bits != 0 {
        let neighbour = index << 6 + bits.trailingZeroBitCount
        bits &= bits &- 1
        words[neighbour * wordsPerRow + vertex >> 6] &= ~(1 << UInt64(vertex & 63))
        degrees[neighbour] -= 1
      }
    }
    edgeCount -= degrees[vertex]
    degrees[vertex] = 0
  }

  /// Takes several vertices and their edges away.
  mutating func remove(_ vertices: [Int]) {
    for vertex in vertices { remove(vertex) }
  }

  /// Makes one vertex of two that no edge joins: `vertex` gets the neighbours of `other` as well, which is removed.
  mutating func merge(_ other: Int, into vertex: Int) {
    let neighbours = neighbours(of: other)
    remove(other)
    for neighbour in neighbours where !areJoined(vertex, neighbour) { join(vertex, neighbour) }
  }
}
