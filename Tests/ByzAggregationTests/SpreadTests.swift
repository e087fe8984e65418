import ByzNumerics
import Testing

@testable import ByzAggregation

/// The covariance of weighted points of one or two elements, its eigenvalues and its first eigenvector.
private struct NaiveCovariance {
  let mean: [Double]
  let values: (Double, Double)
  let vector: [Double]

  init(_ points: [[Double]], _ weights: [Double]) {
    let sum = weights.reduce(0, +)
    let (origin, isPlane) = (points[0], points[0].count == 2)
    // Taking one of the points for the origin keeps a large common offset from blurring the rest.
    let offset = origin.indices.map { index in
      zip(points, weights).reduce(0) { $0 + ($1.0[index] - origin[index]) * $1.1 } / sum
    }
    func moment(_ first: Int, _ second: Int) -> Double {
      zip(points, weights).reduce(0) {
        let left = $1.0[first] - origin[first] - offset[first]
        return $0 + left * ($1.0[second] - origin[second] - offset[second]) * $1.1
      } / sum
    }
    mean = zip(origin, offset).map { $0 + $1 }
    let (a, b, d) = (moment(0, 0), isPlane ? moment(0, 1) : 0, isPlane ? moment(1, 1) : 0)
    let root = (((a - d) / 2) * ((a - d) / 2) + b * b).squareRoot()
    values = ((a + d) / 2 + root, (a + d) / 2 - root)
    // Of (first value - d, b) and (b, first value - a), the one without cancellation.
    let candidate = a > d ? [(a - d) / 2 + root, b] : [b, (d - a) / 2 + root]
    let length = max(candidate.reduce(0) { $0 + $1 * $1 }.squareRoot(), .leastNonzeroMagnitude)
    vector = isPlane ? candidate.map { $0 / length } : [1]
  }
}

/// What the filter gives, and whether rounding could have made it something else.
private func naiveFilter(_ points: [[Double]], _ f: Int) -> (mean: [Double], isDoubtful: Bool) {
  var weights = [Double](repeating: 1, count: points.count)
  var (best, mean, isDoubtful) = (Double.infinity, points[0], false)
  while true {
    let left = weights.reduce(0, +) - Double(points.count - 2 * f)
    if abs(left) < 1e-6 { isDoubtful = true }
    if left <= 0 { return (mean, isDoubtful) }
    let covariance = NaiveCovariance(points, weights)
    let value = covariance.values.0
    if abs(value - best) < 1e-6 * value || covariance.values.1 > (1 - 1e-4) * value { isDoubtful = true }
    if value < best { (best, mean) = (value, covariance.mean) }
    let squares = points.map { point in
      let along = covariance.vector.indices.reduce(0) {
        $0 + covariance.vector[$1] * (point[$1] - covariance.mean[$1])
      }
      return along * along
    }
    let largest = points.indices.filter { weights[$0] > 0 }.map { squares[$0] }.max() ?? 0
    if value <= 0 || largest <= 0 { return (mean, isDoubtful) }
    for index in points.indices where weights[index] > 0 {
      let ratio = squares[index] / largest
      if ratio > 1 - 1e-6 && ratio < 1 - 1e-11 { isDoubtful = true }
      weights[index] = ratio > 1 - 1e-9 ? 0 : weights[index] * (1 - ratio)
    }
  }
}

@Suite struct SpreadTests {
  private let smea = SmallestMaximumEigenvalueAveraging()

  @Test(arguments: Elements.allCases) func smeaEqualsTryingAllSubsets(kind: Elements) {
    forEachCase(kind, seeds: 1500, f: 2) { inputs, f, label in
      let points = inputs.map { Array($0.doubles.prefix(2)) }
      let inputs = points.map { Vector($0.map { Float($0) }) }
      let all = subsets(of: inputs.count, size: inputs.count - f)
      let spreads = all.map { subset in
        NaiveCovariance(subset.map { points[$0] }, subset.map { _ in 1 }).values.0
      }
      let least = spreads.min() ?? .nan
      let expected = all[spreads.firstIndex { $0 <= least * (1 + 1e-11) } ?? 0]
      let aggregate = smea.aggregate(inputs, tolerating: f)
      #expect(aggregate.selected == expected, "\(label)")
      #expect(aggregate.vector == naiveMean(of: expected.map { inputs[$0] }), "\(label)")
    }
  }

  @Test func smeaEqualsTryingAllSubsetsInMoreDimensions() {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let inputs = generator.vectors(7, length: 1 + generator.index(below: 20), .normal)
      let distances = DistanceMatrix(squaredBetween: inputs)
      let spreads = subsets(of: 7, size: 5).map { subset in
        let products = SymmetricMatrix(centring: distances, of: subset, weights: Array(repeating: 0.2, count: 5))
        return (Eigensystem(products).values[0], subset)
      }
      let best = spreads.min { $0.0 < $1.0 }?.1
      #expect(smea.aggregate(inputs, tolerating: 2).selected == best, "seed \(seed)")
    }
  }

  @Test func smeaRefusesLongSearches() {
    #expect(smea.violation(inputs: 3, tolerating: 1) == nil)
    #expect(smea.violation(inputs: 15, tolerating: 7) == nil)
    #expect(smea.violation(inputs: 100_000, tolerating: 0) == nil)
    #expect(smea.violation(inputs: 4, tolerating: 2) == "smea needs n >= 2f + 1, which n = 4 and f = 2 break.")
    #expect(
      smea.violation(inputs: 16, tolerating: 7)
        == "smea tries C(n, f) sets of inputs and needs C(n, f) <= 10000, which n = 16 and f = 7 break.")
    #expect(
      smea.violation(inputs: 150, tolerating: 1)
        == "smea needs C(n, f) (n - f)^3 <= 200000000, which n = 150 and f = 1 break.")
    #expect(smea.violation(inputs: .max, tolerating: 1) != nil)
    #expect(smea.violation(inputs: .max, tolerating: .max / 2) != nil)
  }

  @Test func binomialCoefficients() {
    func ways(_ count: Int, _ f: Int) -> Int? {
      SmallestMaximumEigenvalueAveraging.subsets(of: count, leavingOut: f, atMost: 10_000)
    }
    for count in 1...12 {
      for f in 0...(count - 1) / 2 { #expect(ways(count, f) == subsets(of: count, size: f).count, "\(count), \(f)") }
    }
    #expect(ways(10_000, 1) == 10_000)
    #expect(ways(10_001, 1) == nil)
  }

  @Test(arguments: Elements.allCases) func filterEqualsTheNaiveOne(kind: Elements) {
    var (compared, total) = (0, 0)
    forEachCase(kind, seeds: 1700) { inputs, f, label in
      let points = inputs.map { Array($0.doubles.prefix(2)) }
      let inputs = points.map { Vector($0.map { Float($0) }) }
      let aggregate = CovarianceFilter().aggregate(inputs, tolerating: f)
      if f == 0 { #expect(aggregate.vector == naiveMean(of: inputs), "\(label)") }
      for (index, element) in aggregate.vector.elements.enumerated() {
        let values = aggregate.selected.map { inputs[$0][index] }
        #expect(element >= values.min() ?? .nan && element <= values.max() ?? .nan, "\(label)")
      }
      total += 1
      let expected = naiveFilter(points, f)
      if f == 0 || expected.isDoubtful { return }
      compared += 1
      let size = points.flatMap { $0 }.reduce(0) { max($0, abs($1)) }
      #expect(aggregate.vector.isClose(to: expected.mean, within: 1e-6 * size), "\(label)")
    }
    #expect(compared * 3 > total, "\(kind): \(compared) of \(total)")
  }

  @Test func filterEndsWithManyInputs() {
    var generator = SeededGenerator(seed: 4)
    let honest = generator.vectors(21, length: 40, .normal)
    let liars = (0..<19).map { Vector(repeating: $0 % 2 == 0 ? 1e30 : -3e38 / Float($0 + 1), count: 40) }
    let aggregate = CovarianceFilter().aggregate(honest + liars, tolerating: 19)
    #expect(aggregate.selected.allSatisfy { $0 < 21 })
    #expect(aggregate.vector.norm < 7)
  }

  @Test func documentedExamples() {
    let inputs = [0, 1, 2, 9].map { Vector([$0]) }
    #expect(smea.aggregate(inputs, tolerating: 1).selected == [0, 1, 2])
    #expect(smea.aggregate(inputs, tolerating: 1).vector == Vector([1]))
    let filtered = CovarianceFilter().aggregate(inputs, tolerating: 1)
    let (first, second, third) = (3 / 4.0, 8 / 9.0, 35 / 36.0)
    #expect(filtered.vector.isClose(to: [(second + 2 * third) / (first + second + third)]))
    #expect(filtered.selected == [0, 1, 2])
  }
}
