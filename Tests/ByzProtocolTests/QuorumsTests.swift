import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

@Suite struct QuorumsTests {
  private let mda = MinimumDiameterAveraging()

  @Test func defaultsWaitForAllButTheByzantine() {
    let quorums = Quorums(servers: (5, 1), workers: (7, 2))
    #expect(quorums.servers.quorum == 4 && quorums.workers.quorum == 5)
    #expect(
      quorums.violations(under: mda, in: .asynchronous).isEmpty
        && quorums.warnings(under: mda, in: .asynchronous, delay: DelayBound()).isEmpty)
    #expect(Quorums(servers: (1, 0), workers: (7, 2)).workers.quorum == 7)
  }

  @Test(arguments: [
    ((4, 1), (7, 2), "n_ps >= 3 f_ps + 2 does not hold: 4 servers of which 1 may be Byzantine need at least 5 servers"),
    ((5, 1), (6, 2), "n_w >= 3 f_w + 1 does not hold: 6 workers of which 2 may be Byzantine need at least 7 workers"),
    ((1, 1), (7, 2), "n_ps >= 3 f_ps + 2 does not hold: 1 servers of which 1 may be Byzantine need at least 5 servers"),
    (
      (1, 0), (4, 2),
      "n_w >= 2 f_w + 1 does not hold: 4 workers of which 2 may be Byzantine need at least 5 workers under a trusted server"
    ),
    ((0, 0), (7, 2), "servers.count must be at least 1, not 0"),
    ((5, -1), (7, 2), "servers.byzantine must be at least 0, not -1"),
  ])
  func tooFewNodes(servers: (Int, Int), workers: (Int, Int), message: String) {
    let quorums = Quorums(servers: servers, workers: workers)
    let sentences = quorums.violations(under: mda, in: .asynchronous).map(\.sentence)
    #expect(sentences.contains(message), "\(sentences)")
  }

  @Test func quorumsOutsideTheirBounds() {
    let few = Quorums(servers: (8, 1), workers: (10, 2), serverQuorum: 3, workerQuorum: 4)
    #expect(
      few.violations(under: Average(), in: .asynchronous).map(\.sentence) == [
        "2 f_ps + 2 <= q_ps <= n_ps - f_ps does not hold: a quorum of 3 servers must lie between 4 and 7",
        "2 f_w + 1 <= q_w <= n_w - f_w does not hold: a quorum of 4 workers must lie between 5 and 8",
      ])
    let many = Quorums(servers: (8, 1), workers: (10, 2), serverQuorum: 8, workerQuorum: 9)
    #expect(many.violations(under: mda, in: .asynchronous).map(\.subject) == [.serverQuorum, .workerQuorum])
  }

  /// A rule that needs more than the quorums give is to blame itself, but not when the workers are too few anyway.
  @Test func ruleThatNeedsMore() {
    struct Demanding: AggregationRule {
      let specification = Average().specification
      func violation(inputs count: Int, tolerating f: Int) -> String? { count >= 4 * f + 3 ? nil : "it needs more" }
      func guarantee(inputs count: Int, tolerating f: Int, dimension: Int) -> Guarantee { Guarantee(remark: "") }
      func aggregate(_ inputs: [Vector], tolerating f: Int, in round: Round) -> Aggregate {
        Average().aggregate(inputs, tolerating: f)
      }
    }
    let violations = Quorums(servers: (5, 1), workers: (7, 2)).violations(under: Demanding(), in: .asynchronous)
    #expect(violations.map(\.subject) == [.rule])
    #expect(
      violations.first?.sentence == "with 5 momentums (q_w) of which 2 may be Byzantine (f_w), it needs more")
    #expect(
      Quorums(servers: (5, 1), workers: (6, 2)).violations(under: Demanding(), in: .asynchronous).map(\.subject) == [
        .workers
      ])
  }

  /// More momentums than a quorum may come, and a rule may refuse so many.
  @Test func ruleThatRefusesMany() {
    let smea = SmallestMaximumEigenvalueAveraging()
    #expect(Quorums(servers: (5, 1), workers: (18, 4)).violations(under: smea, in: .asynchronous).isEmpty)
    let violations = Quorums(servers: (5, 1), workers: (20, 5)).violations(under: smea, in: .asynchronous)
    #expect(violations.map(\.subject) == [.rule])
    #expect(violations.first?.sentence.hasPrefix("with 20 momentums (n_w)") == true)
  }

  @Test func warnsOfWhatIsNotProtected() {
    #expect(
      Quorums(servers: (1, 0), workers: (7, 2)).warnings(under: mda, in: .asynchronous, delay: DelayBound()).first?
        .contains("trusted server") == true)
    #expect(
      Quorums(servers: (5, 1), workers: (7, 2)).warnings(under: Average(), in: .asynchronous, delay: DelayBound())
        .first?.contains("nobody") == true)
    let stalling = Quorums(servers: (8, 2), workers: (7, 2))
    #expect(stalling.violations(under: mda, in: .asynchronous).isEmpty)
    #expect(
      stalling.warnings(under: mda, in: .asynchronous, delay: DelayBound()).first?.contains(
        "q_ps = 6 is below 3 f_ps + 1 = 7") == true)
  }

  @Test func names() {
    #expect(NodeID("server-2") == .server(2) && NodeID("worker-10") == .worker(10))
    for wrong in ["server", "server-", "server--1", "server-01", "server-+1", "Server-1", "client-1", "server-1 ", ""] {
      #expect(NodeID(wrong) == nil, "'\(wrong)'")
    }
    #expect([NodeID.worker(0), .server(10), .server(9)].sorted() == [.server(9), .server(10), .worker(0)])
  }

  @Test func learningRateHalves() {
    let rate = LearningRate(initial: 0.5, decaySteps: 300)
    #expect(rate.at(0) == 0.5 && rate.at(300) == 0.25 && rate.at(900) == 0.125)
    #expect(LearningRate(initial: 0.5).at(1_000_000) == 0.5)
  }
}
