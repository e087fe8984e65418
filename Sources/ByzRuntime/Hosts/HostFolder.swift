import ByzKeys
import ByzProtocol
import Foundation

/// Where a host keeps its part of a run: a run directory, and beside it what its supervisor needs.
struct HostFolder {
  /// From the root on.
  let path: String

  var directory: RunDirectory { RunDirectory(path: path) }
  var keys: KeyFolder { KeyFolder(path: "\(path)/keys") }
  /// Held by the supervisor while it lives.
  var lock: FileLock { FileLock(path: "\(path)/supervisor.lock") }
  /// There once all nodes have been started.
  var startedMark: String { "\(path)/started" }
  /// What keeps the supervisor from its work.
  var log: String { "\(path)/supervisor.log" }

  /// The process that runs the nodes, from the time on when all have been started; nil if there is none.
  var supervisor: pid_t? { access(startedMark, F_OK) == 0 ? lock.holder : nil }

  /// Makes the folder, which must be new, for its owner alone.
  func make() throws(RunDirectory.Failure) {
    let parent = path.split(separator: "/").dropLast().joined(separator: "/")
    var reason = makeFolders("/\(parent)")
    if reason == nil && mkdir(path, 0o700) != 0 { reason = String(cString: strerror(errno)) }
    if let reason { throw RunDirectory.Failure(description: "cannot make the folder \(path): \(reason)") }
  }

  /// Removes the secret keys, once no node needs them any more.
  func removeKeys() { try? FileManager.default.removeItem(atPath: keys.path) }
}
