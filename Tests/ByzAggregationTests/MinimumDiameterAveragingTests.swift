import ByzNumerics
import Testing

@testable import ByzAggregation

/// The first subset, in lexicographic order, among those of the smallest diameter: by trying all of them.
private func naiveSubset(of inputs: [Vector], leavingOut f: Int) -> [Int] {
  let squares = inputs.map { left in inputs.map { naiveSquaredDistance(left, $0) } }
  var best: (diameter: Double, subset: [Int]) = (.infinity, [])
  func extend(_ subset: [Int], from next: Int, _ diameter: Double) {
    if subset.count == inputs.count - f {
      if diameter < best.diameter { best = (diameter, subset) }
      return
    }
    for index in next..<max(next, inputs.count) {
      extend(subset + [index], from: index + 1, subset.reduce(diameter) { max($0, squares[$1][index]) })
    }
  }
  extend([], from: 0, 0)
  return best.subset
}

@Suite struct MinimumDiameterAveragingTests {
  private let rule = MinimumDiameterAveraging()

  private func expectNaive(_ inputs: [Vector], _ f: Int, _ label: String) {
    let aggregate = rule.aggregate(inputs, tolerating: f)
    let expected = naiveSubset(of: inputs, leavingOut: f)
    #expect(aggregate.selected == expected, "\(label), n = \(inputs.count), f = \(f)")
    #expect(aggregate.vector == naiveMean(of: expected.map { inputs[$0] }), "\(label), n = \(inputs.count), f = \(f)")
  }

  @Test(arguments: Elements.allCases, [1, 2, 5]) func equalsTryingAllSubsets(kind: Elements, length: Int) {
    for seed in 0..<90 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [UInt64(length)])
      let count = 1 + Int(seed % 10)
      var inputs = generator.vectors(count, length: length, kind)
      if seed % 3 == 0 { generator.duplicateSome(of: &inputs) }
      for f in 0...(count - 1) / 2 {
        expectNaive(inputs, f, "\(kind), seed \(seed), path [\(length)]")
      }
    }
  }

  @Test(arguments: [1, 2, 3, 6]) func breaksTiesLexicographically(length: Int) {
    // Points of a small grid: most of these cases have several subsets of the smallest diameter.
    for seed in 0..<600 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [UInt64(length)])
      let count = 3 + Int(seed % 8)
      let inputs = generator.vectors(count, length: length, .grid)
      for f in 1...(count - 1) / 2 { expectNaive(inputs, f, "seed \(seed), path [\(length)]") }
    }
  }

  @Test func survivesHugeNormsAndColluders() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 3 + Int(seed % 8)
      let f = (count - 1) / 2
      let liar = Vector(repeating: seed % 2 == 0 ? 1e30 : -.greatestFiniteMagnitude, count: 4)
      var inputs = generator.vectors(count - f, length: 4, .normal) + Array(repeating: liar, count: f)
      inputs = generator.permutation(of: count).map { inputs[$0] }
      expectNaive(inputs, f, "seed \(seed)")
      let selected = rule.aggregate(inputs, tolerating: f).selected
      #expect(selected.allSatisfy { inputs[$0] != liar }, "seed \(seed)")
    }
  }

  @Test func averagesHugeInputsWithoutOverflow() {
    let large = Vector(repeating: .greatestFiniteMagnitude, count: 3)
    #expect(rule.aggregate([large, large, large], tolerating: 1).vector == large)
  }

  @Test(arguments: Elements.allCases) func threadsAndKnownDistancesDoNotShow(kind: Elements) {
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 3 + Int(seed % 7)
      let inputs = generator.vectors(count, length: seed == 0 ? 40_000 : 5, kind)
      let f = (count - 1) / 2
      let expected = rule.aggregate(inputs, tolerating: f)
      for round in [Round(threads: 3), Round(distances: DistanceMatrix(squaredBetween: inputs))] {
        let found = rule.aggregate(inputs, tolerating: f, in: round)
        #expect(found.vector == expected.vector && found.selected == expected.selected, "\(kind), seed \(seed)")
      }
    }
  }

  @Test func usesTheDistancesOfTheRound() {
    // Distances that the inputs do not have show that these are used.
    let inputs = [0, 1, 2, 9].map { Vector([$0]) }
    let distances = DistanceMatrix(count: 4) { first, _ in first == 0 ? 2 : 1 }
    #expect(rule.aggregate(inputs, tolerating: 1, in: Round(distances: distances)).selected == [1, 2, 3])
  }

  @Test func documentedExample() {
    let aggregate = rule.aggregate([0, 1, 2, 9].map { Vector([$0]) }, tolerating: 1)
    #expect(aggregate.selected == [0, 1, 2])
    #expect(aggregate.vector == Vector([1]))
  }
}
