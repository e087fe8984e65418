import ByzProtocol
import Foundation

/// The process on a host that runs its nodes: starts them, writes down how each ended, and ends with the last.
public struct Supervisor {
  private let folder: HostFolder
  private let nodes: [NodeID]
  private let executable: String
  private let isDetached: Bool

  /// - Parameters:
  ///   - folder: the host's part of the run, from the root on.
  ///   - nodes: those that run here.
  ///   - executable: the program whose `node` command runs a node.
  ///   - isDetached: whether the nodes go on when standard input ends.
  public init(folder: String, nodes: [NodeID], executable: String, isDetached: Bool) {
    self.folder = HostFolder(path: folder)
    self.nodes = nodes
    self.executable = executable
    self.isDetached = isDetached
  }

  /// Runs the nodes to their ends, or until it is asked to end them.
  ///
  /// - Precondition: called on the main thread, whose end, too, would end the nodes.
  public func run() throws {
    guard try folder.lock.take() else {
      throw RunDirectory.Failure(description: "the nodes in \(folder.path) run already")
    }
    let wake = DispatchSemaphore(value: 0)
    let interruption = Interruption(isDeafToHangup: isDetached) { wake.signal() }
    let childWatch = ChildProcess.watchEndings { wake.signal() }
    let starter = isDetached ? nil : watchStarter()
    defer {
      interruption.cancel()
      childWatch.cancel()
      starter?.cancel()
      folder.removeKeys()
    }
    let keys = FileManager.default.fileExists(atPath: folder.keys.path) ? folder.keys.path : nil
    var children: [NodeID: ChildProcess] = [:]
    for node in nodes {
      try folder.directory.makeFolder(of: node)
      children[node] = try .node(node, executable: executable, directory: folder.directory, keys: keys)
    }
    try Data().write(to: URL(filePath: folder.startedMark))
    while !children.isEmpty {
      if interruption.isRaised {
        ChildProcess.end(Array(children.values), signal: SIGTERM, patience: 5_000, wake: wake)
      } else {
        _ = wake.wait(timeout: .now() + .milliseconds(Display.refreshMilliseconds))
      }
      for (node, child) in children {
        child.reap()
        guard let ending = child.nodeEnding else { continue }
        // A full disk must not keep the others' ends from being noticed.
        try? Data(ending.text.utf8).write(to: URL(filePath: folder.directory.ending(of: node)), options: .atomic)
        children[node] = nil
      }
    }
  }

  /// Takes the end of standard input, which its starter holds open, for a request to end.
  private func watchStarter() -> any DispatchSourceRead {
    let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
    source.setEventHandler {
      kill(getpid(), SIGTERM)
      // An end stays one: the handler would be called again and again.
      source.cancel()
    }
    source.resume()
    return source
  }
}
