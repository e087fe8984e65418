/// Krum's scores of inputs, of which some may have been taken away.
///
/// The score of an input is the sum of the squared distances to the nearest other inputs, added up in f64 from the
/// smallest on. Sorting takes O(n^2 log n) time once, and each score after that O(n), however many are gone.
struct KrumScores {
  private let distances: DistanceMatrix
  /// The other inputs of each input, the nearest first.
  private let neighbours: [[Int]]
  private(set) var isLeft: [Bool]
  /// How many inputs are left.
  private(set) var count: Int

  init(distances: DistanceMatrix) {
    self.distances = distances
    count = distances.count
    isLeft = Array(repeating: true, count: count)
    neighbours = (0..<distances.count).map { input in
      (0..<distances.count).filter { $0 != input }.sorted {
        // Without the index the order of equal distances would be open, though no sum could show it.
        (distances[input, $0], $0) < (distances[input, $1], $1)
      }
    }
  }

  /// The sum of the squared distances of `input` to its `nearest` nearest others among those that are left.
  func score(of input: Int, nearest: Int) -> Double {
    var sum = 0.0
    var missing = nearest
    for other in neighbours[input] where isLeft[other] {
      if missing == 0 { break }
      sum += distances[input, other]
      missing -= 1
    }
    return sum
  }

  /// The inputs that are left with the smallest scores, best first, `wanted` of them; of equal scores the smaller index.
  func best(_ wanted: Int, nearest: Int) -> [Int] {
    let scores = isLeft.indices.filter { isLeft[$0] }.map { (score(of: $0, nearest: nearest), $0) }
    if wanted == 1 { return scores.min { $0 < $1 }.map { [$0.1] } ?? [] }
    return scores.sorted { $0 < $1 }.prefix(wanted).map(\.1)
  }

  /// Takes an input away, which counts as nobody's neighbour from now on.
  mutating func remove(_ input: Int) {
    precondition(isLeft[input], "input \(input) is not left")
    isLeft[input] = false
    count -= 1
  }
}
