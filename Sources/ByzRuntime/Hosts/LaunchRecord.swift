import ByzProtocol
import Foundation

/// How a run on other hosts was launched, as far as its follower needs to know: `hosts.json` in the run directory.
package struct LaunchRecord: Codable {
  package let reach: Reach
  /// The path of byzsgd on the hosts.
  package let program: String
  /// The folder of the run on the hosts, relative to the user's home; each host has one in it.
  package let folder: String
  package let isDetached: Bool
  /// In seconds since 1970.
  package let launchedAt: Double
  package let hosts: [RemoteHost]

  /// - Parameter name: the run's.
  package init(name: String, reach: Reach, program: String, isDetached: Bool, hosts: [RemoteHost]) {
    self.reach = reach
    self.program = program
    // Two runs of a name may begin in the same second.
    let mark = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    folder = "byzsgd-runs/\(name)-\(RunDirectory.timestamp())-\(mark)"
    self.isDetached = isDetached
    launchedAt = Date().timeIntervalSince1970
    self.hosts = hosts
  }

  /// The command that serves this run on `host`, started from here, and how it is shown.
  func command(for host: RemoteHost) -> (words: [String], shown: String) {
    let words = [program, "host", "\(folder)/\(host.label)"]
    return (reach.command(words, on: host.name), reach.shownCommand(words, on: host.name))
  }
}

extension RunDirectory {
  var hosts: String { "\(path)/hosts.json" }
  /// What the connection to a host has to say.
  func log(of host: RemoteHost) -> String { "\(path)/hosts/\(host.label).log" }
  /// Held by whoever brings the hosts' files here.
  var followerLock: FileLock { FileLock(path: "\(path)/hosts/follower.lock") }

  func write(_ record: LaunchRecord) throws {
    if let reason = makeFolders(Self.absolute("\(path)/hosts")) {
      throw Failure(description: "cannot write the run directory \(path): \(reason)")
    }
    try JSON.write(record, to: hosts)
  }

  /// How the run here was launched.
  ///
  /// - Throws: `Failure` if it was not launched on other hosts.
  package func readLaunchRecord() throws(Failure) -> LaunchRecord {
    guard let data = FileManager.default.contents(atPath: hosts),
      let record = try? JSON.value(LaunchRecord.self, in: data)
    else {
      throw Failure(
        description:
          "\(Self.shown(path)) is not the directory of a run on other hosts: there is no hosts.json that can be "
          + "read. Name one that launch --over ssh --detach has written")
    }
    return record
  }
}
