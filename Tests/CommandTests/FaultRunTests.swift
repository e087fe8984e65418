import ByzRuntime
import Foundation
import Testing

/// Faults in real processes, on a problem that needs no data: 5 servers and 7 workers, of which 1 and 2 may be Byzantine.
@Suite(.serialized) struct FaultRunTests {
  let folder: TemporaryFolder
  let files: RunFiles

  init() throws {
    folder = try TemporaryFolder()
    files = RunFiles(path: "\(folder.path)/run")
  }

  private func launch(steps: Int, _ faults: [String: String], _ options: String...) throws -> Program.Result {
    let settings = [
      "faults={}", "training.steps=\(steps)", "quorum.start_grace_ms=2000", "quorum.linger_ms=500",
    ]
    return try Running(
      ["launch", "\(Program.root)/topologies/quadratic.yaml", "--run-directory", files.path, "--quiet"]
        + settings.flatMap { ["--set", $0] } + faults.flatMap { ["--fault", "\($0.key)=\($0.value)"] } + options
    ).wait()
  }

  @Test func accomplicesKnowHonestMomentums() throws {
    let result = try launch(
      steps: 100,
      ["server-4": "random", "worker-5": "fall-of-empires", "worker-6": "little-is-enough:search=1"])
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    for worker in summary.workers[5...6] {
      let forged = try #require(worker.forged)
      #expect(forged.overheard > 0, "\(forged)")
      #expect(try #require(worker.admitted) > 0, "\(worker)")
    }
    #expect(summary.workers[..<5].allSatisfy { $0.forged == nil && ($0.admitted ?? 0) > 0 })
    #expect(summary.servers.allSatisfy { ($0.admitted ?? 0) > 0 })
    #expect(result.output.contains("played fall-of-empires, admitted in "))
    #expect(result.output.contains(", knowing honest momentums"))
    // Honest nodes have dropped nothing but what was late, and have not heard of it.
    #expect(
      summary.messagesDropped.values.allSatisfy { Set($0.keys).isSubset(of: ["late", "duplicate", "superseded"]) })
  }

  @Test func withoutAByzantineServerTheyEstimate() throws {
    let result = try launch(steps: 40, ["worker-5": "fall-of-empires", "worker-6": "mimic"])
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    for worker in summary.workers[5...6] {
      let forged = try #require(worker.forged)
      #expect(forged.overheard == 0 && forged.estimated > 0, "\(forged)")
    }
    #expect(result.output.contains(", estimating from its own data"))
  }

  @Test(
    arguments: [
      "slow:ms=5,spread_ms=10", "drop:share=0.2", "duplicate:share=1", "reorder:share=0.5,ms=10",
      "corrupt:share=0.2,bytes=3", "flood:copies=50", "partition:step=20,ms=300", "hang:step=20,end=40",
      "restart:step=20,after_ms=200", "crash:step=20", "silent", "arbitrary",
    ])
  func faultsWithinTheBoundsNeverStopARun(fault: String) throws {
    let result = try launch(steps: 60, ["server-4": fault, "worker-5": fault, "worker-6": fault])
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    #expect(summary.outcome == .completed && summary.steps == 60 && summary.warnings.isEmpty)
    // It is about 5 at the start.
    #expect((summary.loss ?? 9) < 0.1)
  }

  @Test func faultsBeyondTheBoundsRunAndAreReported() throws {
    let result = try launch(steps: 30, ["worker-4": "zero", "worker-5": "zero", "worker-6": "zero"])
    let warning =
      "3 workers have faults but workers.byzantine is 2: this run goes beyond the bounds, and nothing is promised of it"
    #expect(result.status == 0 && result.errors.contains("warning: \(warning)"), "\(result.errors)")
    #expect(try files.summary().warnings == [warning])
    #expect(result.output.contains("warning: \(warning)"))
  }
}
