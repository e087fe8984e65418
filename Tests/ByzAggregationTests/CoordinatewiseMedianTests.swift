import ByzNumerics
import Testing

@testable import ByzAggregation

/// Orders all finite floats, and -0 before +0.
private func order(_ value: Float) -> Int64 {
  let bits = Int64(value.bitPattern & 0x7FFF_FFFF)
  return value.sign == .minus ? -1 - bits : bits
}

func naiveMedian(of inputs: [Vector]) -> Vector {
  Vector(
    (0..<inputs[0].count).map { coordinate in
      let sorted = inputs.map { $0[coordinate] }.sorted { order($0) < order($1) }
      let low = sorted[(sorted.count - 1) / 2]
      let high = sorted[sorted.count / 2]
      // In f64 the sum does not overflow, and is exact wherever it could make a difference to the nearest float.
      return sorted.count % 2 == 1 ? low : Float((Double(low) + Double(high)) / 2)
    })
}

@Suite struct CoordinatewiseMedianTests {
  @Test(arguments: Elements.allCases) func equalsSortingEveryCoordinate(kind: Elements) {
    for seed in 0..<1500 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 1 + Int(seed % 20)
      let inputs = generator.vectors(count, length: generator.index(below: 5), kind)
      #expect(coordinatewiseMedian(of: inputs) == naiveMedian(of: inputs), "\(kind), n = \(count), seed \(seed)")
    }
  }

  @Test func takesAnyNumberOfInputs() {
    for count in 1...80 {
      var generator = SeededGenerator(seed: UInt64(count))
      let inputs = generator.vectors(count, length: 17, .mixed)
      #expect(coordinatewiseMedian(of: inputs) == naiveMedian(of: inputs), "n = \(count), seed \(count)")
    }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 31, 32, 33, 1023, 1025, 5003]) func takesAnyLength(length: Int) {
    for count in [1, 2, 4, 5, 7, 10] {
      var generator = SeededGenerator(seed: UInt64(length), path: [UInt64(count)])
      let inputs = generator.vectors(count, length: length, .mixed)
      #expect(
        coordinatewiseMedian(of: inputs) == naiveMedian(of: inputs),
        "n = \(count), d = \(length), seed \(length), path [\(count)]")
    }
  }

  @Test func doesNotShowTheOrderOfTheInputs() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let inputs = generator.vectors(1 + generator.index(below: 12), length: 18, .mixed)
      let shuffled = generator.permutation(of: inputs.count).map { inputs[$0] }
      #expect(coordinatewiseMedian(of: shuffled) == coordinatewiseMedian(of: inputs), "seed \(seed)")
    }
  }

  @Test func liesBetweenHonestValuesWhateverTheOthersAre() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let f = generator.index(below: 5)
      let honest = generator.vectors(f + 1 + generator.index(below: 4), length: 6, .mixed)
      let byzantine = generator.vectors(f, length: 6, .huge)
      let median = CoordinatewiseMedian().aggregate(honest + byzantine, tolerating: f).vector
      for coordinate in 0..<6 {
        let values = honest.map { $0[coordinate] }
        let range = (values.min() ?? .nan)...(values.max() ?? .nan)
        #expect(range.contains(median[coordinate]), "coordinate \(coordinate), seed \(seed)")
      }
    }
  }

  @Test func keepsTheBitsOfIdenticalModels() {
    for count in 1...9 {
      let model = Vector([-0.0, 0, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, 1.5])
      #expect(coordinatewiseMedian(of: Array(repeating: model, count: count)) == model, "n = \(count)")
    }
  }

  @Test func meansOfTwoNeitherOverflowNorLoseDenormals() {
    let large = Float.greatestFiniteMagnitude
    let tiny = Float.leastNonzeroMagnitude
    let left = Vector([large, -large, tiny, tiny, -0.0, 1])
    let right = Vector([large, large, tiny, 3 * tiny, 0, 4])
    #expect(coordinatewiseMedian(of: [left, right]) == Vector([large, 0, tiny, 2 * tiny, 0, 2.5]))
  }

  @Test func readsMemoryThatIsOnlyAlignedForFloats() {
    let owner = Vector((0..<41).map { Float($0) })
    owner.withUnsafeBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      let lent = (0..<3).map { Vector(borrowing: base + 1 + $0, count: 37, owner: owner) }
      #expect(coordinatewiseMedian(of: lent) == lent[1])
    }
  }

  @Test func selectionNetworksSelectFromAllZerosAndOnes() {
    // A network that is right for every sequence of zeros and ones is right for all sequences (Knuth, 5.3.4, theorem Z).
    for (count, presorted) in [(1, 1), (2, 1), (5, 1), (8, 1), (11, 1), (12, 1), (7, 4), (9, 4), (12, 4)] {
      let middle = (count - 1) / 2...count / 2
      for ranks in [middle, count / 4...count - 1 - count / 4, 0...count - 1] {
        expectSelection(of: ranks, from: count, presorted: presorted)
      }
    }
  }

  private func expectSelection(of ranks: ClosedRange<Int>, from count: Int, presorted: Int) {
    let network = SelectionNetwork(count: count, ranks: ranks, presorted: presorted)
    for bits in 0..<(1 << count) {
      var values = (0..<count).map { bits >> $0 & 1 }
      for start in stride(from: 0, to: count, by: presorted) {
        let group = start..<min(start + presorted, count)
        values.replaceSubrange(group, with: values[group].sorted())
      }
      let sorted = values.sorted()
      for comparator in network.comparators { apply(comparator, to: &values) }
      #expect(Array(values[ranks]) == Array(sorted[ranks]), "n = \(count), ranks \(ranks), bits \(bits)")
    }
  }

  private func apply(_ comparator: SelectionNetwork.Comparator, to values: inout [Int]) {
    let (left, right) = (values[comparator.low], values[comparator.high])
    // What is not read is spoilt, to see that it is not.
    values[comparator.low] = comparator.isLowRead ? min(left, right) : 7
    values[comparator.high] = comparator.isHighRead ? max(left, right) : 7
  }
}
