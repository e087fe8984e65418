import ByzNumerics
import Testing

@testable import ByzAggregation

/// The scores of those inputs that are `left`, by sorting, and infinity for the others.
private func naiveScores(_ squares: [[Double]], left: [Int], nearest: Int) -> [Double] {
  squares.indices.map { input in
    guard left.contains(input) else { return .infinity }
    var others: [Double] = []
    for other in left where other != input { others.append(squares[input][other]) }
    others.sort()
    return others.prefix(nearest).reduce(0, +)
  }
}

private func naiveBest(_ scores: [Double], _ count: Int) -> [Int] {
  var left = scores
  return (0..<count).map { _ in
    let best = left.firstIndex(of: left.min() ?? .nan) ?? -1
    left[best] = .infinity
    return best
  }
}

private func naiveSelection(_ squares: [[Double]], _ f: Int) -> [Int] {
  var left = Array(squares.indices)
  return (0..<squares.count - 2 * f).map { _ in
    let scores = naiveScores(squares, left: left, nearest: max(1, left.count - f - 2))
    let choice = naiveBest(scores, 1)[0]
    left.removeAll { $0 == choice }
    return choice
  }
}

/// The average of all but `count` values, each time leaving out one of those furthest from the median, the largest first.
private func naiveMeanAroundMedian(_ values: [Double], leavingOut count: Int) -> Float {
  let sorted = values.sorted()
  let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  let nearest = sorted.sorted { (abs($0 - median), $0) < (abs($1 - median), $1) }.dropLast(count).sorted()
  return Float(nearest.reduce(0, +) / Double(nearest.count))
}

@Suite struct KrumTests {
  @Test(arguments: Elements.allCases) func equalsSortingAllDistances(kind: Elements) {
    forEachCase(kind, seeds: 1500, more: 3, f: 2) { inputs, f, label in
      let nearest = inputs.count - f - 2
      let scores = naiveScores(naiveSquares(inputs), left: Array(inputs.indices), nearest: nearest)
      let krum = Krum().aggregate(inputs, tolerating: f)
      let best = naiveBest(scores, nearest)
      #expect(krum.selected == [best[0]], "\(label)")
      #expect(krum.vector == inputs[best[0]] && krum.vector !== inputs[best[0]], "\(label)")
      for keep in [nil, 1, nearest] {
        let expected = best.prefix(keep ?? nearest).sorted()
        let aggregate = MultiKrum(keep: keep).aggregate(inputs, tolerating: f)
        #expect(aggregate.selected == expected, "\(label), keep \(keep ?? 0)")
        #expect(aggregate.vector == naiveMean(of: expected.map { inputs[$0] }), "\(label), keep \(keep ?? 0)")
      }
    }
  }

  @Test(arguments: Elements.allCases) func bulyanEqualsTheNaiveOne(kind: Elements) {
    for (f, seeds) in [(1, 1400), (3, 100)] {
      forEachCase(kind, seeds: seeds, factor: 4, more: 3, f: f) { inputs, f, label in
        let aggregate = Bulyan().aggregate(inputs, tolerating: f)
        let selected = naiveSelection(naiveSquares(inputs), f).sorted()
        #expect(aggregate.selected == selected, "\(label)")
        let expected = (0..<inputs[0].count).map { coordinate in
          naiveMeanAroundMedian(selected.map { Double(inputs[$0][coordinate]) }, leavingOut: 2 * f)
        }
        #expect(aggregate.vector.elements == expected, "\(label)")
      }
    }
  }

  @Test func ordersOfSelectionAgree() {
    for f in [1, 3, 6] {
      for seed in 0..<20 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed, path: [UInt64(f)])
        let inputs = generator.vectors(4 * f + 3 + generator.index(below: 4), length: 3, .normal)
        let selection = Bulyan.selection(by: DistanceMatrix(squaredBetween: inputs), tolerating: f)
        #expect(selection == naiveSelection(naiveSquares(inputs), f), "f = \(f), seed \(seed)")
      }
    }
  }

  @Test func needMoreThanAMajority() {
    for f in 0..<20 {
      for rule in [Krum(), MultiKrum(), MultiKrum(keep: f + 1)] as [any AggregationRule] {
        #expect(rule.violation(inputs: 2 * f + 3, tolerating: f) == nil)
        #expect(rule.violation(inputs: 2 * f + 2, tolerating: f) != nil)
      }
      #expect(Bulyan().violation(inputs: 4 * f + 3, tolerating: f) == nil)
      #expect(Bulyan().violation(inputs: 4 * f + 2, tolerating: f) != nil)
    }
    #expect(Krum().violation(inputs: 6, tolerating: 2) == "krum needs n >= 2f + 3, which n = 6 and f = 2 break.")
    #expect(
      MultiKrum(keep: 4).violation(inputs: 7, tolerating: 2)
        == "multi-krum needs keep <= n - f - 2, which keep = 4, n = 7 and f = 2 break.")
    #expect(MultiKrum(keep: 3).violation(inputs: 7, tolerating: 2) == nil)
  }

  @Test func documentedExamples() {
    let inputs = [0, 1, 3, 4, 50].map { Vector([$0]) }
    let scores = KrumScores(distances: DistanceMatrix(squaredBetween: inputs))
    #expect(inputs.indices.map { scores.score(of: $0, nearest: 2) } == [10, 5, 5, 10, 4325])
    #expect(Krum().aggregate(inputs, tolerating: 1).vector == Vector([1]))
    #expect(MultiKrum(keep: 2).aggregate(inputs, tolerating: 1).vector == Vector([2]))
    let seven = [0, 1, 2, 3, 4, 5, 90].map { Vector([$0]) }
    #expect(Bulyan.selection(by: DistanceMatrix(squaredBetween: seven), tolerating: 1) == [2, 3, 1, 4, 0])
    #expect(Bulyan().aggregate(seven, tolerating: 1).vector == Vector([2]))
  }

  @Test func bulyanCountsANeighbourToTheEnd() {
    // When three are left, Krum would count none, and take the first: an outlier.
    let inputs = [1e30, 1, 2, 3, 4, 5, 6].map { Vector([$0]) }
    #expect(Bulyan().aggregate(inputs, tolerating: 1).selected.contains(0) == false)
  }
}
