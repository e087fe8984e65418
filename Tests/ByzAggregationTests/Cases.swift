import ByzNumerics
import Testing

@testable import ByzAggregation

/// Calls `body` for drawn inputs of at most four elements, f and a label: n >= `factor` f + `more`, often only just, with
/// f = 0 and duplicated inputs among them.
func forEachCase(
  _ kind: Elements, seeds: Int, factor: Int = 2, more: Int = 1, f mostFaulty: Int = 3,
  _ body: ([Vector], Int, String) -> Void
) {
  for seed in 0..<UInt64(seeds) {
    var generator = SeededGenerator(seed: seed)
    let f = generator.index(below: mostFaulty + 1)
    let count = factor * f + more + generator.index(below: 4)
    let length = 1 + generator.index(below: 4)
    var inputs = generator.vectors(count, length: length, kind)
    if seed % 3 == 0 { generator.duplicateSome(of: &inputs) }
    body(inputs, f, "\(kind), n = \(count), f = \(f), d = \(length), seed \(seed)")
  }
}

/// The sum of at most four squares in the order in which the kernels add them up.
func sumOfSquares(_ numbers: [Double]) -> Double {
  let squares = numbers.map { $0 * $0 } + Array(repeating: 0, count: 4 - numbers.count)
  return (squares[0] + squares[2]) + (squares[1] + squares[3])
}

/// All squared distances between vectors of at most four elements.
func naiveSquares(_ inputs: [Vector]) -> [[Double]] {
  let rows = inputs.map { $0.elements.map(Double.init) }
  return rows.map { left in rows.map { right in sumOfSquares(zip(left, right).map { $0 - $1 }) } }
}

func naiveDistance(_ left: [Double], _ right: [Double]) -> Double {
  zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
}

extension Vector {
  var doubles: [Double] { elements.map(Double.init) }

  /// Whether every element is within a few roundings to f32 of what is `expected`, or within `tolerance`.
  func isClose(to expected: [Double], within tolerance: Double = 0) -> Bool {
    count == expected.count
      && zip(elements, expected).allSatisfy {
        abs(Double($0) - $1) <= 1.2e-7 * abs($1) + tolerance + Double(Float.leastNonzeroMagnitude)
      }
  }
}

/// The subsets of `size` of the first `count` whole numbers, in lexicographic order.
func subsets(of count: Int, size: Int) -> [[Int]] {
  func extended(_ subset: [Int]) -> [[Int]] {
    if subset.count == size { return [subset] }
    return ((subset.last ?? -1) + 1..<count).flatMap { extended(subset + [$0]) }
  }
  return count < size ? [] : extended([])
}
