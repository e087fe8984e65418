import ByzProtocol
import ByzTopology
import Foundation
import Testing

@testable import ByzRuntime

/// A launcher's patience with what reaches a host.
@Suite final class HostLinkTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"
  private let greeting = #"printf '\nbyzsgd host 1\n'"#

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func link(_ script: String, orders: [UInt8] = []) throws -> HostLink {
    signal(SIGPIPE, SIG_IGN)
    let topology = try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 2}
        training: {steps: 3}
        servers: {count: 1, byzantine: 0}
        workers: {count: 1, byzantine: 0}
        """, file: "test.yaml")
    let files = HostFiles(of: [.server(0)], in: RunDirectory(path: folder), topology)
    return try HostLink(
      RemoteHost(name: "a", label: "a", nodes: [.server(0)]), command: (["/bin/sh", "-c", script], "ssh a"),
      orders: orders, files: files, log: "\(folder)/a.log")
  }

  /// Lets the link work until `isEnough`, for ten seconds at most.
  private func work(_ link: HostLink, until isEnough: () -> Bool) {
    let deadline = MonotonicTime.now.milliseconds + 10_000
    while !isEnough() && MonotonicTime.now.milliseconds < deadline {
      var interests = link.interests
      poll(&interests, nfds_t(interests.count), 20)
      link.work()
    }
  }

  /// Longer than a host may take to answer.
  private var muchLater: MonotonicTime {
    MonotonicTime(milliseconds: MonotonicTime.now.milliseconds + Heartbeat.patience + 1)
  }

  private func end(_ link: HostLink) {
    link.leave()
    link.process.kill()
  }

  @Test(arguments: [
    ("exec sleep 60", HostLink.State.connecting, "it did not answer within 60 s (ssh a)"),
    (
      #"printf '\nbyzsgd host 1\n'; exec sleep 60"#, .working,
      "it did not say that its nodes run within 60 s (ssh a)"
    ),
  ]) func aSilentHostIsLost(script: String, state: HostLink.State, reason: String) throws {
    let link = try link(script)
    defer { end(link) }
    work(link) { link.state == state }
    #expect(link.state == state)
    link.work(at: muchLater)
    #expect(link.state == .lost(reason))
  }

  @Test func aHostWhoseNodesRunMayBeSilent() throws {
    let frame = try Frame.encode(Account.running).map { "\\" + String($0, radix: 8) }.joined()
    let link = try link("\(greeting); printf '\(frame)'; exec sleep 60")
    defer { end(link) }
    work(link) { link.state == .running }
    link.work(at: muchLater)
    #expect(link.state == .running)
  }

  /// Nothing is said to it any more, and it is not asked for room over and over; what it says is heard.
  @Test func aHostThatDoesNotHearIsHeard() throws {
    let link = try link("exec <&-; \(greeting); exec sleep 60", orders: [UInt8](repeating: 0, count: 100_000))
    defer { end(link) }
    work(link) { link.state == .working && link.interests.count == 2 }
    link.stop()
    var interests = link.interests
    #expect(link.state == .working && interests.count == 2 && poll(&interests, 2, 0) == 0)
    link.process.kill()
    work(link) { !link.isOpen }
    #expect(!link.isOpen)
  }
}
