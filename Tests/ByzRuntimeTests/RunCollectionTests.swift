import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTransport
import Foundation
import Testing

@testable import ByzRuntime

/// Runs put together from what untrusted hosts have left.
@Suite final class RunCollectionTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"
  private let topology: Topology
  private let result: RunDirectory
  private let display = Display(isQuiet: true)

  init() throws {
    topology = try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 4}
        training: {steps: 3}
        servers: {count: 5, byzantine: 1}
        workers: {count: 4, byzantine: 1}
        """, file: "test.yaml")
    result = RunDirectory(path: "\(folder)/whole")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func host(_ name: String) -> RunDirectory { RunDirectory(path: "\(folder)/\(name)") }

  private var ids: [NodeID] { topology.quorums.nodeIDs }

  /// Writes what `id` leaves of a run on the host `name`.
  private func leave(_ id: NodeID, on name: String, outcome: Outcome = .completed, steps: Int = 3) throws {
    let record = try NodeRecord(of: id, in: topology, directory: host(name))
    for step in 0..<steps {
      try record.note(
        id.role == .server
          ? .updated(
            step: step + 1, parameters: Vector([1, 2, 3, 4]), contributors: [.worker(0)], selected: [.worker(0)])
          : .estimated(step: step, loss: 1, contributors: [.server(0)]))
    }
    try Data("\(id) has started\n".utf8).write(to: URL(filePath: host(name).log(of: id)))
    _ = try record.finish(outcome, reason: outcome == .completed ? nil : "so it was", traffic: TrafficCounters())
  }

  /// All nodes: server k and worker k on host k modulo 2.
  private func leaveAll(but missing: Set<NodeID> = []) throws {
    for id in ids where !missing.contains(id) { try leave(id, on: "host-\(id.index % 2)") }
  }

  private func collect(_ hosts: [String] = ["host-0", "host-1"]) throws -> RunSummary {
    try RunCollection(topology, from: hosts.map { host($0).path }, into: result, display: display).run()
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test func aWholeRun() throws {
    try leaveAll()
    let summary = try collect()
    #expect(summary.outcome == .completed && summary.lost.isEmpty && summary.reasons.isEmpty && summary.steps == 3)
    #expect(summary.modelSpread == 0 && summary.servers.count == 5 && summary.secondsToFirstStep != nil)
    #expect(try Topology(file: result.topology) == Topology(yaml: topology.yaml, file: "test.yaml"))
    for id in ids {
      for (ours, theirs) in [
        (result.metrics(of: id), host("host-\(id.index % 2)").metrics(of: id)),
        (result.log(of: id), host("host-\(id.index % 2)").log(of: id)),
        (result.summary(of: id), host("host-\(id.index % 2)").summary(of: id)),
      ] {
        #expect(FileManager.default.contentsEqual(atPath: ours, andPath: theirs))
      }
    }
    #expect(exists(result.checkpoint(of: .server(4), step: 3)) && exists(result.summary))
  }

  @Test func missingNodesAreLost() throws {
    try leaveAll(but: [.server(3), .worker(2)])
    let summary = try collect()
    #expect(summary.outcome == .completed && summary.lost == ["server-3", "worker-2"])
  }

  @Test func moreMissingNodesAreAFailure() throws {
    try leaveAll(but: [.server(3), .server(1)])
    let summary = try collect()
    #expect(summary.outcome == .failed && summary.lost == ["server-1", "server-3"])
    #expect(summary.reasons.first?.hasPrefix("lost server-1, server-3: more servers than the 1") == true)
  }

  @Test func whoDidNotReachTheEndIsLost() throws {
    try leaveAll(but: [.server(1)])
    try leave(.server(1), on: "host-1", outcome: .failed, steps: 2)
    let summary = try collect()
    #expect(summary.outcome == .completed && summary.lost == ["server-1"] && summary.servers[1].step == 2)
  }

  @Test func twoThatHaveTheSameNode() throws {
    try leaveAll()
    try leave(.worker(2), on: "host-1")
    let failure = #expect(throws: RunCollection.Failure.self) { try collect() }
    #expect(
      failure?.description
        == "worker-2 is in \(host("host-0").path) and in \(host("host-1").path); leave out the one that is not of this run"
    )
    #expect(throws: RunCollection.Failure.self) { try collect(["host-0", "host-0"]) }
    #expect(!exists(result.path))
  }

  @Test func whatIsNoRunDirectory() throws {
    try leaveAll()
    for name in ["nowhere", "host-0/nodes/server-0"] {
      let failure = #expect(throws: RunCollection.Failure.self) { try collect([name]) }
      #expect(failure?.description.contains("\(folder)/\(name) is no run directory") == true)
    }
    try FileManager.default.createDirectory(atPath: host("evil").path, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(host("evil").path)/nodes", withDestinationPath: "\(host("host-0").path)/nodes")
    #expect(throws: RunCollection.Failure.self) { try collect(["evil"]) }
  }

  /// A host that sends links to files outside gets nothing of these into the run.
  @Test func linksAreNotFollowed() throws {
    try leaveAll(but: [.server(1)])
    let secret = "\(folder)/secret"
    try Data("precious".utf8).write(to: URL(filePath: secret))
    for path in [host("host-0").log(of: .server(0)), host("host-0").summary(of: .server(2))] {
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: secret)
    }
    // A whole node's folder, a pipe that nobody writes to, and a folder in place of a file.
    try leave(.server(1), on: "elsewhere")
    try FileManager.default.createSymbolicLink(
      atPath: host("host-1").folder(of: .server(1)), withDestinationPath: host("elsewhere").folder(of: .server(1)))
    try FileManager.default.removeItem(atPath: host("host-1").log(of: .worker(1)))
    #expect(mkfifo(host("host-1").log(of: .worker(1)), 0o644) == 0)
    try FileManager.default.removeItem(atPath: host("host-1").summary(of: .worker(1)))
    #expect(mkdir(host("host-1").summary(of: .worker(1)), 0o755) == 0)
    let summary = try collect()
    #expect(summary.outcome == .failed && summary.lost == ["server-1", "server-2", "worker-1"])
    for path in [
      result.log(of: .server(0)), result.summary(of: .server(2)), result.summary(of: .server(1)),
      result.metrics(of: .server(1)), result.log(of: .worker(1)), result.summary(of: .worker(1)),
    ] {
      #expect(!exists(path), "\(path)")
    }
    #expect(exists(result.metrics(of: .worker(1))))
  }

  @Test func onlyFilesOfTheTableAreTaken() throws {
    try leaveAll()
    let server = host("host-0").folder(of: .server(0))
    let names = [
      "checkpoint-2.safetensors", "checkpoint-03.safetensors", "checkpoint-4.safetensors", "checkpoint--1.safetensors",
      "id_rsa", ".bashrc", "summary.json.bak", "\u{1B}[2J",
    ]
    for name in names { try Data("x".utf8).write(to: URL(filePath: "\(server)/\(name)")) }
    try Data("x".utf8).write(to: URL(filePath: host("host-0").checkpoint(of: .worker(0), step: 3)))
    for name in ["worker-4", "server-07", "x"] {
      try FileManager.default.createDirectory(
        atPath: "\(host("host-0").path)/nodes/\(name)", withIntermediateDirectories: true)
    }
    #expect(try collect().outcome == .completed)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: result.folder(of: .server(0))).sorted() == [
        "checkpoint-3.safetensors", "log.txt", "metrics.jsonl", "summary.json",
      ])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: result.folder(of: .worker(0))).sorted() == [
        "log.txt", "metrics.jsonl", "summary.json",
      ])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(result.path)/nodes").count == 9)
  }

  @Test func oversizedFilesAreLeftOut() throws {
    try leaveAll()
    for (path, name) in [
      (host("host-0").metrics(of: .server(0)), "metrics.jsonl"), (host("host-0").log(of: .server(0)), "log.txt"),
      (host("host-0").checkpoint(of: .server(0), step: 3), "checkpoint-3.safetensors"),
      (host("host-0").summary(of: .server(0)), "summary.json"),
    ] {
      let limit = try #require(RunDirectory.limit(ofFile: name, in: topology))
      // A file with a hole has any size at no cost.
      #expect(truncate(path, off_t(limit) + 1) == 0)
    }
    let summary = try collect()
    #expect(summary.outcome == .completed && summary.lost == ["server-0"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: result.folder(of: .server(0))).isEmpty)
  }

  @Test func theTableOfFiles() throws {
    func limit(_ name: String) -> Int? { RunDirectory.limit(ofFile: name, in: topology) }
    #expect(limit("summary.json") == 1 << 20 && limit("log.txt") == 64 << 20)
    #expect(limit("metrics.jsonl") == (1 << 20) + 3 * (4096 + 32 * 9))
    #expect(limit("checkpoint-3.safetensors") == 16 + 64 * 1024 && limit("checkpoint-0.safetensors") != nil)
    for name in [
      "", "checkpoint-4.safetensors", "checkpoint-.safetensors", "../summary.json", "topology.yaml", "Log.txt",
    ] {
      #expect(limit(name) == nil, "\(name)")
    }
  }

  /// What a hostile host writes in place of a summary ends nobody's program and gets into no sum.
  @Test(arguments: [
    ("\"step\" : 3", "\"step\" : 9223372036854775807"), ("\"step\" : 3", "\"step\" : -1"),
    ("\"step\" : 3", "\"step\" : 2"),
    ("\"id\" : \"server-0\"", "\"id\" : \"server-1\""), ("\"topology_digest\" : \"", "\"topology_digest\" : \"0"),
    ("\"seed\" : 1", "\"seed\" : 2"),
    ("\"sent\" : {", "\"sent\" : {\"model\": {\"messages\": 9223372036854775807, \"bytes\": 1}"),
    ("\"sent\" : {", "\"sent\" : {\"\\u001b[2J\": {\"messages\": 1, \"bytes\": 1}"),
    ("\"dropped\" : {", "\"dropped\" : {\"worker-0\": {\"late\": -5}"),
    ("\"dropped\" : {", "\"dropped\" : {\"x\": {\"late\": 5}"),
    (
      "\"usage\" : [",
      "\"usage\" : [{\"step\": 3, \"resident_bytes\": 9223372036854775807, \"proportional_bytes\": 1, "
        + "\"processor\": {\"machine\": 0, \"links\": 0, \"network\": 0, \"work\": 0, \"records\": 0}}"
    ),
    ("\"outcome\" : \"completed\"", "\"outcome\" : \"won\""), ("\"outcome\" : \"completed\"", "\"outcome\" : 1"),
    ("\"started_at\" : ", "\"last_step_at\" : 1e308, \"started_at\" : -1e308, \"x\" : "),
    ("\"worker-0\" : 1", "\"worker-0\" : 7"), ("\"worker-0\" : 1", "\"accomplice\" : 1"), ("{", "["),
    ("{", "{\"loss\": 1e301,"),
    ("{", "{\"accuracy\": 1.5,"), ("{", String(repeating: "[", count: 500_000)), ("{", "\u{0}"),
  ])
  func impossibleSummaries(old: String, new: String) throws {
    try leaveAll()
    let path = host("host-0").summary(of: .server(0))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let range = try #require(text.range(of: old), "\(old) is not in \(text)")
    try text.replacingCharacters(in: range, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    let summary = try collect()
    #expect(summary.outcome == .completed && summary.lost == ["server-0"])
    #expect(!exists(result.summary(of: .server(0))))
    #expect(summary.servers[0].step == 3, "its metrics say so")
  }

  @Test func metricsAndModelsAreNotBelievedEither() throws {
    try leaveAll()
    try FileManager.default.removeItem(atPath: host("host-0").summary(of: .worker(0)))
    try Data("{\"step\":9223372036854775807}\n[\n\u{0}\n".utf8).write(
      to: URL(filePath: host("host-0").metrics(of: .worker(0))))
    let model = Vector([.infinity, 1, .nan, 2])
    try Safetensors.write(model, as: topology.model.tensors, to: host("host-0").checkpoint(of: .server(0), step: 3))
    let summary = try collect()
    #expect(summary.outcome == .completed && summary.lost == ["worker-0"] && summary.workers[0].step == 0)
    #expect(summary.modelSpread == nil)
  }

  @Test func logsAreHarmlessOnATerminal() throws {
    let path = "\(folder)/log.txt"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let lines = (0..<9).map { "line \($0) \u{1B}[31m\u{9B}\u{202E}\r\u{2028}é" }.joined(separator: "\n")
    try Data((lines + "\n" + String(repeating: "x", count: 1000)).utf8 + [0xFF]).write(to: URL(filePath: path))
    let text = ChildProcess.lastLines(ofLog: path)
    #expect(
      text.split(separator: "\n").count == 5
        && text.contains("\n    line 8 \u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}é\n"))
    #expect(text.hasSuffix("xxx...") && text.unicodeScalars.count < 700)
    #expect(ChildProcess.lastLines(ofLog: "/nowhere").isEmpty)
  }
}
