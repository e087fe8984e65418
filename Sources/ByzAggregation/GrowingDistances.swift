import ByzNumerics

/// The squared distances between vectors that come one after the other, each computed as soon as both vectors are there.
///
/// Who waits for n vectors can compare each with those before it while the others are under way,
/// and when the last one that it waits for has come, only n - 1 distances are left to compute. The distances have the
/// same bits as ``DistanceMatrix/init(squaredBetween:threads:)`` gives for the same vectors, whatever the order in which
/// they came.
///
///     var distances = GrowingDistances(count: 3)
///     distances.insert(Vector([0, 1]), at: 2)
///     distances.insert(Vector([3, 5]), at: 0)
///     distances.matrix(of: [0, 2])[0, 1]  // 25
///
/// All insertions together take about twice the processor time of one pass over all vectors, which is why the servers of
/// this project, whose cores are busy with other things meanwhile, prefer that.
///
/// - Vectors: finite, and of one length d. They are kept alive until they are removed.
/// - Complexity: O(m d) time to insert one vector among m others, in one pass over them all; 8 n^2 bytes and the vectors.
public struct GrowingDistances: Sendable {
  private var vectors: [Vector?]
  /// Right wherever both vectors are there.
  private var distances: DistanceMatrix

  /// Room for `count` vectors, of which none is there.
  public init(count: Int) {
    vectors = Array(repeating: nil, count: count)
    distances = DistanceMatrix(count: count)
  }

  /// The indices of the vectors that are there, ascending.
  public var indices: [Int] { vectors.indices.filter { vectors[$0] != nil } }

  /// Puts `vector` at `index`, in place of the one that is there, if any, and compares it with all others.
  ///
  /// Up to `threads` threads work at the same time; no bit depends on it.
  public mutating func insert(_ vector: Vector, at index: Int, threads: Int = 1) {
    vectors[index] = nil
    let others = indices
    let squares = DistanceMatrix.squares(from: vector, to: others.compactMap { vectors[$0] }, threads: threads)
    for (other, square) in zip(others, squares) { distances[index, other] = square }
    vectors[index] = vector
  }

  /// Removes the vector at `index`, if there is one.
  public mutating func remove(at index: Int) { vectors[index] = nil }

  /// The squared distances between the vectors at `chosen`, which must be there; point i of the matrix is the i-th of them.
  public func matrix(of chosen: [Int]) -> DistanceMatrix {
    for index in chosen { precondition(vectors[index] != nil, "there is no vector at \(index)") }
    return DistanceMatrix(count: chosen.count) { distances[chosen[$0], chosen[$1]] }
  }
}
