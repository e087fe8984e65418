import ByzRuntime
import Foundation
import Testing

/// `byzsgd collect`, on what a real run has left.
@Suite(.serialized) struct CollectTests {
  let quadratic = "\(Program.root)/topologies/quadratic.yaml"
  let folder: TemporaryFolder
  let options = ["--set", "training.steps=20", "--set", "faults={}"]

  init() throws { folder = try TemporaryFolder() }

  private func host(_ index: Int) -> String { "\(folder.path)/host-\(index)" }

  private func collect(_ hosts: [String], _ arguments: String...) throws -> Program.Result {
    try Running(["collect", quadratic] + hosts + options + ["--run-directory", "\(folder.path)/whole"] + arguments)
      .wait()
  }

  /// Makes a run and leaves of it what three hosts would have, with node k of each role on host k modulo 3.
  private func run() throws -> RunSummary {
    let whole = "\(folder.path)/launched"
    let result = try Running(["launch", quadratic, "--quiet", "--run-directory", whole] + options).wait()
    #expect(result.status == 0, "\(result.errors)")
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(whole)/nodes") {
      let index = Int(name.split(separator: "-")[1]) ?? 0
      try FileManager.default.createDirectory(atPath: "\(host(index % 3))/nodes", withIntermediateDirectories: true)
      try FileManager.default.moveItem(atPath: "\(whole)/nodes/\(name)", toPath: "\(host(index % 3))/nodes/\(name)")
    }
    return try RunFiles(path: whole).summary()
  }

  @Test func theSummaryIsThatOfTheRun() throws {
    let launched = try run()
    let result = try collect((0..<3).map(host))
    #expect(result.status == 0 && result.output.hasPrefix("completed: 20 steps in "), "\(result.errors)")
    let collected = try RunFiles(path: "\(folder.path)/whole").summary()
    #expect(collected.loss == launched.loss && collected.modelSpread == launched.modelSpread)
    #expect(collected.wallSeconds == launched.wallSeconds && collected.messagesSent == launched.messagesSent)
    #expect(collected.topologyDigest == launched.topologyDigest && collected.lost.isEmpty)
    // A second time it would overwrite that.
    let again = try collect((0..<3).map(host))
    #expect(again.status == 64 && again.errors.contains("there is something in it already"))
  }

  @Test func aHostThatDoesNotAnswer() throws {
    _ = try run()
    // Two servers and a few workers are on each, of which one and two may be Byzantine.
    let result = try collect([host(0), host(2)], "--json")
    #expect(result.status == 1)
    let summary = try RunFiles(path: "\(folder.path)/whole").summary()
    #expect(summary.outcome == .failed && summary.lost.contains("server-1") && summary.lost.contains("worker-1"))
    #expect(
      result.output.contains("\"outcome\" : \"failed\"")
        && result.errors.contains("server-1: in none of the directories"))
  }

  @Test func terminalsAreSafe() throws {
    _ = try run()
    let node = "\(host(0))/nodes/server-0"
    try FileManager.default.removeItem(atPath: "\(node)/summary.json")
    try Data("\u{1B}]0;gotcha\u{7}\u{1B}[2J\n".utf8).write(to: URL(filePath: "\(node)/log.txt"))
    try Data().write(to: URL(filePath: "\(node)/\u{1B}[2Jx"))
    let result = try collect((0..<3).map(host))
    #expect(result.status == 0 && result.errors.contains("server-0: no summary of its own; the last lines of its log:"))
    #expect(!(result.errors + result.output).contains("\u{1B}") && !result.errors.contains("\u{7}"))
    #expect(result.output.contains("lost: server-0"))
  }

  @Test func wrongUsage() throws {
    _ = try run()
    for (hosts, message) in [
      ([], "Missing expected argument '<directories> ...'"),
      ([host(0), host(0)], "server-0 is in \(host(0)) and in \(host(0))"),
      (["/nowhere"], "/nowhere is no run directory: its folder nodes cannot be read: No such file"),
      (["\(host(0))/nodes"], "is no run directory"),
      ([quadratic], "is no run directory"),
    ] {
      let result = try collect(hosts)
      #expect(result.status == 64 && result.output.isEmpty && result.errors.contains(message), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/whole"))
    }
    let other = try Running(["collect", "/nowhere/t.yaml", host(0)]).wait()
    #expect(other.status == 64 && other.errors.contains("cannot read /nowhere/t.yaml"))
  }

  /// Nodes that ran another topology were not in this run, however they fared.
  @Test func anotherTopology() throws {
    _ = try run()
    let result = try collect((0..<3).map(host), "--set", "training.batch=3")
    #expect(result.status == 1 && result.errors.contains("it cannot be right: it is of a run of another topology"))
  }
}
