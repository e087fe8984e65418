import ByzAggregation
import ByzNumerics

/// How long the exact search of minimum-diameter averaging takes at its worst.
///
/// Byzantine workers choose their vectors, so what counts is the slowest instance. In enough dimensions any graph can be one:
/// points that it joins are a little further apart than the others. Slow are graphs in which all vertices have the same few
/// neighbours and that just need f vertices to touch all edges; such graphs of all sizes around are drawn here.
public struct SearchBenchmark {
  /// The searches among points in graphs of one degree; times in seconds.
  public struct Row: Codable, Sendable {
    /// How many neighbours a vertex has, at most.
    public let degree: Int
    public let seconds: Timing
  }

  public struct Report: Codable, Sendable {
    /// n
    public let inputs: Int
    /// f
    public let byzantine: Int
    public let rows: [Row]
  }

  private let count: Int
  private let f: Int
  private let graphs: Int

  /// - Parameters:
  ///   - count: n, how many points there are, at least 3.
  ///   - f: how many may be left out, at least 1 and less than half of them.
  ///   - graphs: how many graphs of each degree are searched.
  public init(inputs count: Int, tolerating f: Int, graphs: Int) {
    self.count = count
    self.f = f
    self.graphs = graphs
  }

  /// Searches graphs of degree 3 to 12.
  ///
  /// - Throws: `Interrupted`.
  public func run(showing progress: ProgressBar, unless isInterrupted: () -> Bool) throws -> Report {
    let degrees = Array(3...12)
    let rows = try degrees.enumerated().map { index, degree in
      progress.show(index, of: degrees.count, "degree \(degree)")
      var generator = SeededGenerator(seed: 1, path: [UInt64(count), UInt64(f), UInt64(degree)])
      let samples = try (0..<graphs).map { _ in
        if isInterrupted() { throw Interrupted() }
        let joined = min(count, f + 1 + generator.index(below: f + 1))
        let distances = Self.distances(count, joined: joined, degree: degree, &generator)
        let start = Timing.now
        keep(DiameterSearch(distances: distances, leavingOut: f).subset())
        return Timing.now - start
      }
      return Row(degree: degree, seconds: Timing(samples))
    }
    progress.finish()
    return Report(inputs: count, byzantine: f, rows: rows)
  }

  /// The distances of `count` points, `joined` of which, anywhere among them, have about `degree` others further away.
  private static func distances(
    _ count: Int, joined: Int, degree: Int, _ generator: inout SeededGenerator
  ) -> DistanceMatrix {
    let vertices = Array(generator.permutation(of: count).prefix(joined))
    var degrees = Array(repeating: 0, count: count)
    var isJoined = Set<[Int]>()
    for _ in 0..<20 * degree * joined {
      let (first, second) = (vertices[generator.index(below: joined)], vertices[generator.index(below: joined)])
      guard first != second, degrees[first] < degree, degrees[second] < degree,
        isJoined.insert([min(first, second), max(first, second)]).inserted
      else { continue }
      degrees[first] += 1
      degrees[second] += 1
    }
    return DistanceMatrix(count: count) { isJoined.contains([$0, $1]) ? 2 : 1 }
  }
}
