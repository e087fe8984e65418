import ByzProtocol
import ByzTopology
import Foundation

/// How a run on other hosts was launched, as far as its follower needs to know: `hosts.json` in the run directory.
///
/// A run directory may be a copy of somebody else's. Nothing in it says what to execute, here or on the hosts.
package struct LaunchRecord: Codable {
  package let means: Reach.Means
  /// The folder of the run on the hosts, relative to the user's home; each host has one in it.
  package let folder: String
  package let isDetached: Bool
  /// In seconds since 1970.
  package let launchedAt: Double
  package let hosts: [RemoteHost]

  /// - Parameter name: the run's.
  package init(name: String, means: Reach.Means, isDetached: Bool, hosts: [RemoteHost]) {
    self.means = means
    // Two runs of a name may begin in the same second.
    let mark = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    folder = "\(Self.parent)/\(name)-\(RunDirectory.timestamp())-\(mark)"
    self.isDetached = isDetached
    launchedAt = Date().timeIntervalSince1970
    self.hosts = hosts
  }

  /// Where runs lie on a host.
  private static let parent = "byzsgd-runs"

  /// What in this record cannot be of a run of `topology`; nil if nothing is amiss.
  package func objection(in topology: Topology) -> String? {
    let parts = folder.split(separator: "/", omittingEmptySubsequences: false)
    let isFolder = parts.count == 2 && parts[0] == Self.parent && RemoteHost.isFileName(parts[1])
    if !isFolder { return "its folder '\(folder.harmless)' is none in \(Self.parent)" }
    // With them their labels, which name files, and their nodes.
    if hosts != (try? topology.hosts()) { return "its hosts are not those of topology.yaml" }
    return abs(launchedAt) < 1e12 ? nil : "its time"
  }
}

/// What serves runs on hosts, and how it is started from here.
package struct HostProgram {
  let reach: Reach
  /// The path of byzsgd on the hosts.
  let path: String

  package init(path: String, over reach: Reach) {
    self.path = path
    self.reach = reach
  }

  /// The command that serves the run of `record` on `host`, and how it is shown.
  func command(for host: RemoteHost, of record: LaunchRecord) -> (words: [String], shown: String) {
    let words = [path, "host", "\(record.folder)/\(host.label)"]
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
