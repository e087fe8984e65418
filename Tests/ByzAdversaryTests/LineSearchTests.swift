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

  private func forgery(_ search: LineSearch, _ samples: [Vector], _ attack: (Double) -> Vector) -> Vector {
    var aggregate: Vector?
    return search.forgery(at: 0, knowing: samples, mean: Forgery.mean(of: samples), after: &aggregate, attack)
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
      let search = LineSearch(for: "anti-cge", in: configuration(rule, dimension: 20), cast: cast)
      let attacks: [(Double) -> Vector] = [
        { mean.adding(Float(-$0), times: deviation) }, { mean.scaled(by: Float(-$0)) },
      ]
      for attack in attacks {
        let done = damage(forgery(search, samples, attack), to: rule, knowing: samples)
        for x in [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] {
          #expect(done >= damage(attack(x), to: rule, knowing: samples), "\(rule.name), seed \(seed), x = \(x)")
        }
      }
    }
  }

  @Test func averagesAreLedAsFarAsTheSearchGoes() {
    let samples = [Vector([1, 0]), Vector([1, 2]), Vector([1, 1])]
    let search = LineSearch(for: "anti-cge", in: configuration(Average(), dimension: 2), cast: cast)
    let forgery = forgery(search, samples) { Vector([Float(-$0), 1]) }
    // 64 times the roots of two by which it goes on at the end: 2^(1/2 + 1/4 + 1/8).
    #expect(abs(forgery[0] + 64 * 1.834_008) < 1e-3 && forgery[1] == 1)
  }

  /// A rule that foresees nothing and tells what it was given: its aggregate is the number of its inputs, the sum of them, and
  /// what it knows of the round.
  private struct Telling: AggregationRule {
    var specification: AggregationSpecification { AggregationSpecification(rule: Specification(name: "telling")) }
    func violation(inputs count: Int, tolerating f: Int) -> String? { nil }
    func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee { Guarantee(remark: "none") }

    func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
      let told = [
        Float(inputs.count), inputs.reduce(0) { $0 + $1[0] }, round.previous?[0] ?? -1, Float(round.seed % 1000),
      ]
      return Aggregate(vector: Vector(told), selected: [])
    }
  }

  @Test(arguments: [(1, 5, 3), (2, 5, 4), (4, 6, 10), (9, 7, 15)])
  func fewerThanTheRuleNeedsAreRepeatedAndMoreAreLeftOut(count: Int, inputs: Int, sum: Float) {
    let configuration = configuration(Telling(), dimension: 4)
    let search = LineSearch(for: "anti-cge", in: configuration, cast: cast)
    #expect(search.honest == 3...5 && search.copies == 2)
    // 1, 2, 3, ...; forgeries are 0.
    let samples = (1...count).map { Vector(repeating: Float($0), count: 4) }
    var aggregate: Vector? = Vector([7, 0, 0, 0])
    _ = search.forgery(at: 3, knowing: samples, mean: samples[0], after: &aggregate) { _ in
      Vector(repeating: 0, count: 4)
    }
    let draws = configuration.round(at: 3, after: nil).seed
    #expect(aggregate == Vector([Float(inputs), sum, 7, Float(draws % 1000)]))
  }

  @Test func onlyThoseWhoPlayTheSameSendCopies() {
    var faults = cast.faults
    faults[.worker(4)] = FaultSpecification(name: "reversed")
    let search = LineSearch(
      for: "anti-cge", in: configuration(MinimumDiameterAveraging(), dimension: 1), cast: Cast(faults))
    #expect(search.copies == 2)
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
