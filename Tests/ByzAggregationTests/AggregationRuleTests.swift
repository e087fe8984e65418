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

  @Test func averageSumsInOrderInDoubles() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let length = [0, 1, 3, 1023, 1024, 1025, 2500][Int(seed % 7)]
      let inputs = generator.vectors(1 + generator.index(below: 9), length: length, .mixed)
      let aggregate = Average().aggregate(inputs, tolerating: 0)
      #expect(aggregate.vector == naiveMean(of: inputs), "d = \(length), seed \(seed)")
      #expect(aggregate.selected == Array(inputs.indices), "seed \(seed)")
    }
  }

  @Test func averageOfEqualVectorsIsThatVector() {
    let vector = Vector([-0.0, 0, 0.1, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude])
    for count in 1...20 {
      let inputs = Array(repeating: vector, count: count)
      #expect(Average().aggregate(inputs, tolerating: 0).vector == vector, "n = \(count)")
    }
  }

  @Test func nothingIsShared() throws {
    let input = Vector([1, -0.0, 3e38])
    for offer in AggregationRules.all {
      let rule = try offer.made()
      let vector = rule.aggregate([input], tolerating: 0).vector
      // Compared as numbers, because a mean of sorted values makes +0 of -0.
      #expect(vector.elements == input.elements, "\(rule.name)")
      #expect(vector !== input, "\(rule.name)")
      let addresses = [vector, input].map { $0.withUnsafeBufferPointer(\.baseAddress) }
      #expect(addresses[0] != addresses[1], "\(rule.name)")
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
