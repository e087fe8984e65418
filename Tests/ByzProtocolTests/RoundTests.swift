import ByzAggregation
import ByzNumerics
import Testing

@testable import ByzProtocol

/// Shows in its aggregate what it was given: the aggregate before plus one, and a number made from the seed.
private struct Telling: AggregationRule {
  let specification = Average().specification
  func violation(inputs count: Int, tolerating f: Int) -> String? { nil }
  func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee { Guarantee(remark: "") }
  func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
    let vector = Vector([(round.previous?[0] ?? 0) + 1, Float(round.seed % 1000)])
    return Aggregate(vector: vector, selected: Array(inputs.indices))
  }
}

/// What a server tells its rule of the round.
@Suite struct RoundTests {
  /// The models of a single server after each of three steps, moved by the aggregates alone.
  private func models(seed: UInt64) -> [Vector] {
    let configuration = ProtocolConfiguration(
      quorums: Quorums(servers: (1, 0), workers: (1, 0)),
      training: TrainingParameters(
        steps: 10, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: nil),
      patience: Patience(), rule: Telling(), dimension: 2, seed: seed)
    var server = ServerMachine(0, configuration, model: Vector([0, 0]))
    _ = server.handle(.start)
    return (0..<3).map { step in
      _ = server.handle(.received(.vector(.momentum, step: step, Vector([0, 0])), from: .worker(0)))
      return server.model
    }
  }

  @Test func aRuleGetsItsLastAggregate() {
    // Aggregates of 1, 2 and 3, one after the other.
    #expect(models(seed: 1).map { $0[0] } == [-1, -3, -6])
  }

  @Test func seedsFollowFromTheRunAndTheStep() {
    let (first, again, other) = (models(seed: 1), models(seed: 1), models(seed: 2))
    #expect(first == again && first != other)
    let seeds = zip(first, [Vector([0, 0])] + first).map { $1[1] - $0[1] }
    #expect(Set(seeds).count == 3)
  }
}
