import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation

/// Nodes as processes of this machine. They are the launcher's own: whatever becomes of it, none is left.
package final class LocalCrew: Crew {
  /// The run, with an address for every server.
  let topology: Topology
  private let directory: RunDirectory
  private let executable: String
  private let keys: KeyFolder?
  private let sockets: SocketFolder
  private let wake = DispatchSemaphore(value: 0)
  private let childWatch: any DispatchSourceSignal
  private var children: [NodeID: ChildProcess] = [:]

  /// - Parameters:
  ///   - topology: servers without an address get one that only this user can connect to.
  ///   - executable: the program whose `node` command runs a node.
  ///   - keys: the nodes' secret keys, where links are protected.
  init(_ topology: Topology, in directory: RunDirectory, executable: String, keys: KeyFolder? = nil) throws {
    sockets = try SocketFolder()
    self.topology = topology.placing(sockets.addresses(for: topology))
    self.directory = directory
    self.executable = executable
    self.keys = keys
    childWatch = ChildProcess.watchEndings { [wake] in wake.signal() }
  }

  package var waker: @Sendable () -> Void { { [wake] in wake.signal() } }

  /// - Precondition: called on the main thread, whose end, too, would end the nodes.
  package func start() throws {
    for node in topology.quorums.nodeIDs {
      children[node] = try ChildProcess.node(node, executable: executable, directory: directory, keys: keys?.path)
    }
  }

  package var endings: [NodeID: NodeEnding] { children.compactMapValues(\.nodeEnding) }

  package func wait(milliseconds: Int) {
    _ = wake.wait(timeout: .now() + .milliseconds(milliseconds))
    for child in children.values { child.reap() }
  }

  package func stop(isUrgent: Bool) {
    ChildProcess.end(Array(children.values), signal: isUrgent ? SIGKILL : SIGTERM, patience: 5_000, wake: wake)
    childWatch.cancel()
    sockets.remove()
  }
}

extension ChildProcess {
  /// Starts `node` of the run in `directory`.
  ///
  /// - Parameter keys: the folder with its secret key.
  static func node(
    _ node: NodeID, executable: String, directory: RunDirectory, keys: String? = nil
  ) throws -> ChildProcess {
    let arguments =
      [
        executable, "node", "\(node)", directory.topology, "--run-directory", directory.path, "--quiet",
        "--launched-by", "\(getpid())",
      ] + (keys.map { ["--keys", $0] } ?? [])
    return try ChildProcess("\(node)", arguments, errors: directory.log(of: node))
  }
}
