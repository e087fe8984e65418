import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTransport
import Foundation
import Testing

@testable import ByzRuntime

/// A run's summary from what its nodes wrote, each figure worked out by hand.
@Suite struct SummaryTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"

  private func topology() throws -> Topology {
    try Topology(
      yaml: """
        model: {architecture: logistic}
        data: {dataset: mnist, path: /nowhere}
        training: {steps: 11}
        servers: {count: 5, byzantine: 1}
        workers: {count: 4, byzantine: 1}
        faults: {server-4: reversed}
        """, file: "test.yaml")
  }

  private func summary(
    of id: NodeID, step: Int, first: Double, last: Double, accuracy: Double?, selected: [String: Double]?
  ) -> NodeSummary {
    NodeSummary(
      id: "\(id)", fault: nil, outcome: .completed, reason: nil, step: step, startedAt: 90, firstStepAt: first,
      lastStepAt: last, accuracy: accuracy, loss: accuracy, evaluatedStep: step, selected: selected,
      sent: ["model": .init(messages: 2, bytes: 10)],
      dropped: ["worker-3": ["late": 1]],
      usage: [usage(at: 1, seconds: first), usage(at: step, seconds: last)], seed: 1,
      topologyDigest: (try? topology().digestText) ?? "", version: "")
  }

  private func usage(at step: Int, seconds: Double) -> ResourceUsage {
    var processor = ProcessorTime()
    processor.machine = seconds
    processor.network = 2 * seconds
    return ResourceUsage(step: step, residentBytes: 100 + step, proportionalBytes: 50 * step, processor: processor)
  }

  @Test func putsARunTogether() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let topology = try topology()
    let directory = RunDirectory(path: folder)
    let shift: [Float] = [0, 0, 3]
    for index in [0, 1, 2, 4] {
      let id = NodeID.server(index)
      try directory.makeFolder(of: id)
      let accuracy = [0.9, 0.7, 0.8, 0, 0.1][index]
      try JSON.write(
        summary(
          of: id, step: 11, first: 101 + Double(index), last: 111 + 2 * Double(index), accuracy: accuracy,
          selected: ["worker-0": 0.5 + Double(index) / 8]), to: directory.summary(of: id))
      if index < 3 {
        let parameters = Vector(count: 7850) { elements in
          elements[0] = 4
          elements[1] = shift[index]
        }
        try Safetensors.write(parameters, as: topology.model.tensors, to: directory.checkpoint(of: id, step: 11))
      }
    }
    let run = SummaryBuilder(topology: topology, directory: directory, launchedAt: 100, lost: [.server(3)])
      .build(.completed, reasons: [])
    // The slowest honest server is server-2: first step at 103, last at 115, ten steps between.
    #expect(run.steps == 11 && run.wallSeconds == 12 && run.stepsPerSecond == 10.0 / 12)
    #expect(run.secondsToFirstStep == 3)
    #expect(run.accuracy == 0.8)
    // Models (4, 0), (4, 0), (4, 3): norms 4, 4, 5 and a largest distance of 3.
    #expect(abs((run.modelSpread ?? 0) - 3 / (13.0 / 3)) < 1e-9)
    #expect(run.lost == ["server-3"] && run.servers.map(\.honest) == [true, true, true, true, false])
    #expect(run.workers[0].selected == 0.625 && run.workers[1].selected == nil)
    // Honest nodes that were not lost: servers 0 to 2.
    #expect(run.messagesSent == ["model": 6] && run.bytesSent == ["model": 30])
    // All four servers that have written, the faulty one too, and nobody has pulled anything.
    #expect(run.modelsPerStep == 8.0 / 11 && run.pulled == nil)
    #expect(run.messagesDropped == ["worker-3": ["late": 3]])
    #expect(run.memory["server"]?.residentBytes == 111 && run.memory["worker"] == nil)
    // All four nodes that have written.
    #expect(run.memoryOverTime.map(\.step) == [1, 11])
    #expect(run.memoryOverTime.map(\.proportionalBytes) == [200, 2200])
    // In ten steps the servers used 10, 11, 12 and 14 seconds and twice that; the last one is not honest.
    #expect(run.processorSecondsPerStep["server"]?.machine == 1.2)
    #expect(run.processorSecondsPerStep["server"]?.network == 2.4)
    #expect(abs((run.processorSecondsPerStep["all"]?.total ?? 0) - 3 * 4.7) < 1e-9)
    let text = run.text(directory: directory)
    #expect(text.hasPrefix("completed: 11 steps in 12.0 s (0.8 steps/s), accuracy 0.8000"))
    #expect(text.contains("server-3    step 0      lost") && text.contains("played reversed"))
    #expect(!text.contains("models sent a step"))
  }

  /// Server-4 and worker-3 are faulty; of four steps, servers have worker-3 in their quorum in two and three, workers have
  /// server-4 in theirs in one and none.
  @Test func saysWhoseVectorsWereAdmittedAndWhatTheyWereMadeOf() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let topology = try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 1}
        training: {steps: 4}
        servers: {count: 5, byzantine: 1}
        workers: {count: 4, byzantine: 1}
        faults: {server-4: random, worker-3: mimic}
        """, file: "test.yaml")
    let directory = RunDirectory(path: folder)
    func record(_ id: NodeID, _ reports: [Report]) throws -> NodeSummary {
      let record = try NodeRecord(of: id, in: topology, directory: directory)
      for report in reports { try record.note(report) }
      return try record.finish(.completed, reason: nil, traffic: TrafficCounters())
    }
    let (honest, liar) = ((0..<3).map { NodeID.worker($0) }, NodeID.worker(3))
    for (server, admitted) in [(0, 2), (1, 3), (4, 4)] {
      let summary = try record(
        .server(server),
        (0..<4).map { step in
          .updated(
            step: step + 1, parameters: Vector([1]), contributors: honest + (step < admitted ? [liar] : []),
            selected: [honest[0]])
        })
      #expect(summary.admitted?["worker-3"] == Double(admitted) / 4 && summary.admitted?["worker-0"] == 1)
    }
    let servers = (0..<4).map { NodeID.server($0) }
    for (worker, admitted) in [(0, 1), (1, 0), (3, 4)] {
      let estimates = (0..<4).map { step in
        Report.estimated(step: step, loss: 1, contributors: servers + (step < admitted ? [.server(4)] : []))
      }
      let forgeries = (0..<3).map { Report.forged(step: $0, samples: 2, areOverheard: $0 > 0) }
      let summary = try record(.worker(worker), worker == 3 ? estimates + forgeries : estimates)
      #expect(summary.admitted?["server-4"] == Double(admitted) / 4 && summary.step == 4)
    }
    let run = SummaryBuilder(topology: topology, directory: directory, launchedAt: 0, lost: [])
      .build(.completed, reasons: [])
    // Averages over honest nodes alone.
    #expect(run.workers[3].admitted == 0.625 && run.workers[0].admitted == 1 && run.workers[3].selected == 0)
    #expect(run.servers[4].admitted == 0.125 && run.servers[0].admitted == 1)
    #expect(run.workers[3].forged == NodeSummary.Forgeries(overheard: 2, estimated: 1))
    #expect(run.workers[0].forged == nil)
    let text = run.text(directory: directory)
    #expect(
      text.contains(
        "played mimic, admitted in 62 %, knowing honest momentums in 2 steps and estimating from its own data in 1")
    )
    #expect(text.contains("played random, admitted in 12 %\n"))
    let lines = try String(contentsOfFile: directory.metrics(of: liar), encoding: .utf8)
    #expect(lines.contains("\"forged\":1,\"estimated\":2}") && lines.contains("\"forged\":3,\"overheard\":2}"))
  }

  @Test func aRunOfWhichNothingIsLeftHasASummary() throws {
    let run = SummaryBuilder(
      topology: try topology(), directory: RunDirectory(path: folder), launchedAt: 100, lost: []
    ).build(.failed, reasons: ["no honest node is left"])
    #expect(run.steps == 0 && run.accuracy == nil && run.wallSeconds == nil && run.modelSpread == nil)
    #expect(run.modelsPerStep == nil)
    #expect(run.text(directory: RunDirectory(path: folder)).hasPrefix("failed: 0 steps\n  no honest node is left\n"))
  }

  /// JSON knows no infinity: such a rate would leave the run without a summary.
  @Test(arguments: [(0.0, 1e-308), (5.0, 5.0)]) func ratesAreFinite(first: Double, last: Double) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let directory = RunDirectory(path: folder)
    try directory.makeFolder(of: .server(0))
    let summary = summary(of: .server(0), step: 11, first: first, last: last, accuracy: 0.5, selected: nil)
    try JSON.write(summary, to: directory.summary(of: .server(0)))
    let run = SummaryBuilder(topology: try topology(), directory: directory, launchedAt: 0, lost: [])
      .build(.completed, reasons: [])
    #expect(run.steps == 11 && run.stepsPerSecond == nil)
    #expect(throws: Never.self) { try JSON.text(of: run) }
  }

  @Test func nobodyEndsBeforeTheBeginning() throws {
    let summary = summary(of: .server(0), step: 11, first: 2, last: 1, accuracy: 0.5, selected: nil)
    #expect(summary.objection(of: .server(0), in: try topology()) == "its last step before its first")
  }

  /// What came from somebody who is no node is counted by address.
  @Test(arguments: [
    ("192.0.2.7", true), ("2001:db8::7", true), ("fe80::1%eth0", true), ("unknown", true), ("worker-3", true),
    ("worker-4", false), ("192.0.2", false), ("192.0.2.7\u{1B}", false), ("", false), ("%x", false),
  ]) func strangersAreKnownByTheirAddress(peer: String, isGood: Bool) throws {
    var summary = summary(of: .server(0), step: 11, first: 1, last: 2, accuracy: 0.5, selected: nil)
    summary.dropped = [peer: ["handshake": 3]]
    #expect((summary.objection(of: .server(0), in: try topology()) == nil) == isGood)
  }
}

@Suite struct ShownPathTests {
  @Test func pathsInTheCurrentFolderAreShownFromThere() {
    let here = FileManager.default.currentDirectoryPath
    #expect(RunDirectory.shown("\(here)/runs/a") == "runs/a")
    #expect(RunDirectory.shown("\(here)-other/runs/a") == "\(here)-other/runs/a")
    #expect(RunDirectory.shown("/nowhere/a") == "/nowhere/a")
  }
}
