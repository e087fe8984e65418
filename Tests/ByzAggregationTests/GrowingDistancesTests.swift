import ByzNumerics
import Testing

@testable import ByzAggregation

@Suite struct GrowingDistancesTests {
  /// All orders of some indices.
  private func orders(of indices: [Int]) -> [[Int]] {
    if indices.isEmpty { return [[]] }
    return indices.flatMap { first in orders(of: indices.filter { $0 != first }).map { [first] + $0 } }
  }

  private func grown(_ inputs: [Vector], in order: [Int], threads: Int = 1) -> GrowingDistances {
    var distances = GrowingDistances(count: inputs.count)
    for index in order { distances.insert(inputs[index], at: index, threads: threads) }
    return distances
  }

  @Test(arguments: Elements.allCases) func noOrderOfArrivalShows(kind: Elements) {
    for length in [1, 2, 150] {
      var generator = SeededGenerator(seed: UInt64(length))
      let inputs = generator.vectors(5, length: length, kind)
      let expected = DistanceMatrix(squaredBetween: inputs).bits
      for order in orders(of: [0, 1, 2, 3, 4]) {
        let matrix = grown(inputs, in: order).matrix(of: [0, 1, 2, 3, 4])
        #expect(matrix.bits == expected, "\(order), \(kind), d = \(length), seed \(length)")
      }
    }
  }

  @Test(arguments: Elements.allCases) func subsetsAreThoseOfOnePass(kind: Elements) {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 1 + generator.index(below: 12)
      let inputs = generator.vectors(count, length: 1 + generator.index(below: 140), kind)
      let order = generator.permutation(of: count)
      // Only some of them come.
      let distances = grown(inputs, in: Array(order.prefix(1 + generator.index(below: count))))
      let chosen = distances.indices.filter { _ in generator.index(below: 3) > 0 }
      guard !chosen.isEmpty else { continue }
      let expected = DistanceMatrix(squaredBetween: chosen.map { inputs[$0] })
      #expect(distances.matrix(of: chosen).bits == expected.bits, "\(chosen) in order \(order), \(kind), seed \(seed)")
    }
  }

  @Test func vectorsAreReplacedAndRemoved() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 2 + generator.index(below: 6)
      var distances = GrowingDistances(count: count)
      var there: [Int: Vector] = [:]
      for step in 0..<20 {
        let index = generator.index(below: count)
        if generator.index(below: 4) == 0 {
          distances.remove(at: index)
          there[index] = nil
        } else {
          let vector = Vector((0..<9).map { _ in generator.element(.normal) })
          distances.insert(vector, at: index)
          there[index] = vector
        }
        let indices = there.keys.sorted()
        #expect(distances.indices == indices, "step \(step), seed \(seed)")
        guard !indices.isEmpty else { continue }
        let expected = DistanceMatrix(squaredBetween: indices.compactMap { there[$0] })
        #expect(distances.matrix(of: indices).bits == expected.bits, "step \(step), seed \(seed)")
      }
    }
  }

  @Test func threadsDoNotShow() {
    var generator = SeededGenerator(seed: 4)
    let inputs = generator.vectors(4, length: 40_000, .normal)
    let expected = DistanceMatrix(squaredBetween: inputs).bits
    for threads in [1, 2, 3] {
      let matrix = grown(inputs, in: [2, 0, 3, 1], threads: threads).matrix(of: [0, 1, 2, 3])
      #expect(matrix.bits == expected, "\(threads) threads, seed 4")
    }
  }

  @Test func vectorsThatAreRemovedAreLetGo() {
    var distances = GrowingDistances(count: 2)
    weak var gone: Vector?
    do {
      let vector = Vector([1])
      gone = vector
      distances.insert(vector, at: 1)
    }
    #expect(gone != nil)
    distances.remove(at: 1)
    #expect(gone == nil)
  }

  @Test func documentedExample() {
    var distances = GrowingDistances(count: 3)
    distances.insert(Vector([0, 1]), at: 2)
    distances.insert(Vector([3, 5]), at: 0)
    #expect(distances.matrix(of: [0, 2])[0, 1] == 25)
  }
}
