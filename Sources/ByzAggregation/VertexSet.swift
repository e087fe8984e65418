/// A set of a graph's vertices, one bit for each.
struct VertexSet {
  /// Bit v % 64 of word v / 64 says whether vertex v is in the set.
  private(set) var words: [UInt64]

  /// The empty set for a graph whose rows have `wordCount` words.
  init(wordCount: Int) { words = Array(repeating: 0, count: wordCount) }

  @inline(__always)
  func contains(_ vertex: Int) -> Bool { words[vertex >> 6] >> UInt64(vertex & 63) & 1 == 1 }

  @inline(__always)
  mutating func insert(_ vertex: Int) { words[vertex >> 6] |= 1 << UInt64(vertex & 63) }

  @inline(__always)
  mutating func remove(_ vertex: Int) { words[vertex >> 6] &= ~(1 << UInt64(vertex & 63)) }

  /// Adds the vertices 64 * `index` and following that `bits` stand for.
  @inline(__always)
  mutating func formUnion(_ bits: UInt64, at index: Int) { words[index] |= bits }

  /// Keeps of the vertices 64 * `index` and following only those that `bits` stand for.
  @inline(__always)
  mutating func formIntersection(_ bits: UInt64, at index: Int) { words[index] &= bits }

  /// Becomes equal to `other`, a set for the same graph, in the memory that it has.
  mutating func become(_ other: VertexSet) {
    for index in words.indices { words[index] = other.words[index] }
  }

  /// The first vertex in the set.
  var first: Int? {
    for index in words.indices where words[index] != 0 { return index << 6 + words[index].trailingZeroBitCount }
    return nil
  }
}
