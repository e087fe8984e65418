import ByzProtocol
import ByzTopology
import Testing

@testable import ByzRuntime

/// How a run ended, from what its nodes left.
@Suite struct RunJudgementTests {
  private static func topology(faults: String = "{}") throws -> Topology {
    try Topology(
      yaml: """
        model: {analytic: quadratic}
        servers: {count: 5, byzantine: 1}
        workers: {count: 4, byzantine: 1}
        faults: \(faults)
        """, file: "test.yaml")
  }

  private func judge(_ changes: [NodeID: RunJudgement.Ending?], faults: String = "{}") throws -> RunJudgement {
    let topology = try Self.topology(faults: faults)
    var endings: [NodeID: RunJudgement.Ending] = [:]
    for id in topology.quorums.nodeIDs { endings[id] = .completed }
    for (id, ending) in changes { endings[id] = ending }
    return RunJudgement(endings, in: topology)
  }

  @Test func asManyMayBeLostAsAreDeclared() throws {
    #expect(try judge([:]) == RunJudgement(outcome: .completed))
    let lost = try judge([.server(2): nil as RunJudgement.Ending?, .worker(0): .failed("no data")])
    #expect(lost == RunJudgement(outcome: .completed, lost: [.server(2), .worker(0)]))
    // A single host that says so is not believed.
    #expect(try judge([.server(1): .diverged("x")]) == RunJudgement(outcome: .completed, lost: [.server(1)]))
    #expect(try judge([.worker(1): .interrupted("x")]) == RunJudgement(outcome: .completed, lost: [.worker(1)]))
  }

  @Test func moreAreAFailure() throws {
    let failed = try judge([
      .server(2): .failed("no \u{1B}[2Jdata"), .server(0): nil as RunJudgement.Ending?, .worker(3): .missing,
    ])
    #expect(
      failed
        == RunJudgement(
          outcome: .failed,
          reasons: [
            "lost server-0, server-2: more servers than the 1 that the topology declares as possibly Byzantine",
            "server-2: no \u{FFFD}[2Jdata",
          ], lost: [.server(0), .server(2), .worker(3)]))
    // A faulty node that is gone counts like any other.
    #expect(
      try judge([.server(4): .missing, .server(0): .missing], faults: "{server-4: 'crash:step=1'}").outcome == .failed)
    #expect(try judge([.server(4): .missing], faults: "{server-4: 'crash:step=1'}").outcome == .completed)
    #expect(RunJudgement([:], in: try Self.topology()).outcome == .failed)
  }

  @Test func divergenceAndInterruption() throws {
    let diverged = try judge([
      .server(0): .diverged("at step 3"), .server(1): .diverged("at step 4"), .worker(0): .missing,
    ])
    #expect(diverged == RunJudgement(outcome: .diverged, reasons: ["server-0: at step 3"], lost: [.worker(0)]))
    // Faulty ones may say what they like.
    #expect(
      try judge([.server(3): .diverged(nil), .server(4): .diverged(nil)], faults: "{server-4: nan}").outcome == .failed)
    let interrupted = try judge([
      .worker(0): .interrupted("asked to stop"), .worker(1): .interrupted(nil), .server(0): .missing,
    ])
    #expect(
      interrupted == RunJudgement(outcome: .interrupted, reasons: ["worker-0: asked to stop"], lost: [.server(0)]))
  }

  @Test func someoneHonestMustBeLeft() throws {
    let judgement = try judge([:], faults: "{\((0..<5).map { "server-\($0): zero" }.joined(separator: ", "))}")
    #expect(judgement.outcome == .completed)
    let all = (0..<5).map { "server-\($0): zero" } + (0..<4).map { "worker-\($0): zero" }
    #expect(try judge([:], faults: "{\(all.joined(separator: ", "))}").reasons == ["no honest node is left"])
  }
}
