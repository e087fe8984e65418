import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzAdversary

/// Attacks that choose their strength against the rule in use.
@Suite struct LineSearchTests {
  private static let rules: [any AggregationRule] = [
    MinimumDiameterAveraging(), CoordinatewiseMedian(), TrimmedMean(), Krum(), GeometricMedian(), Average(),
  ]

  private func configuration(_ rule: any AggregationRule, dimension: Int) -> ProtocolConfiguration {
    ProtocolConfiguration(
      quorums: Quorums(servers: (5, 1), workers: (7, 2)),
      training: TrainingParameters(steps: 9, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: nil),
      patience: Patience(), rule: rule, dimension: dimension)
  }

  private var cast: Cast {
    Cast(Dictionary(uniqueKeysWithValues: [5, 6].map { (NodeID.worker($0), FaultSpecification(name: "anti-cge")) }))
  }

  /// What two copies of `forgery` do to `rule`, by the definition.
  private func damage(_ forgery: Vector, to rule: any AggregationRule, knowing samples: [Vector]) -> Double {
    rule.aggregate(samples + [forgery, forgery], tolerating: 2).vector.distance(to: Forgery.mean(of: samples))
  }

  @Test(arguments: rules.indices) func doesAtLeastAsMuchAsAnyPowerOfTwo(index: Int) {
    let rule = Self.rules[index]
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let samples = (0..<5).map { _ in Vector((0..<20).map { _ in 1 + generator.normal() }) }
      let mean = Forgery.mean(of: samples)
      let deviation = LittleIsEnough.deviation(of: samples, from: mean)
      let search = LineSearch(in: configuration(rule, dimension: 20), cast: cast)
      let attacks: [(Double) -> Vector] = [
        { mean.adding(Float(-$0), times: deviation) }, { mean.scaled(by: Float(-$0)) },
      ]
      for attack in attacks {
        let done = damage(search.forgery(knowing: samples, mean: mean, attack), to: rule, knowing: samples)
        for x in [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] {
          #expect(done >= damage(attack(x), to: rule, knowing: samples), "\(rule.name), seed \(seed), x = \(x)")
        }
      }
    }
  }

  @Test func averagesAreLedAsFarAsTheSearchGoes() {
    let samples = [Vector([1, 0]), Vector([1, 2]), Vector([1, 1])]
    let search = LineSearch(in: configuration(Average(), dimension: 2), cast: cast)
    let forgery = search.forgery(knowing: samples, mean: Vector([1, 1])) { Vector([Float(-$0), 1]) }
    // 64 times the roots of two by which it goes on at the end: 2^(1/2 + 1/4 + 1/8).
    #expect(abs(forgery[0] + 64 * 1.834_008) < 1e-3 && forgery[1] == 1)
  }

  @Test func fewerThanTheRuleNeedsAreRepeatedAndMoreAreLeftOut() {
    let search = LineSearch(in: configuration(MinimumDiameterAveraging(), dimension: 1), cast: cast)
    #expect(search.honest == 3...5 && search.copies == 2)
    for count in [1, 2, 9] {
      let samples = (0..<count).map { Vector([1 + Float($0) / 10]) }
      let forgery = search.forgery(knowing: samples, mean: Forgery.mean(of: samples)) { Vector([Float(-$0)]) }
      #expect(forgery.isFinite)
    }
  }

  @Test(arguments: ["little-is-enough", "fall-of-empires"]) func theParameterTurnsItOn(name: String) throws {
    func forgery(_ search: Double) throws -> Vector {
      var machine = FaultCatalogue.machine(
        Puppet(
          id: .worker(6),
          script: [
            [.computeGradient(step: 0, draw: 0, at: Vector([0, 0, 0]))],
            [.send(.vector(.momentum, step: 0, Vector([1, 2, 3])), to: [.server(0)])],
          ]),
        playing: FaultSpecification(name: name, parameters: ["search": search, "batches": 3]),
        in: configuration(CoordinatewiseMedian(), dimension: 3), seed: 1, cast: cast)
      _ = machine.handle(.start)
      var generator = SeededGenerator(seed: 5)
      for draw in 1...2 {
        let gradient = Vector((0..<3).map { _ in 2 + generator.normal() })
        _ = machine.handle(.gradient(step: 0, draw: draw, gradient, loss: 0))
      }
      // Puppets act at any event; only the last one may.
      return try #require(sent(machine.handle(.start)).first?.vector)
    }
    let (plain, searched) = (try forgery(0), try forgery(1))
    #expect(plain != searched)
  }
}
