import ByzProtocol
import ByzTopology
import ByzTransport
import Foundation

/// A folder for the sockets of a local run, which nobody but this user can open.
///
/// It does not lie in the run directory, because a socket's path has at most 107 bytes.
package struct SocketFolder {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package let path: String

  /// The folder in memory, where nodes can share vectors, and the one for temporary files.
  private static let parents = ["/dev/shm", "/tmp"]

  package init() throws {
    Self.removeOrphans()
    for parent in Self.parents {
      var template = Array("\(parent)/byzsgd-\(getpid())-XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { continue }
      path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
      // Only in memory: vectors change a hundred times a second and no disk should hear of it.
      if parent == "/dev/shm" { Transport.shareVectors(besideSocketsIn: path) }
      return
    }
    throw Failure(description: "cannot make a folder for sockets in /tmp: \(String(cString: strerror(errno)))")
  }

  /// An address for every server to which the topology gives none.
  func addresses(for topology: Topology) -> [NodeID: String] {
    let homeless = topology.quorums.serverIDs.filter { topology.nodes[$0]?.address == nil }
    return Dictionary(uniqueKeysWithValues: homeless.map { ($0, "ipc://\(path)/\($0)") })
  }

  /// Removes what launchers have left that were killed: the folders named after processes that are no more. Those of other
  /// users stay; they cannot be removed.
  private static func removeOrphans() {
    for parent in parents {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix("byzsgd-") {
        let parts = name.split(separator: "-")
        guard parts.count == 3, let launcher = pid_t(parts[1]), kill(launcher, 0) != 0, errno == ESRCH else { continue }
        try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
      }
    }
  }

  package func remove() { try? FileManager.default.removeItem(atPath: path) }
}
