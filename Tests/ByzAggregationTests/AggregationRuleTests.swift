import ByzNumerics
import Testing

@testable import ByzAggregation

@Suite struct AggregationRuleTests {
  @Test func rulesHaveTheirNames() throws {
    for offer in AggregationRules.all {
      let rule = try offer.made()
      #expect(rule.name == offer.name)
    }
    #expect(Set(AggregationRules.all.map(\.name)).count == AggregationRules.all.count)
    for name in ["MDA", ""] {
      #expect(throws: SpecificationError.self) { try AggregationRules.rule(AggregationSpecification(name)) }
    }
  }

  @Test func parametersReachWhatIsMade() throws {
    for offer in AggregationRules.all {
      let given = Dictionary(uniqueKeysWithValues: offer.parameters.map { ($0.name, $0.isWhole ? 7 : 0.25) })
      #expect(try offer.made(with: given).specification.rule.parameters == given, "\(offer.name)")
    }
    for offer in AggregationRules.preAggregations {
      let given = Dictionary(uniqueKeysWithValues: offer.parameters.map { ($0.name, $0.isWhole ? 7 : 0.25) })
      #expect(try offer.made(with: given).specification.parameters == given, "\(offer.name)")
    }
  }

  @Test func standardsAreThoseOfTheRules() throws {
    func standard(_ name: String) throws -> Specification {
      try AggregationRules.rule(AggregationSpecification(name)).specification.rule
    }
    #expect(try standard("geometric-median") == GeometricMedian().specification.rule)
    #expect(try standard("centered-clipping") == CenteredClipping().specification.rule)
    #expect(try standard("multi-krum") == MultiKrum().specification.rule)
    let bucketing = AggregationRules.preAggregations.first { $0.name == "bucketing" }
    #expect(try bucketing?.made().specification == Bucketing().specification)
  }

  @Test(arguments: ["mda", "median", "trimmed-mean", "meamed", "phocas"]) func robustRulesNeedAnHonestMajority(
    name: String
  ) throws {
    let rule = try AggregationRules.rule(AggregationSpecification(name))
    for f in 0..<20 {
      #expect(rule.violation(inputs: 2 * f + 1, tolerating: f) == nil)
      #expect(rule.violation(inputs: 2 * f, tolerating: f) != nil)
    }
    #expect(rule.violation(inputs: 4, tolerating: 2) == "\(name) needs n >= 2f + 1, which n = 4 and f = 2 break.")
    #expect(rule.violation(inputs: 0, tolerating: 0) == "\(name) needs n >= 1, which n = 0 breaks.")
    #expect(rule.violation(inputs: 4, tolerating: -1) == "\(name) needs f >= 0, which f = -1 breaks.")
    #expect(rule.violation(inputs: 4, tolerating: .max) != nil)
  }

  @Test func averageTakesAnything() {
    let rule = Average()
    #expect(rule.violation(inputs: 1, tolerating: 0) == nil)
    #expect(rule.violation(inputs: 1, tolerating: 9) == nil)
    #expect(rule.violation(inputs: 0, tolerating: 0) == "average needs n >= 1, which n = 0 breaks.")
  }

  @Test(arguments: Elements.allCases) func averageSumsInOrderInDoubles(kind: Elements) {
    for seed in 0..<1500 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      // Now and then around the width of a block.
      let length = seed % 50 == 0 ? [0, 1023, 1024, 1025, 2500][Int(seed / 50 % 5)] : 1 + generator.index(below: 4)
      let inputs = generator.vectors(1 + generator.index(below: 20), length: length, kind)
      let aggregate = Average().aggregate(inputs, tolerating: 0)
      #expect(aggregate.vector == naiveMean(of: inputs), "\(kind), n = \(inputs.count), d = \(length), seed \(seed)")
      #expect(aggregate.selected == Array(inputs.indices), "\(kind), seed \(seed)")
    }
  }

  @Test func averageOfEqualVectorsIsThatVector() {
    let vector = Vector([-0.0, 0, 0.1, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude])
    for count in 1...20 {
      let inputs = Array(repeating: vector, count: count)
      #expect(Average().aggregate(inputs, tolerating: 0).vector == vector, "n = \(count)")
    }
  }

  @Test func equalInputsAreTheAggregateWithoutSharing() throws {
    let input = Vector([1, -0.0, 3e38, -.leastNonzeroMagnitude])
    for offer in AggregationRules.all {
      let rule = try offer.made()
      for f in 0..<4 {
        guard let count = (1...20).first(where: { rule.violation(inputs: $0, tolerating: f) == nil }) else { continue }
        for count in [count, count + 1] {
          let inputs = Array(repeating: input, count: count)
          let aggregate = rule.aggregate(inputs, tolerating: f, in: Round(previous: input))
          #expect(aggregate.vector.elements == input.elements, "\(rule.name), n = \(count), f = \(f)")
          let addresses = [aggregate.vector, input].map { $0.withUnsafeBufferPointer(\.baseAddress) }
          #expect(addresses[0] != addresses[1], "\(rule.name)")
        }
      }
    }
  }

  @Test(arguments: AggregationRules.all.map(\.name)) func threadsDoNotShow(name: String) throws {
    let rule = try AggregationRules.rule(AggregationSpecification(name))
    for length in [Parts.length - 1, Parts.length, Parts.length + 1, 2 * Parts.length + 9] {
      var generator = SeededGenerator(seed: UInt64(length))
      let inputs = generator.vectors(7, length: length, .normal)
      let previous = generator.vectors(1, length: length, .normal)[0]
      let results = (1...3).map { threads in
        rule.aggregate(inputs, tolerating: 1, in: Round(previous: previous, threads: threads))
      }
      #expect(Set(results.map(\.vector)).count == 1, "d = \(length), seed \(length)")
      #expect(Set(results.map(\.selected)).count == 1, "d = \(length), seed \(length)")
    }
  }

  @Test(arguments: AggregationRules.preAggregations.map(\.name)) func threadsDoNotShowBefore(name: String) throws {
    let offer = try #require(AggregationRules.preAggregations.first { $0.name == name })
    let step = try offer.made(with: name == "clip" ? ["norm": 100] : [:])
    #expect(step.specification.name == name)
    for length in [Parts.length - 1, Parts.length, Parts.length + 1, 2 * Parts.length + 9] {
      var generator = SeededGenerator(seed: UInt64(length))
      let inputs = generator.vectors(7, length: length, .normal)
      let results = (1...3).map { step.apply(to: inputs, tolerating: 1, in: Round(threads: $0)).map(\.vector) }
      #expect(Set(results).count == 1, "d = \(length), seed \(length)")
    }
  }

  @Test(arguments: AggregationRules.all.map(\.name).filter { $0 != "average" })
  func inputsFarAwayDoNotDisturb(name: String) throws {
    let rule = try AggregationRules.rule(AggregationSpecification(name))
    for seed in 0..<60 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let honest = generator.vectors(9, length: 4, .normal)
      let far: [Float] = [1e30, -1e30, 3.4e38, -3.4e38]
      let liars = (0..<2).map { _ in Vector((0..<4).map { _ in far[generator.index(below: 4)] }) }
      let places = generator.permutation(of: 11)
      let inputs = places.map { (honest + liars)[$0] }
      let vector = rule.aggregate(inputs, tolerating: 2).vector
      let farthest = honest.map { $0.distance(to: naiveMean(of: honest)) }.max() ?? .nan
      #expect(vector.distance(to: naiveMean(of: honest)) <= 2 * farthest, "seed \(seed)")
    }
  }

  @Test func rulesThatSelectNoneNameAllInputs() throws {
    let inputs = (0..<5).map { Vector([Float($0)]) }
    for name in ["median", "trimmed-mean", "meamed", "phocas"] {
      let rule = try AggregationRules.rule(AggregationSpecification(name))
      #expect(rule.aggregate(inputs, tolerating: 2).selected == [0, 1, 2, 3, 4], "\(name)")
    }
    #expect(MinimumDiameterAveraging().aggregate(inputs, tolerating: 0).selected == [0, 1, 2, 3, 4])
    #expect(MinimumDiameterAveraging().aggregate(inputs, tolerating: 2).selected == [0, 1, 2])
  }
}
