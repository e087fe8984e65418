import ByzRuntime
import Foundation
import Testing

/// Runs that go on without their launcher.
@Suite(.serialized) struct FollowTests {
  private func isRunning(_ process: pid_t) -> Bool { kill(process, 0) == 0 }

  /// Follows until nodes are at work, so that their logs are here.
  private func startedFollower(of hosts: Hosts) throws -> Running {
    let follower = try hosts.follow()
    #expect(follower.waits(for: "steps/s"))
    return follower
  }

  @Test func aRunIsFollowedToItsEnd() throws {
    let hosts = try Hosts()
    defer { hosts.cleanUp() }
    let launch = try hosts.launch("--detach").wait()
    #expect(
      launch.status == 0 && launch.output.hasPrefix("byzsgd follow \(hosts.files.path) --ssh "), "\(launch.output)")
    let result = try hosts.follow("--json").wait()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try hosts.files.summary()
    #expect(summary.outcome == .completed && summary.steps == 200 && summary.modelSpread != nil)
    // And again, when there is nothing more to follow.
    let again = try hosts.follow("--json").wait()
    #expect(again.status == 0 && again.output == result.output, "\(again.errors)")
  }

  @Test func theNodesOutliveLauncherAndFollowers() throws {
    let hosts = try Hosts()
    defer { hosts.cleanUp() }
    #expect(try hosts.launch("--detach", "--set", "training.steps=1000000").wait().status == 0)
    let first = try startedFollower(of: hosts)
    let processes = try Hosts.nodes.map { try #require(hosts.files.process(of: $0)) }
    // One follower at a time: two would write the same files.
    let second = try hosts.follow().wait()
    #expect(second.status == 64 && second.errors.contains("is followed already, by the process"), "\(second.errors)")
    kill(first.process.processIdentifier, SIGKILL)
    _ = try first.wait()
    kill(processes[6], SIGKILL)
    let third = try startedFollower(of: hosts)
    #expect(third.waits(for: "worker-1 was ended by signal 9"))
    third.process.interrupt()
    let result = try third.wait()
    #expect(result.status == 130 && result.errors.contains("the nodes go on"), "\(result.errors)")
    #expect(processes.count(where: isRunning) == Hosts.nodes.count - 1)
    #expect(!FileManager.default.fileExists(atPath: "\(hosts.files.path)/summary.json"))

    let stopped = try hosts.follow("--stop").wait()
    #expect(stopped.status == 130, "\(stopped.errors)")
    let summary = try hosts.files.summary()
    #expect(summary.outcome == .interrupted && summary.steps > 0 && summary.lost == ["worker-1"])
    #expect(!processes.contains(where: isRunning))
    #expect(try hosts.follow("--stop", "--json").wait().status == 130)
  }

  /// A copy of somebody else's run directory, with what that somebody would have executed.
  @Test func nothingInARunDirectoryIsExecuted() throws {
    let hosts = try Hosts()
    defer { hosts.cleanUp() }
    #expect(try hosts.launch("--detach").wait().status == 0)
    let path = "\(hosts.files.path)/hosts.json"
    let record = try String(contentsOfFile: path, encoding: .utf8)
    #expect(!record.contains(hosts.ssh) && !record.contains(Program.path))
    for (old, new, message) in [
      ("\"byzsgd-runs/", "\"byzsgd-runs/../", "none in byzsgd-runs"),
      ("\"label\" : \"beta\"", "\"label\" : \"../beta\"", "its hosts are not those of topology.yaml"),
      ("\"name\" : \"beta\"", "\"name\" : \"delta\"", "its hosts are not those of topology.yaml"),
      ("\"worker-3\"", "\"worker-99\"", "its hosts are not those of topology.yaml"),
      ("\"worker-3\"", "\"../worker-3\"", "its hosts are not those of topology.yaml"),
      (
        "\"means\" : \"ssh\"", "\"means\" : {\"ssh\" : {\"command\" : \"touch \(hosts.folder.path)/executed;\"}}",
        "there is no hosts.json that can be read"
      ),
    ] {
      #expect(record.contains(old), "\(old)")
      try record.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
      let result = try hosts.follow().wait()
      #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(hosts.folder.path)/executed"))
    try record.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try hosts.follow().wait().status == 0)
  }

  @Test func aStrangersFolderIsRefused() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run("follow", folder.path)
    #expect(result.status == 64 && result.errors.contains("there is no hosts.json"), "\(result.errors)")
  }
}
