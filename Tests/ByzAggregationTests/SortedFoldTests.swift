import ByzNumerics
import CKernels
import Testing

@testable import ByzAggregation

/// The rules that are means of sorted values.
private let rules: [(rule: any AggregationRule, fold: byz_fold)] = [
  (TrimmedMean(), .middle), (MeanAroundMedian(), .around_median), (Phocas(), .around_middle),
]

@Suite struct SortedFoldTests {
  @Test(arguments: Elements.allCases) func equalsTheNaiveVersions(kind: Elements) {
    for seed in 0..<1500 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 1 + Int(seed % 20)
      var inputs = generator.vectors(count, length: generator.index(below: 5), kind)
      if seed % 3 == 0 { generator.duplicateSome(of: &inputs) }
      let f = generator.tolerated(of: count)
      for (rule, fold) in rules {
        let vector = rule.aggregate(inputs, tolerating: f).vector
        let expected = naiveFold(fold, of: inputs, dropping: f)
        #expect(vector == expected, "\(rule.name), \(kind), n = \(count), f = \(f), seed \(seed)")
      }
    }
  }

  @Test func keepsTheClosestAndOfTiesTheSmaller() {
    // On a grid all distances to a center compare exactly, so those kept are the first by distance and then by value.
    for seed in 0..<1500 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let count = 1 + Int(seed % 20)
      let values = (0..<count).map { _ in Double(generator.element(.grid)) }
      let f = generator.tolerated(of: count)
      let sorted = values.sorted()
      let middle = sorted.dropFirst(f).dropLast(f)
      let centers: [(any AggregationRule, Double)] = [
        (MeanAroundMedian(), (sorted[(count - 1) / 2] + sorted[count / 2]) / 2),
        (Phocas(), middle.reduce(0, +) / Double(middle.count)),
      ]
      for (rule, center) in centers {
        let closest = values.sorted { (abs($0 - center), $0) < (abs($1 - center), $1) }.prefix(count - f)
        let mean = Float(closest.reduce(0, +) / Double(count - f))
        let vector = rule.aggregate(values.map { Vector([Float($0)]) }, tolerating: f).vector
        #expect(vector.elements == [mean], "\(rule.name), n = \(count), f = \(f), seed \(seed)")
      }
    }
  }

  @Test func takesAnyNumberOfInputs() {
    for count in (1...80).map({ $0 }) + [255, 256, 300] {
      var generator = SeededGenerator(seed: UInt64(count))
      let inputs = generator.vectors(count, length: 17, .mixed)
      let f = generator.tolerated(of: count)
      for (rule, fold) in rules {
        let vector = rule.aggregate(inputs, tolerating: f).vector
        #expect(
          vector == naiveFold(fold, of: inputs, dropping: f), "\(rule.name), n = \(count), f = \(f), seed \(count)")
      }
    }
  }

  @Test(arguments: [3, 8, 19]) func threadsDoNotShow(count: Int) {
    // Inputs that repeat after so few coordinates that the naive version is quick.
    let period = 97
    var generator = SeededGenerator(seed: UInt64(count))
    let short = generator.vectors(count, length: period, .mixed)
    let f = (count - 1) / 2
    let part = Parts.length
    for length in [part - 1, part, part + 1, 2 * part - 1, 2 * part + 9, 3 * part + 1] {
      let inputs = short.map { vector in Vector((0..<length).map { vector[$0 % period] }) }
      for (rule, fold) in rules {
        let naive = naiveFold(fold, of: short, dropping: f)
        let expected = Vector((0..<length).map { naive[$0 % period] })
        for threads in 1...3 {
          let vector = rule.aggregate(inputs, tolerating: f, in: Round(threads: threads)).vector
          #expect(vector == expected, "\(rule.name), n = \(count), d = \(length), \(threads) threads")
        }
      }
    }
  }

  @Test func doesNotShowTheOrderOfTheInputs() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let inputs = generator.vectors(1 + generator.index(below: 20), length: 18, .mixed)
      let shuffled = generator.permutation(of: inputs.count).map { inputs[$0] }
      let f = generator.tolerated(of: inputs.count)
      for (rule, _) in rules {
        let (vector, other) = (
          rule.aggregate(inputs, tolerating: f).vector, rule.aggregate(shuffled, tolerating: f).vector
        )
        #expect(vector == other, "\(rule.name), f = \(f), seed \(seed)")
      }
    }
  }

  @Test func trimmedMeanLiesBetweenHonestValuesWhateverTheOthersAre() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let f = generator.index(below: 5)
      let honest = generator.vectors(f + 1 + generator.index(below: 4), length: 6, .mixed)
      let byzantine = generator.vectors(f, length: 6, .huge)
      let vector = TrimmedMean().aggregate(honest + byzantine, tolerating: f).vector
      for coordinate in 0..<6 {
        let values = honest.map { $0[coordinate] }
        let range = (values.min() ?? .nan)...(values.max() ?? .nan)
        #expect(range.contains(vector[coordinate]), "coordinate \(coordinate), seed \(seed)")
      }
    }
  }

  @Test func equalInputsStayButForNegativeZeros() {
    let model = Vector([-0.0, 0, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, 1.5])
    let expected = Vector([0, 0, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, 1.5])
    for count in 1...20 {
      for (rule, _) in rules {
        let inputs = Array(repeating: model, count: count)
        for f in 0...(count - 1) / 2 {
          #expect(rule.aggregate(inputs, tolerating: f).vector == expected, "\(rule.name), n = \(count), f = \(f)")
        }
      }
    }
  }

  @Test func documentedExamples() {
    func expect(_ rule: some AggregationRule, _ values: [Float], _ result: Float) {
      #expect(rule.aggregate(values.map { Vector([$0]) }, tolerating: 1).vector == Vector([result]))
    }
    expect(TrimmedMean(), [1, 2, 4, 6, 100], 4)
    expect(MeanAroundMedian(), [1, 2, 4, 6, 100], 3.25)
    expect(MeanAroundMedian(), [0, 2, 4], 1)
    expect(Phocas(), [0, 1, 5, 6, 9], 3)
  }
}
