import ByzNumerics
import Testing

@testable import ByzAggregation

@Suite struct PreAggregationTests {
  @Test(arguments: Elements.allCases) func mixingEqualsSorting(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      let squares = naiveSquares(inputs)
      let expected = inputs.indices.map { index in
        var left = squares[index]
        left[index] = -1
        return (0..<inputs.count - f).map { _ in
          let nearest = left.firstIndex(of: left.min() ?? .nan) ?? -1
          left[nearest] = .infinity
          return nearest
        }.sorted()
      }
      let mixtures = NearestNeighbourMixing().apply(to: inputs, tolerating: f, in: Round())
      #expect(mixtures.map(\.origins) == expected, "\(label)")
      #expect(mixtures.map(\.vector) == expected.map { naiveMean(of: $0.map { inputs[$0] }) }, "\(label)")
    }
  }

  @Test(arguments: Elements.allCases) func bucketsHoldEveryInputOnce(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      let size = 1 + inputs.count % 4
      let bucketing = Bucketing(size: size)
      let mixtures = bucketing.apply(to: inputs, tolerating: f, in: Round(seed: UInt64(f)))
      #expect(mixtures.count == (inputs.count + size - 1) / size, "\(label)")
      #expect(mixtures.count == bucketing.outputs(of: inputs.count), "\(label)")
      #expect(mixtures.dropLast().allSatisfy { $0.origins.count == size }, "\(label)")
      #expect(mixtures.flatMap(\.origins).sorted() == Array(inputs.indices), "\(label)")
      for mixture in mixtures {
        #expect(mixture.origins == mixture.origins.sorted(), "\(label)")
        #expect(mixture.vector == naiveMean(of: mixture.origins.map { inputs[$0] }), "\(label)")
      }
    }
  }

  @Test func bucketsFollowFromTheSeed() {
    let inputs = (0..<20).map { Vector([Float($0)]) }
    func origins(_ seed: UInt64) -> [[Int]] {
      Bucketing().apply(to: inputs, tolerating: 1, in: Round(seed: seed)).map(\.origins)
    }
    #expect(origins(3) == origins(3))
    #expect(Set((0..<50).map { origins($0) }).count == 50)
    // Every pair of inputs shares a bucket now and then.
    let pairs = Set((0..<2000).flatMap { origins($0) })
    #expect(pairs.count == 190)
  }

  @Test func conditions() {
    for f in 0..<10 {
      for step in [NearestNeighbourMixing(), AdaptiveRobustClipping()] as [any PreAggregation] {
        #expect(step.violation(inputs: 2 * f + 1, tolerating: f) == nil)
        #expect(step.violation(inputs: 2 * f, tolerating: f) != nil)
        #expect(step.outputs(of: f) == f)
      }
    }
    #expect(
      NearestNeighbourMixing().violation(inputs: 4, tolerating: 2)
        == "nnm needs n >= 2f + 1, which n = 4 and f = 2 break.")
    #expect(Bucketing().violation(inputs: 1, tolerating: 0) == nil)
    #expect(Bucketing().violation(inputs: 0, tolerating: 0) == "bucketing needs n >= 1, which n = 0 breaks.")
    #expect(Clipping(norm: 1).violation(inputs: 0, tolerating: 0) == "clip needs n >= 1, which n = 0 breaks.")
    #expect(Clipping(norm: 1).violation(inputs: 1, tolerating: 1) == nil)
    #expect([0, 1, 2, 3, 4, .max].map { Bucketing(size: 2).outputs(of: $0) } == [0, 1, 1, 2, 2, .max / 2 + 1])
  }

  @Test func conditionIsOnWhatIsLeft() {
    let rule = PreAggregatedRule([Bucketing(size: 2)], before: Krum())
    #expect(rule.violation(inputs: 9, tolerating: 1) == nil)
    #expect(
      rule.violation(inputs: 8, tolerating: 1)
        == "krum needs n >= 2f + 3, which n = 4 and f = 1 break. Of 8 inputs, 4 are left after bucketing:size=2.")
    let stacked = PreAggregatedRule([Bucketing(size: 2), NearestNeighbourMixing()], before: CoordinatewiseMedian())
    #expect(stacked.violation(inputs: 4, tolerating: 1) == "nnm needs n >= 2f + 1, which n = 2 and f = 1 break.")
    #expect(stacked.violation(inputs: 5, tolerating: 1) == nil)
  }

  @Test func selectsTheOriginsOfWhatIsSelected() {
    let inputs = [1, 50, 2, 70, 3, 90, 4].map { Vector([$0]) }
    for seed in 0..<50 as Range<UInt64> {
      let round = Round(seed: seed)
      let buckets = Bucketing(size: 2).apply(to: inputs, tolerating: 0, in: round)
      let inner = Krum().aggregate(buckets.map(\.vector), tolerating: 0)
      let outer = PreAggregatedRule([Bucketing(size: 2)], before: Krum()).aggregate(inputs, tolerating: 0, in: round)
      #expect(outer.vector == inner.vector, "seed \(seed)")
      #expect(outer.selected == buckets[inner.selected[0]].origins, "seed \(seed)")
    }
    let mixed = PreAggregatedRule([NearestNeighbourMixing()], before: Krum())
    let near = [0, 1, 2, 3, 100].map { Vector([$0]) }
    #expect(mixed.aggregate(near, tolerating: 1).selected == [0, 1, 2, 3])
  }

  @Test func stepsAreDoneInOrder() {
    // Both share a bucket, of the standard size 2: clipped first, the 8 counts for 1; averaged first, for the whole bucket.
    let inputs = [Vector([8]), Vector([0])]
    func result(_ steps: [any PreAggregation]) -> Vector {
      PreAggregatedRule(steps, before: Average()).aggregate(inputs, tolerating: 0).vector
    }
    #expect(result([Clipping(norm: 1), Bucketing()]) == Vector([0.5]))
    #expect(result([Bucketing(), Clipping(norm: 1)]) == Vector([1]))
    let rule = PreAggregatedRule([Clipping(norm: 2.5), Bucketing(size: 3)], before: Krum())
    #expect(rule.specification.description == "krum after clip:norm=2.5, bucketing:size=3")
  }

  @Test func knownDistancesAreOfTheInputsOnly() {
    // What the round knows is right for the first step and wrong for what comes after it.
    let inputs = [0, 1, 2, 9, 50].map { Vector([$0]) }
    let rule = PreAggregatedRule([Clipping(norm: 10), NearestNeighbourMixing()], before: Krum())
    let round = Round(distances: DistanceMatrix(squaredBetween: inputs))
    #expect(rule.aggregate(inputs, tolerating: 1, in: round).vector == rule.aggregate(inputs, tolerating: 1).vector)
  }

  @Test func documentedExamples() {
    let mixed = NearestNeighbourMixing().apply(to: [0, 1, 2, 9].map { Vector([$0]) }, tolerating: 1, in: Round())
    #expect(mixed.map(\.vector) == [1, 1, 1, 4].map { Vector([$0]) })
    #expect(mixed[0].vector === mixed[1].vector)
    let outcomes = (0..<30).map { seed in
      Bucketing().apply(to: [1, 3, 7].map { Vector([$0]) }, tolerating: 0, in: Round(seed: seed)).map(\.vector)
    }
    #expect(Set(outcomes) == Set([[2, 7], [4, 3], [5, 1]].map { $0.map { Vector([$0]) } }))
  }
}
