import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTransport
import Foundation
import Testing

@testable import ByzRuntime

/// How a run ends while its nodes do, of which a few may say anything.
@Suite final class JudgementTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"
  private let directory: RunDirectory
  private let start = MonotonicTime.now
  /// Longer than others are waited for once the run is completed.
  private let longWait = 11_000

  init() { directory = RunDirectory(path: folder) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func topology(byzantine: Int = 1, faults: String = "{}") throws -> Topology {
    try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 2}
        training: {steps: 3}
        servers: {count: 5, byzantine: \(byzantine)}
        workers: {count: 4, byzantine: \(byzantine)}
        quorum: {linger_ms: 300}
        faults: \(faults)
        """, file: "test.yaml")
  }

  /// Writes the summaries of nodes that ended so; gives the ends of their processes.
  private func end(_ nodes: [NodeID], _ outcome: Outcome, in topology: Topology) throws -> [NodeID: NodeEnding] {
    for node in nodes {
      let record = try NodeRecord(of: node, in: topology, directory: directory)
      if outcome == .completed {
        try record.note(
          node.role == .server
            ? .updated(step: 3, parameters: Vector([1, 2]), contributors: [.worker(0)], selected: [.worker(0)])
            : .estimated(step: 2, loss: 1, contributors: [.server(0)]))
      }
      _ = try record.finish(outcome, reason: "so says \(node)", traffic: TrafficCounters())
    }
    return Dictionary(uniqueKeysWithValues: nodes.map { ($0, .exited(outcome == .completed ? 0 : 1)) })
  }

  private func later(_ milliseconds: Int) -> MonotonicTime {
    MonotonicTime(milliseconds: start.milliseconds + milliseconds)
  }

  private let servers = (0..<5).map { NodeID.server($0) }
  private let workers = (0..<4).map { NodeID.worker($0) }

  @Test func aSingleNodeCompletesNoRun() throws {
    let topology = try topology()
    var judgement = Judgement(of: topology, in: directory)
    var endings = try end([.server(2), .worker(1)], .completed, in: topology)
    #expect(judgement.note(endings, at: 1, now: start).isEmpty)
    #expect(judgement.note(endings, at: 1, now: later(100 * longWait)).isEmpty && judgement.verdict() == nil)
    endings.merge(try end(servers + workers, .completed, in: topology)) { $1 }
    #expect(judgement.note(endings, at: 3, now: later(101 * longWait)).isEmpty)
    #expect(judgement.verdict()?.outcome == .completed && judgement.lost(.completed).isEmpty)
  }

  @Test func aSingleNodeThatDivergedIsLost() throws {
    let topology = try topology()
    var judgement = Judgement(of: topology, in: directory)
    var endings = try end([.server(2), .worker(1)], .diverged, in: topology)
    #expect(judgement.note(endings, at: 1).count == 2 && judgement.verdict() == nil)
    let others = (servers + workers).filter { endings[$0] == nil }
    endings.merge(try end(others, .completed, in: topology)) { $1 }
    _ = judgement.note(endings, at: 3)
    #expect(judgement.verdict()?.outcome == .completed)
    #expect(judgement.lost(.completed) == [.server(2), .worker(1)])
  }

  @Test func moreThatDivergedAreBelieved() throws {
    // Faulty ones may say what they like.
    let topology = try topology(faults: "{server-4: zero}")
    var judgement = Judgement(of: topology, in: directory)
    var endings = try end([.server(4), .server(2)], .diverged, in: topology)
    _ = judgement.note(endings, at: 1)
    #expect(judgement.verdict() == nil)
    endings.merge(try end([.server(1)], .diverged, in: topology)) { $1 }
    _ = judgement.note(endings, at: 1)
    #expect(judgement.verdict()?.outcome == .diverged && judgement.lost(.diverged).isEmpty)
    #expect(judgement.verdict()?.reasons == ["server-1: so says server-1"])
  }

  @Test func whereNobodyIsByzantineOneSuffices() throws {
    let topology = try topology(byzantine: 0)
    var judgement = Judgement(of: topology, in: directory)
    _ = judgement.note(try end([.worker(2)], .diverged, in: topology), at: 1)
    #expect(judgement.verdict()?.outcome == .diverged)
  }

  @Test func silentNodesAreLostInTheEnd() throws {
    let topology = try topology()
    var judgement = Judgement(of: topology, in: directory)
    let endings = try end(Array(servers.dropLast() + workers.dropLast()), .completed, in: topology)
    #expect(judgement.note(endings, at: 3, now: start).isEmpty)
    #expect(judgement.note(endings, at: 3, now: later(10_000)).isEmpty && judgement.verdict() == nil)
    #expect(
      judgement.note(endings, at: 3, now: later(longWait)) == [
        "server-4 counts as lost: others completed the run 10 s ago",
        "worker-3 counts as lost: others completed the run 10 s ago",
      ])
    #expect(judgement.verdict()?.outcome == .completed && judgement.lost(.completed) == [.server(4), .worker(3)])
  }

  @Test func moreSilentNodesAreAFailure() throws {
    let topology = try topology()
    var judgement = Judgement(of: topology, in: directory)
    let endings = try end(Array(servers.prefix(3) + workers), .completed, in: topology)
    _ = judgement.note(endings, at: 3, now: start)
    _ = judgement.note(endings, at: 3, now: later(longWait))
    #expect(judgement.verdict()?.outcome == .failed)
    #expect(judgement.verdict()?.reasons.first?.hasPrefix("lost server-3, server-4: more servers than the 1") == true)
  }
}
