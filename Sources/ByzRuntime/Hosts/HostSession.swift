import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation

/// A host's end of the conversation with a launcher, on standard input and output: takes what the nodes need, has them run,
/// and tells what they write.
public final class HostSession {
  private let folder: HostFolder
  private let executable: String
  private var orders = FrameReader<Order>(awaitsGreeting: false)
  private var stream: FolderStream?
  /// The supervisor, if this session has started it, and the pipe by which one that is not detached knows that it is there.
  private var supervisor: (process: ChildProcess, pipe: Int32?)?
  private var hasSaidRunning = false
  private var isStopping = false
  private var lastHeard = MonotonicTime.now

  /// Why the session ends before the nodes.
  private enum Farewell: Error {
    case launcherIsGone
    case refused(String)
  }

  private static let tickMilliseconds: Int32 = 100

  /// - Parameters:
  ///   - folder: the host's part of the run; relative to the user's home.
  ///   - executable: this program.
  public init(folder: String, executable: String) {
    let home = ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory()
    self.folder = HostFolder(path: RunDirectory.absolute(folder.hasPrefix("/") ? folder : "\(home)/\(folder)"))
    self.executable = executable
  }

  /// Serves the launcher until all nodes have ended or the launcher is gone; says whether all is well.
  public func run() -> Bool {
    signal(SIGPIPE, SIG_IGN)
    defer { endAttached() }
    do {
      try write(Array(Frame.greeting.utf8))
      while true {
        try takeOrders()
        if try tellNews() { return true }
      }
    } catch Farewell.refused(let reason) {
      try? tell(.refused(reason))
    } catch {}
    return false
  }

  /// Nodes that are not detached end with the session.
  private func endAttached() {
    guard let supervisor, let pipe = supervisor.pipe else { return }
    close(pipe)
    // It gives the nodes five seconds itself.
    ChildProcess.end([supervisor.process], signal: SIGTERM, patience: 10_000, wake: DispatchSemaphore(value: 0))
    folder.removeKeys()
  }
}

// MARK: - Orders

extension HostSession {
  private func takeOrders() throws {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    if poll(&descriptor, 1, Self.tickMilliseconds) > 0 {
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(STDIN_FILENO, &bytes, bytes.count)
      guard count > 0 else { throw Farewell.launcherIsGone }
      lastHeard = .now
      orders.append(bytes.prefix(count))
      while let (order, bytes) = try orders.next() { try follow(order, bytes) }
    }
    // A link may be cut without a word.
    if MonotonicTime.now.milliseconds - lastHeard.milliseconds > Heartbeat.patience { throw Farewell.launcherIsGone }
  }

  private func follow(_ order: Order, _ bytes: [UInt8]) throws {
    do {
      switch order {
      case .topology:
        try folder.make()
        try Data(bytes).write(to: URL(filePath: folder.directory.topology))
      case .key(let name):
        guard let node = NodeID(name), let key = SecretKey(String(decoding: bytes, as: UTF8.self)) else {
          throw Farewell.refused("the launcher sent something that is no secret key")
        }
        try folder.keys.write(key, of: "\(node)")
      case .start(let names, let isDetached):
        try start(names, isDetached: isDetached)
      case .follow(let names, let lengths):
        guard FileManager.default.fileExists(atPath: folder.path) else {
          throw Farewell.refused("there is no folder \(folder.path): the nodes have not been started")
        }
        try tell(of: names, lengths: lengths)
      case .stop:
        stop()
      case .alive:
        break
      }
    } catch let farewell as Farewell {
      throw farewell
    } catch {
      throw Farewell.refused("\(error)")
    }
  }

  private func tell(of names: [String], lengths: [String: Int]) throws {
    let topology = try Topology(file: folder.directory.topology)
    let nodes = names.compactMap { NodeID($0) }.filter(topology.quorums.contains)
    stream = FolderStream(of: nodes, in: folder.directory, topology, lengths: lengths)
  }

  private func start(_ names: [String], isDetached: Bool) throws {
    try tell(of: names, lengths: [:])
    let arguments = [executable, "host", folder.path, "--supervise"] + (isDetached ? ["--detached"] : []) + names
    let pipe = isDetached ? nil : try PrivatePipe()
    defer { if let pipe { close(pipe.reading) } }
    let process = try ChildProcess(
      "the supervisor", arguments, input: pipe?.reading, errors: folder.log, hasOwnSession: isDetached)
    supervisor = (process, pipe?.writing)
  }

  private func stop() {
    isStopping = true
    if let supervisor {
      supervisor.process.send(signal: SIGTERM)
    } else if let process = folder.lock.holder, process > 0 {
      kill(process, SIGTERM)
    }
  }
}

// MARK: - Accounts

extension HostSession {
  /// Tells what is new; says whether that was the last of it.
  private func tellNews() throws -> Bool {
    guard stream != nil else { return false }
    supervisor?.process.reap()
    // Looked for first: what nodes wrote before their end is there once their supervisor has ended.
    let isOver = supervisor.map { !$0.process.isRunning } ?? (folder.lock.holder == nil)
    let isRunning = folder.supervisor != nil
    try stream?.tellNews { account, bytes in try tell(account, bytes) }
    if isOver {
      folder.removeKeys()
      guard isStopping || access(folder.startedMark, F_OK) == 0 else {
        throw Farewell.refused("its supervisor did not start the nodes:\(ChildProcess.lastLines(ofLog: folder.log))")
      }
      try tell(.over)
      return true
    }
    if isRunning && !hasSaidRunning {
      try tell(.running)
      hasSaidRunning = true
    }
    return false
  }

  private func tell(_ account: Account, _ bytes: [UInt8] = []) throws { try write(Frame.encode(account, bytes)) }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      // A launcher that takes nothing is as good as one that says nothing. So few bytes have room when there is any.
      var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
      let isReady = poll(&descriptor, 1, Int32(Heartbeat.patience))
      if isReady < 0 && errno == EINTR { continue }
      guard isReady > 0, rest.prefix(Int(PIPE_BUF)).withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) else {
        throw Farewell.launcherIsGone
      }
      rest = rest.dropFirst(Int(PIPE_BUF))
    }
  }
}
