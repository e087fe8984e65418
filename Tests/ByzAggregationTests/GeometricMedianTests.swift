import ByzNumerics
import Testing

@testable import ByzAggregation

private func objective(_ points: [[Double]], _ center: [Double]) -> Double {
  points.reduce(0) { $0 + naiveDistance($1, center) }
}

private func weightedMean(_ points: [[Double]], _ weights: [Double], pull: [Double]? = nil) -> [Double] {
  let sum = weights.reduce(0, +)
  return points[0].indices.map { index in
    zip(points, weights).reduce(pull?[index] ?? 0) { $0 + $1.0[index] * $1.1 } / sum
  }
}

/// The steps as they are documented, without an end before the last one.
private func naiveSteps(_ points: [[Double]], from start: [Double], smoothing: Double, steps: Int) -> [Double] {
  let scale = points.map { naiveDistance($0, start) }.sorted()[points.count / 2]
  if scale == 0 { return start }
  var (center, power) = (start, 1.0)
  for step in 0..<steps {
    let weights = points.map { 1 / max(scale * max(power, smoothing), naiveDistance($0, center)) }
    center = weightedMean(points, weights)
    power /= 10
    let sum = weights.reduce(0, +)
    if step > 0, let heavy = weights.firstIndex(where: { $0 / sum > 0.6 }), naiveIsMedian(points[heavy], of: points) {
      return points[heavy]
    }
  }
  return center
}

/// Whether the unit vectors from `point` to those of `points` that lie elsewhere do not add up to more than those there.
private func naiveIsMedian(_ point: [Double], of points: [[Double]]) -> Bool {
  let others = points.filter { naiveDistance($0, point) > 0 }
  let pull = point.indices.map { index in
    others.reduce(0) { $0 + ($1[index] - point[index]) / naiveDistance($1, point) }
  }
  return naiveDistance(pull, point.map { _ in 0 }) <= Double(points.count - others.count) * (1 + 1e-9)
}

/// The smallest sum of distances: of an input, or where many steps lead from the best of them and from the mean.
private func leastObjective(_ points: [[Double]], steps: Int) -> Double {
  let scale = points.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
  var least = points.map { objective(points, $0) }.min() ?? .nan
  for start in [
    weightedMean(points, points.map { _ in 1 }), naiveMedian(of: points.map { Vector($0.map { Float($0) }) }).doubles,
  ] {
    var center = start
    for _ in 0..<steps {
      center = weightedMean(points, points.map { 1 / max(1e-12 * scale, naiveDistance($0, center)) })
    }
    least = min(least, objective(points, center))
  }
  return least
}

@Suite struct GeometricMedianTests {
  @Test(arguments: Elements.allCases) func equalsTheDocumentedSteps(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      let points = inputs.map(\.doubles)
      let rule = GeometricMedian(smoothing: 1e-3, tolerance: 0, iterations: 6)
      let aggregate = rule.aggregate(inputs, tolerating: f)
      let expected = naiveSteps(points, from: naiveMedian(of: inputs).doubles, smoothing: 1e-3, steps: 6)
      let size = points.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
      #expect(aggregate.vector.isClose(to: expected, within: 1e-9 * size), "\(label)")
      #expect(aggregate.selected == Array(inputs.indices), "\(label)")
    }
  }

  @Test(arguments: Elements.allCases) func isAsGoodAsManySteps(kind: Elements) {
    forEachCase(kind, seeds: 150) { inputs, f, label in
      let points = inputs.map(\.doubles)
      let size = points.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
      // What rounding the result to f32 may cost.
      let rounding = 1.2e-7 * size * Double(inputs.count) + Double(Float.leastNonzeroMagnitude) * 10
      let least = leastObjective(points, steps: 60) + rounding
      for (steps, excess) in [(100, 2e-3), (1000, 1e-4)] {
        let vector = GeometricMedian(iterations: steps).aggregate(inputs, tolerating: f).vector
        #expect(objective(points, vector.doubles) <= least * (1 + excess), "\(label), \(steps) steps")
      }
    }
  }

  @Test func staysNearTheHonestWhateverTheOthersAre() {
    for seed in 0..<600 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let f = generator.index(below: 5)
      let count = 2 * f + 1 + generator.index(below: 4)
      let honest = generator.vectors(count - f, length: 5, [.normal, .grid, .offset][Int(seed % 3)])
      let inputs = honest + generator.vectors(f, length: 5, seed % 2 == 0 ? .huge : .mixed)
      let vector = GeometricMedian().aggregate(inputs, tolerating: f).vector
      let mean = weightedMean(honest.map(\.doubles), honest.map { _ in 1 })
      let farthest = honest.map { naiveDistance($0.doubles, mean) }.max() ?? .nan
      let bound = 2 * Double(count - f) / Double(count - 2 * f) * farthest
      #expect(naiveDistance(vector.doubles, mean) <= bound + 1, "n = \(count), f = \(f), seed \(seed)")
    }
  }

  @Test func inputsFarAwayPullByAUnitEach() {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let f = generator.index(below: 4)
      let honest = generator.vectors(2 * f + 2 + generator.index(below: 3), length: 2, .normal)
      let liars = Array(repeating: Vector([6e29, -8e29]), count: f)
      let vector = GeometricMedian().aggregate(honest + liars, tolerating: f).vector
      let points = honest.map(\.doubles)
      let pull = [0.6 * Double(f), -0.8 * Double(f)]
      var center = [0.0, 0]
      for _ in 0..<400 {
        center = weightedMean(points, points.map { 1 / max(1e-7, naiveDistance($0, center)) }, pull: pull)
      }
      func value(_ center: [Double]) -> Double {
        objective(points, center) - pull[0] * center[0] - pull[1] * center[1]
      }
      #expect(value(vector.doubles) <= value(center) + 1e-4, "f = \(f), seed \(seed)")
    }
  }

  @Test func isExactWhereAnInputIsTheMedian() {
    let inputs: [Vector] = [
      [1.02394331, 3.08971715], [1.03213263, 2.43410325], [0.85173672, -0.88527906], [1.41372466, 0.85403246],
    ]
    .map { Vector($0) }
    let aggregate = GeometricMedian().aggregate(inputs, tolerating: 1)
    #expect(aggregate.vector == inputs[1] && aggregate.vector !== inputs[1])
  }

  @Test func leavesAnInputThatIsNotTheMedian() {
    // The first input is the coordinate-wise median, where the steps begin; four others pull away from it together.
    let inputs = [[0, 0, 0], [-0.1, 5, 5], [5, -0.1, 5], [5, 5, -0.1], [-0.1, -0.1, -0.1]].map { Vector($0) }
    let points = inputs.map(\.doubles)
    #expect(coordinatewiseMedian(of: inputs) == inputs[0])
    let result = GeometricMedian().aggregate(inputs, tolerating: 2).vector.doubles
    let least = leastObjective(points, steps: 5000)
    #expect(objective(points, result) <= least * (1 + 1e-6))
  }

  @Test func takesAMajorityAtOnePoint() {
    let inputs = [[1, -0.0], [1, -0.0], [3e38, 1], [1, -0.0], [-3e38, 7]].map { Vector($0) }
    let aggregate = GeometricMedian().aggregate(inputs, tolerating: 2)
    #expect(aggregate.vector == inputs[0] && aggregate.vector !== inputs[0])
  }

  @Test func documentedExample() {
    let inputs = [[0, 0], [4, 0], [0, 3], [1, 1]].map { Vector($0) }
    #expect(coordinatewiseMedian(of: inputs) == Vector([0.5, 0.5]))
    let vector = GeometricMedian().aggregate(inputs, tolerating: 1).vector
    #expect(vector.isClose(to: [1, 1], within: 1e-4))
  }
}
