import ByzAggregation
import ByzNumerics
import Testing

@testable import ByzProtocol

/// The quorum arithmetic of synchronous runs.
@Suite struct SynchronousQuorumsTests {
  private func quorums(
    _ servers: (Int, Int), _ workers: (Int, Int), _ mode: TrainingMode = .synchronous(.filtered(.own))
  )
    -> Quorums
  {
    Quorums(servers: servers, workers: workers, in: mode)
  }

  @Test(arguments: 0...4, 0...4) func twiceTheBoundAndOneIsEnough(servers: Int, workers: Int) {
    let mode = TrainingMode.synchronous(.certified(.own))
    let least = quorums((2 * servers + 1, servers), (2 * workers + 1, workers))
    #expect(least.violations(under: CoordinatewiseMedian(), in: mode).isEmpty)
    #expect(least.servers.quorum == servers + 1 && least.workers.quorum == workers + 1)
    if servers > 0 {
      let few = quorums((2 * servers, servers), (2 * workers + 1, workers)).violations(
        under: CoordinatewiseMedian(), in: mode)
      #expect(few.map(\.subject) == [.servers] && few[0].sentence.contains("n_ps >= 2 f_ps + 1"))
    }
    if workers > 0 {
      let few = quorums((2 * servers + 1, servers), (2 * workers, workers)).violations(
        under: CoordinatewiseMedian(), in: mode)
      #expect(few.map(\.subject) == [.workers] && few[0].sentence.contains("n_w >= 2 f_w + 1"))
    }
  }

  @Test func quorumsFollowFromTheBounds() {
    let odd = Quorums(servers: (5, 1), workers: (7, 2), serverQuorum: 5, workerQuorum: 6)
    let found = odd.violations(under: CoordinatewiseMedian(), in: .synchronous(.filtered(.own)))
    #expect(found.map(\.subject) == [.serverQuorum, .workerQuorum])
    #expect(found[0].sentence.contains("n_ps - f_ps = 4") && found[1].sentence.contains("n_w - f_w = 5"))
  }

  /// With k missing the rule runs with f - k, unless 2 f + 1 are there: then it need not be believed that these are faulty.
  @Test func theToleranceOfARule() {
    // n = 2 f + 1
    #expect([5, 4, 3].map { quorums((3, 1), (5, 2)).tolerance(of: $0) } == [2, 1, 0])
    // n = 2 f + 2
    #expect([6, 5, 4].map { quorums((3, 1), (6, 2)).tolerance(of: $0) } == [2, 2, 0])
    // n = 3 f + 1
    #expect([7, 6, 5].map { quorums((3, 1), (7, 2)).tolerance(of: $0) } == [2, 2, 2])
    #expect([4, 3].map { quorums((3, 1), (4, 0)).tolerance(of: $0) } == [0, 0])
  }

  @Test func whoMayRejoinAndWithWhom() {
    #expect(quorums((5, 1), (7, 2)).adoptionQuorum == 3 && quorums((5, 1), (7, 2)).hasServerMajority)
    #expect(quorums((4, 1), (7, 2)).adoptionQuorum == 3)
    // n_ps - servers others, of which one that is late, and so one of the servers, knows servers - 1 to be faulty at most.
    #expect(quorums((3, 1), (7, 2)).adoptionQuorum == 2 && !quorums((3, 1), (7, 2)).hasServerMajority)
    #expect(quorums((5, 2), (7, 2)).adoptionQuorum == 3 && quorums((5, 2), (7, 2)).canRejoin)
    #expect(!quorums((7, 3), (7, 2)).canRejoin && quorums((8, 3), (7, 2)).canRejoin)
    for (count, byzantine) in [(3, 1), (5, 2), (6, 2), (8, 3), (9, 3)] {
      let quorum = quorums((count, byzantine), (7, 2)).adoptionQuorum
      #expect(2 * (byzantine - 1) < quorum && quorum > byzantine, "\(count), \(byzantine)")
    }
  }

  @Test func warningsSayWhatRestsOnDelta() {
    func warnings(_ quorums: Quorums, _ delay: DelayBound = DelayBound()) -> [String] {
      quorums.warnings(under: CoordinatewiseMedian(), in: .synchronous(.filtered(.own)), delay: delay)
    }
    #expect(warnings(quorums((5, 1), (7, 2))).isEmpty)
    let least = warnings(quorums((3, 1), (5, 2)))
    #expect(
      least.contains { $0.contains("n_w = 5") && $0.contains("safety rests on Delta") && $0.contains("measured") })
    #expect(least.contains { $0.contains("n_ps = 3") && $0.contains("safety rests on Delta") })
    let given = warnings(quorums((3, 1), (5, 2)), DelayBound(milliseconds: 70, floorMilliseconds: 70))
    #expect(given.contains { $0.contains("Delta = 70 ms") })
    #expect(warnings(quorums((7, 3), (7, 2))).contains { $0.contains("cannot rejoin") })
  }
}
