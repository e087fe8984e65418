import ByzNumerics
import Testing

@testable import ByzAggregation

@Suite struct GuaranteeTests {
  /// Rules that promise nothing for f > 0.
  private static let unproven = ["average", "cge", "centered-clipping"]

  private static var proven: [any AggregationRule] {
    AggregationRules.all.filter { !unproven.contains($0.name) }.compactMap { try? $0.made() }
      + ([NearestNeighbourMixing(), AdaptiveRobustClipping(), Bucketing()] as [any PreAggregation]).map {
        PreAggregatedRule([$0], before: TrimmedMean())
      }
  }

  private func cases(_ rule: any AggregationRule) -> [(n: Int, f: Int)] {
    (1...40).flatMap { n in (1...20).filter { rule.violation(inputs: n, tolerating: $0) == nil }.map { (n, $0) } }
  }

  /// No rule can have smaller coefficients: Farhadkhani et al., ICML 2022, and Allouah et al., AISTATS 2023.
  @Test func coefficientsAreNotBelowWhatIsPossible() {
    for rule in Self.proven {
      let cases = cases(rule)
      #expect(cases.count > 30, "\(rule.specification)")
      for (n, f) in cases {
        for d in [1, 5, 1000] {
          let guarantee = rule.guarantee(inputs: n, tolerating: f, dimension: d)
          let label = "\(rule.specification), n = \(n), f = \(f), d = \(d)"
          #expect((guarantee.lambda ?? 0) >= Double(f) / Double(n - f) * (1 - 1e-12), "\(label)")
          #expect((guarantee.kappa ?? 0) >= Double(f) / Double(n - 2 * f) * (1 - 1e-12), "\(label)")
          #expect((guarantee.varianceToNorm ?? 0) > 0, "\(label)")
          #expect(guarantee.lambda?.isFinite == true && guarantee.kappa?.isFinite == true, "\(label)")
        }
      }
    }
  }

  /// The papers' coefficients, which have been proven more loosely.
  @Test func coefficientsAreNotAboveThosePublished() throws {
    let published: [(String, (Double, Double) -> Double)] = [
      ("trimmed-mean", { n, f in 6 * f / (n - 2 * f) * (1 + f / (n - 2 * f)) }),
      ("median", { n, f in 4 * (1 + f / (n - 2 * f)) * (1 + f / (n - 2 * f)) }),
      ("geometric-median", { n, f in 4 * (1 + f / (n - 2 * f)) * (1 + f / (n - 2 * f)) }),
    ]
    for (name, kappa) in published {
      let rule = try AggregationRules.rule(AggregationSpecification(name))
      for (n, f) in cases(rule) {
        let ours = try #require(rule.guarantee(inputs: n, tolerating: f, dimension: 1000).kappa)
        #expect(ours <= kappa(Double(n), Double(f)), "\(name), n = \(n), f = \(f)")
      }
    }
  }

  @Test func numbersOfTheDocumentation() throws {
    func guarantee(_ name: String, _ n: Int, _ f: Int, d: Int = 1) throws -> Guarantee {
      try AggregationRules.rule(AggregationSpecification(name)).guarantee(inputs: n, tolerating: f, dimension: d)
    }
    #expect(try guarantee("mda", 5, 2).lambda == 4.0 / 3)
    #expect(abs((try guarantee("mda", 5, 2).kappa ?? 0) - 32.0 / 3) < 1e-12)
    #expect(try guarantee("trimmed-mean", 7, 2).kappa == 2.0 / 3)
    #expect(try guarantee("median", 7, 3).kappa == 3)
    #expect(try guarantee("geometric-median", 7, 3).kappa == 8)
    #expect(try guarantee("smea", 7, 3).kappa == 12)
    // Krum with n = 7, f = 2: c = 3, t = 2, h = 5.
    let krum = try guarantee("krum", 7, 2)
    #expect(abs((krum.lambda ?? 0) - (1.5.squareRoot() + 0.6)) < 1e-12)
    #expect(abs((krum.kappa?.squareRoot() ?? 0) - (3.75.squareRoot() + 1.5.squareRoot())) < 1e-12)
    // In high dimension kappa gives the smaller lambda.
    #expect(abs((try guarantee("trimmed-mean", 7, 2, d: 1000).lambda ?? 0) - (4.0 / 15).squareRoot()) < 1e-12)
  }

  @Test func coarseStepsHaveNoGuarantee() {
    for rule in [GeometricMedian(smoothing: 1), GeometricMedian(tolerance: 0.5), GeometricMedian(iterations: 1)] {
      #expect(rule.guarantee(inputs: 7, tolerating: 2, dimension: 3).lambda == nil, "\(rule.specification)")
    }
  }

  /// What is said of a rule is not said of it behind something else.
  @Test func remarksBehindStepsAreTheirOwn() {
    func remark(_ steps: [any PreAggregation], _ rule: any AggregationRule) -> String {
      PreAggregatedRule(steps, before: rule).guarantee(inputs: 7, tolerating: 2, dimension: 1).remark
    }
    #expect(remark([NearestNeighbourMixing()], TrimmedMean()) == "it follows from what is proven of trimmed-mean")
    #expect(remark([AdaptiveRobustClipping()], Average()) == "nothing is proven of average itself")
    #expect(remark([Clipping(norm: 1)], TrimmedMean()).contains("come out shorter"))
  }

  @Test func nobodyByzantineMeansTheAverage() throws {
    for name in ["trimmed-mean", "meamed", "phocas", "mda", "bulyan", "smea", "caf", "average", "cge"] {
      let rule = try AggregationRules.rule(AggregationSpecification(name))
      let guarantee = rule.guarantee(inputs: 7, tolerating: 0, dimension: 3)
      #expect(guarantee.lambda == 0 && guarantee.kappa == 0 && guarantee.varianceToNorm == .infinity, "\(name)")
      var generator = SeededGenerator(seed: 1)
      let inputs = generator.vectors(7, length: 3, .normal)
      let distance = rule.aggregate(inputs, tolerating: 0).vector.distance(to: naiveMean(of: inputs))
      #expect(distance < 1e-6, "\(name)")
    }
  }

  @Test func whatGuaranteesNothingBreaksOnEqualHonestInputs() throws {
    let small = Vector([1])
    func result(_ text: AggregationSpecification, _ inputs: [Vector], _ f: Int) throws -> Float {
      let rule = try AggregationRules.rule(text)
      let guarantee = rule.guarantee(inputs: inputs.count, tolerating: f, dimension: 1)
      #expect(guarantee.lambda == nil && guarantee.kappa == nil && guarantee.varianceToNorm == nil, "\(text)")
      #expect(!guarantee.remark.isEmpty)
      return rule.aggregate(inputs, tolerating: f).vector[0]
    }
    #expect(try result(AggregationSpecification("average"), [small, small, Vector([1e6])], 1) > 3e5)
    #expect(try result(AggregationSpecification("cge"), [small, small, Vector([0])], 1) == 0.5)
    #expect(
      try result(AggregationSpecification("centered-clipping"), [Vector([0]), Vector([0]), Vector([10])], 1) > 0.3)
    let clip = Specification(name: "clip", parameters: ["norm": 0.5])
    let clipped = AggregationSpecification(rule: Specification(name: "median"), before: [clip])
    #expect(try result(clipped, [small, small, small], 1) == 0.5)
  }

  /// Krum's condition n >= 2f + 3 is needed: of these five, of which two are Byzantine, it would take one of these.
  @Test func twoEqualLiarsHaveScoreZeroWhereKrumIsRefused() {
    let inputs = [0, 1, 3, 1000, 1000].map { Vector([$0]) }
    let scores = KrumScores(distances: DistanceMatrix(squaredBetween: inputs))
    #expect(scores.best(1, nearest: 5 - 2 - 2) == [3])
    #expect(Krum().violation(inputs: 5, tolerating: 2) != nil)
  }

  /// (n - f) / (sqrt(8) f), as published for MDA, does not bound the variance to norm under which it leads downhill.
  @Test func rareLargeDeviationsTurnMinimumDiameterAveragingAround() throws {
    let (n, f) = (50, 10)
    let (base, share) = (0.0875, 1.0 / 40)
    let ratio = (share * (1 - share)).squareRoot() / (base + share)
    #expect(ratio < Double(n - f) / (8.0.squareRoot() * Double(f)))
    let proven = try #require(
      MinimumDiameterAveraging().guarantee(inputs: n, tolerating: f, dimension: 1).varianceToNorm)
    #expect(ratio > proven)
    var generator = SeededGenerator(seed: 1)
    var sum = 0.0
    for _ in 0..<200 {
      // A little noise, so that the Byzantine inputs are nearer to some than to others.
      let honest = (0..<n - f).map { _ in
        Vector([Float(base) + (generator.uniform() < Float(share) ? 1 : 0) + 1e-4 * generator.normal()])
      }
      let liar = Vector([Float(base) - 0.99])
      let inputs = honest + Array(repeating: liar, count: f)
      sum += Double(MinimumDiameterAveraging().aggregate(inputs, tolerating: f).vector[0])
    }
    #expect(sum / 200 < -0.03)
  }
}
