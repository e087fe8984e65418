import ByzProtocol
import ByzTopology
import Foundation

/// A folder for the sockets of a local run, which nobody but this user can open.
///
/// It lies in the folder for temporary files and not in the run directory, because a socket's path has at most 107 bytes.
package struct SocketFolder {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package let path: String

  package init() throws {
    Self.removeOrphans()
    var template = Array("/tmp/byzsgd-\(getpid())-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Failure(description: "cannot make a folder for sockets in /tmp: \(String(cString: strerror(errno)))")
    }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// An address for every server to which the topology gives none.
  func addresses(for topology: Topology) -> [NodeID: String] {
    let homeless = topology.quorums.serverIDs.filter { topology.nodes[$0]?.address == nil }
    return Dictionary(uniqueKeysWithValues: homeless.map { ($0, "ipc://\(path)/\($0)") })
  }

  /// Removes what launchers have left that were killed: the folders named after processes that are no more. Those of other
  /// users stay; they cannot be removed.
  private static func removeOrphans() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    for name in names where name.hasPrefix("byzsgd-") {
      let parts = name.split(separator: "-")
      guard parts.count == 3, let launcher = pid_t(parts[1]), kill(launcher, 0) != 0, errno == ESRCH else { continue }
      try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
    }
  }

  package func remove() { try? FileManager.default.removeItem(atPath: path) }
}
