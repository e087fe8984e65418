import ByzNumerics
import Testing

@testable import ByzAggregation

/// A point of the plane with whole coordinates, so that squared distances are exact.
private struct Point {
  var x: Int
  var y: Int

  func square(to other: Point) -> Int { (x - other.x) * (x - other.x) + (y - other.y) * (y - other.y) }
}

private func matrix(_ points: [Point]) -> DistanceMatrix {
  DistanceMatrix(count: points.count) { Double(points[$0].square(to: points[$1])) }
}

/// How many points a subset of the plane can hold whose two most distant points are `first` and `second`.
///
/// All of them lie in the lens of points no further from either than the two are from each other. Within one half of the
/// lens no two points are further apart than that, so what remains is an independent set in a bipartite graph between the
/// halves: all points less a largest matching (König).
private func largestSubset(of points: [Point], spanning first: Point, _ second: Point) -> Int {
  let diameter = first.square(to: second)
  let lens = points.filter { $0.square(to: first) <= diameter && $0.square(to: second) <= diameter }
  func isAbove(_ point: Point) -> Bool {
    (second.x - first.x) * (point.y - first.y) - (second.y - first.y) * (point.x - first.x) >= 0
  }
  let above = lens.filter(isAbove)
  let below = lens.filter { !isAbove($0) }
  let conflicts = above.map { point in below.indices.filter { below[$0].square(to: point) > diameter } }
  return lens.count - largestMatching(conflicts, right: below.count)
}

/// The size of a largest matching in the bipartite graph that joins left vertex i to the right vertices `neighbours[i]`.
private func largestMatching(_ neighbours: [[Int]], right: Int) -> Int {
  var partner = [Int?](repeating: nil, count: right)
  func augment(_ left: Int, _ seen: inout Set<Int>) -> Bool {
    for candidate in neighbours[left] where seen.insert(candidate).inserted {
      guard let occupant = partner[candidate] else {
        partner[candidate] = left
        return true
      }
      if augment(occupant, &seen) {
        partner[candidate] = left
        return true
      }
    }
    return false
  }
  return neighbours.indices.filter { left in
    var seen: Set<Int> = []
    return augment(left, &seen)
  }.count
}

@Suite struct DiameterSearchTests {
  private let sizes = [(51, 24), (51, 25), (100, 33)]

  private func expectSubset(_ subset: [Int], of count: Int, leavingOut f: Int, _ label: String) {
    #expect(subset.count == count - f, "\(label)")
    #expect(subset == Set(subset).sorted() && subset.allSatisfy { (0..<count).contains($0) }, "\(label)")
  }

  @Test func isBestInThePlane() {
    for (count, f) in sizes {
      for seed in 0..<2 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed, path: [UInt64(count)])
        var points = (0..<count).map { _ in Point(x: Int(50 * generator.normal()), y: Int(50 * generator.normal())) }
        // Colluders in the middle force the search to choose among honest points.
        if seed == 1 { for index in 0..<f { points[2 * index] = Point(x: 3, y: -2) } }
        let label = "n = \(count), f = \(f), seed \(seed), path [\(count)]"
        let distances = matrix(points)
        let subset = DiameterSearch(distances: distances, leavingOut: f).subset()
        expectSubset(subset, of: count, leavingOut: f, label)
        expectNoBetter(points, than: distances.diameter(of: subset), leavingOut: f, label)
      }
    }
  }

  private func expectNoBetter(_ points: [Point], than diameter: Double, leavingOut f: Int, _ label: String) {
    for first in points.indices {
      for second in 0..<first where Double(points[first].square(to: points[second])) < diameter {
        let size = largestSubset(of: points, spanning: points[first], points[second])
        #expect(size < points.count - f, "\(label): \(first) and \(second) span \(size)")
      }
    }
  }

  @Test func isBestOnTheLine() {
    for (count, f) in sizes {
      for seed in 0..<10 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed, path: [UInt64(count)])
        let values = (0..<count).map { _ in Double(generator.index(below: 1000)) }
        let distances = DistanceMatrix(count: count) { abs(values[$0] - values[$1]) }
        let subset = DiameterSearch(distances: distances, leavingOut: f).subset()
        // On a line the best subset is a window of the sorted values.
        let sorted = values.sorted()
        let best = (0...f).map { sorted[$0 + count - f - 1] - sorted[$0] }.min()
        #expect(distances.diameter(of: subset) == best, "n = \(count), f = \(f), seed \(seed), path [\(count)]")
      }
    }
  }

  @Test func leavesOutAWholeCrowdFarAway() {
    for (count, f) in sizes {
      var generator = SeededGenerator(seed: 7, path: [UInt64(count)])
      let honest = generator.vectors(count - f, length: 50, .normal)
      let crowd = Array(repeating: Vector(repeating: 1e4, count: 50), count: f)
      let places = generator.permutation(of: count)
      let inputs = places.map { (honest + crowd)[$0] }
      let aggregate = MinimumDiameterAveraging().aggregate(inputs, tolerating: f)
      let expected = (0..<count).filter { places[$0] < count - f }
      #expect(aggregate.selected == expected, "n = \(count), seed 7, path [\(count)]")
    }
  }

  @Test func finishesOnGaussiansWithColludersAtTheirMean() {
    for (count, f) in sizes {
      for length in [2, 10, 200] {
        var generator = SeededGenerator(seed: 3, path: [UInt64(count), UInt64(length)])
        let honest = generator.vectors(count - f, length: length, .normal)
        let inputs = honest + Array(repeating: naiveMean(of: honest), count: f)
        let distances = DistanceMatrix(squaredBetween: inputs)
        let search = DiameterSearch(distances: distances, leavingOut: f)
        let label = "n = \(count), f = \(f), seed 3, path [\(count), \(length)]"
        expectSubset(search.subset(), of: count, leavingOut: f, label)
        #expect(distances.diameter(of: search.subset()) == search.smallestDiameter().diameter, "\(label)")
      }
    }
  }

  @Test func takesTheFirstOfIdenticalPoints() {
    for (count, f) in sizes {
      let subset = DiameterSearch(distances: DistanceMatrix(count: count), leavingOut: f).subset()
      #expect(subset == Array(0..<count - f), "n = \(count), f = \(f)")
    }
  }

  @Test func takesOneOfEveryTriangle() {
    // 17 triangles of points far from each other, among points that are all equally near.
    let distances = DistanceMatrix(count: 100) { $1 < 51 && $0 / 3 == $1 / 3 ? 2 : 1 }
    #expect(DiameterSearch(distances: distances, leavingOut: 33).smallestDiameter().diameter == 2)
    #expect(DiameterSearch(distances: distances, leavingOut: 33).subset() == Array(0..<67))
    let oneEach = DiameterSearch(distances: distances, leavingOut: 34).subset()
    #expect(oneEach == Array(stride(from: 0, to: 51, by: 3)) + Array(51..<100))
  }

  @Test func finishesOnDrawnGraphsOfTwoDistances() {
    // Points of some degree each are what is left when no step of the search applies without branching.
    for degree in 3...8 {
      var generator = SeededGenerator(seed: UInt64(degree))
      let distances = DistanceMatrix(count: 100) { $1 < 50 && generator.index(below: 50) < degree ? 2 : 1 }
      for f in 28...33 {
        let search = DiameterSearch(distances: distances, leavingOut: f)
        let subset = search.subset()
        expectSubset(subset, of: 100, leavingOut: f, "f = \(f), seed \(degree)")
        #expect(distances.diameter(of: subset) == search.smallestDiameter().diameter, "f = \(f), seed \(degree)")
      }
    }
  }

  @Test func keepsSmallCasesRight() {
    func subset(_ count: Int, leavingOut f: Int, _ distance: (Int, Int) -> Double = { _, _ in 1 }) -> [Int] {
      DiameterSearch(distances: DistanceMatrix(count: count, distance: distance), leavingOut: f).subset()
    }
    #expect(subset(1, leavingOut: 0) == [0])
    #expect(subset(2, leavingOut: 1) == [0])
    #expect(subset(3, leavingOut: 0) == [0, 1, 2])
    #expect(subset(3, leavingOut: 1) { first, _ in first == 1 ? 1 : 2 } == [1, 2])
  }
}
