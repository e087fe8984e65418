import ByzAggregation
import ByzNumerics
import Testing

@testable import ByzProtocol

/// Who pulls what from whom.
@Suite struct PullScheduleTests {
  private func configuration(_ mode: TrainingMode, servers: (Int, Int) = (5, 1), gatherEvery: Int = 10)
    -> ProtocolConfiguration
  {
    ProtocolConfiguration(
      quorums: Quorums(servers: servers, workers: (7, 2), in: mode),
      training: TrainingParameters(
        mode: mode, steps: 100, gatherEvery: gatherEvery, learningRate: LearningRate(initial: 1), momentum: nil),
      patience: Patience(), rule: CoordinatewiseMedian(), dimension: 1)
  }

  @Test func aStepHasOneModelForEachWorkerAndAReferenceAllOfThem() {
    let filtered = configuration(.synchronous(.filtered(.own)))
    for step in 0..<40 {
      let models = (0..<7).reduce(0) { $0 + filtered.givers(to: $1, at: step).count }
      #expect(models == (step % 10 == 0 ? 35 : 7), "step \(step)")
    }
    let certified = configuration(.synchronous(.certified(.own)))
    for step in 1..<40 {
      for worker in 0..<7 {
        #expect(certified.givers(to: worker, at: step) == [.server((worker + step) % 5)])
        let digests = (0..<5).count { certified.share(of: $0, for: worker, at: step) == .digest }
        #expect(digests == 4)
      }
    }
    // Nobody to agree with.
    let trusting = configuration(.synchronous(.certified(.own)), servers: (5, 0))
    #expect((0..<5).allSatisfy { trusting.share(of: $0, for: 0, at: 3) != .digest })
    let asynchronous = configuration(.asynchronous)
    #expect(asynchronous.givers(to: 3, at: 17).count == 5)
  }

  @Test func everyServerIsAskedOnceInTurn() {
    let order = configuration(.synchronous(.filtered(.own))).pullOrder(of: 3, at: 4)
    #expect(order == [2, 3, 4, 0, 1].map(NodeID.server))
  }

  @Test func aLoneServerIsAskedForEverything() {
    let alone = configuration(.synchronous(.filtered(.own)), servers: (1, 0))
    for step in 0..<30 { #expect(alone.givers(to: 4, at: step) == [.server(0)]) }
  }
}
