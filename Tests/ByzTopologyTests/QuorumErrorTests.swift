import Testing

@testable import ByzTopology

@Suite struct QuorumErrorTests {
  @Test func tooFewServers() {
    #expect(
      Examples.problems(line: 16, "servers: {count: 4, byzantine: 1}") == [
        "mnist.yaml:16: servers.count: n_ps >= 3 f_ps + 2 does not hold: 4 servers of which 1 may be Byzantine need at "
          + "least 5 servers",
        "mnist.yaml:20: faults.server-4: there is no server-4; there are server-0 to server-3",
      ])
  }

  @Test func tooFewWorkers() {
    #expect(
      Examples.problems(Examples.documented, set: ["workers.byzantine=3"]).first
        == "--set workers.byzantine=3: workers.byzantine: n_w >= 3 f_w + 1 does not hold: 7 workers of which 3 may be "
        + "Byzantine need at least 10 workers")
    #expect(
      Examples.problems(Examples.documented, set: ["workers.count=6", "faults={}"]) == [
        "--set workers.count=6: workers.count: n_w >= 3 f_w + 1 does not hold: 6 workers of which 2 may be Byzantine "
          + "need at least 7 workers"
      ])
  }

  @Test func tooFewWorkersUnderATrustedServer() {
    #expect(
      Examples.problems(Examples.smallest + "\nquorum: {workers: 3}", set: ["workers.byzantine=2"]).first
        == "--set workers.byzantine=2: workers.byzantine: n_w >= 2 f_w + 1 does not hold: 3 workers of which 2 may be "
        + "Byzantine need at least 5 workers under a trusted server")
  }

  @Test func badQuorums() {
    #expect(
      Examples.problems(line: 18, "quorum: {servers: 3, workers: 6}") == [
        "mnist.yaml:18: quorum.servers: 2 f_ps + 2 <= q_ps <= n_ps - f_ps does not hold: a quorum of 3 servers must lie "
          + "between 4 and 4",
        "mnist.yaml:18: quorum.workers: 2 f_w + 1 <= q_w <= n_w - f_w does not hold: a quorum of 6 workers must lie "
          + "between 5 and 5",
      ])
  }

  @Test func whatTheRuleLacksIsNotRepeated() {
    #expect(
      Examples.problems(Examples.documented, set: ["quorum.workers=3"]) == [
        "--set quorum.workers=3: quorum.workers: 2 f_w + 1 <= q_w <= n_w - f_w does not hold: a quorum of 3 workers must "
          + "lie between 5 and 5"
      ])
  }

  @Test func listedServersCiteTheList() {
    #expect(
      Examples.problems(Examples.listed.replacing("byzantine: 0", with: "byzantine: 1")) == [
        "mnist.yaml:5: servers.nodes: n_ps >= 3 f_ps + 2 does not hold: 2 servers of which 1 may be Byzantine need at "
          + "least 5 servers"
      ])
  }
}
