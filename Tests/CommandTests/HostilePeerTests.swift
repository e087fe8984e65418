import ByzNumerics
import Foundation
import Testing

extension LaunchTests {
  /// Random bytes and random frames on every port of a running job change nothing but counters.
  @Test func randomBytesChangeNothingButCounters() throws {
    let ports = try (0..<5).map { _ in try HostilePeer.freePort() }
    let nodes = ports.enumerated().map { "{id: server-\($0.offset), address: 'tcp://127.0.0.1:\($0.element)'}" }
    let run = try Running([
      "launch", mnist, "--set", "training.steps=500", "--run-directory", files.path,
      "--set", "servers={byzantine: 1, nodes: [\(nodes.joined(separator: ", "))]}",
    ])
    #expect(run.waits(for: "steps/s"))
    var generator = SeededGenerator(seed: 11)
    for port in ports {
      for _ in 0..<10 { HostilePeer.sendRandomBytes(to: port, count: 4_000, generator: &generator) }
      HostilePeer.sendRandomFrames(to: port, count: 300, generator: &generator)
    }
    let result = try run.wait()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    #expect(summary.outcome == .completed && summary.lost.isEmpty && (summary.accuracy ?? 0) > 0.93)
    let dropped = try #require(summary.messagesDropped["unknown"])
    #expect(dropped.values.reduce(0, +) > 500, "\(dropped)")
  }
}
