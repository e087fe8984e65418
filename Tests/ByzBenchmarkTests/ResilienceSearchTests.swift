import ByzAggregation
import ByzBenchmark
import ByzNumerics
import Testing

/// A rule that claims other coefficients than it has.
private struct Claiming: AggregationRule {
  let rule: any AggregationRule
  let claim: Guarantee

  var specification: AggregationSpecification { rule.specification }
  func violation(inputs count: Int, tolerating f: Int) -> String? { rule.violation(inputs: count, tolerating: f) }
  func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee { claim }
  func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    rule.aggregate(inputs, tolerating: f, in: round)
  }
}

@Suite struct ResilienceSearchTests {
  private func find(_ rule: any AggregationRule, n: Int = 5, f: Int = 2, d: Int = 1) -> ResilienceSearch.Finding {
    var search = ResilienceSearch(rule, inputs: n, tolerating: f, dimension: d)
    return search.run(choices: 4_000)
  }

  @Test func nothingBreaksWhatIsProven() {
    for rule in AggregationBenchmark.standardRules {
      for f in 1...2 where rule.violation(inputs: 7, tolerating: f) == nil {
        #expect(!find(rule, n: 7, f: f, d: 2).isBroken, "\(rule.specification), f = \(f)")
      }
    }
  }

  @Test func findsThatAClaimIsTooGood() {
    // What holds is lambda = 4/3 and kappa = 32/3.
    let mda = MinimumDiameterAveraging()
    #expect(find(Claiming(rule: mda, claim: Guarantee(lambda: 1.2, remark: ""))).isBroken)
    #expect(find(Claiming(rule: mda, claim: Guarantee(kappa: 6, remark: ""))).isBroken)
    #expect(!find(Claiming(rule: mda, claim: Guarantee(lambda: 1.34, remark: ""))).isBroken)
    // The average has no bound, so that none is enough.
    #expect(find(Claiming(rule: Average(), claim: Guarantee(lambda: 100, remark: ""))).isBroken)
  }

  @Test func dependsOnItsSeedAlone() {
    let findings = (0..<2).map { _ in find(MinimumDiameterAveraging()) }
    #expect(findings[0].worstLambda == findings[1].worstLambda && findings[0].worstKappa == findings[1].worstKappa)
  }
}
