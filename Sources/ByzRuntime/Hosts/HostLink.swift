import ByzProtocol
import ByzTopology
import Foundation

/// A launcher's end of the conversation with a host: the process that reaches it, what is still to be said to it, and the
/// files that it tells of.
final class HostLink {
  enum State: Equatable {
    /// Nothing that makes sense has come yet.
    case connecting
    /// The host answers.
    case working
    /// All nodes run, and everything that they had written is here.
    case running
    /// All nodes have ended, and everything that they wrote is here.
    case over
    /// The host was not reached, or was cut off, for this reason.
    case lost(String)
  }

  let host: RemoteHost
  private(set) var state = State.connecting
  private(set) var files: HostFiles
  private let shownCommand: String
  private let log: ErrorLog
  /// What reaches the host.
  let process: ChildProcess
  private let input: Int32
  private let output: Int32
  private var accounts = FrameReader<Account>(awaitsGreeting: true)
  /// What the host is told once it has said what it is, and what of it has not got into the pipe yet.
  private var outbox: [UInt8]
  /// Whether the host has closed the end from which it hears.
  private var isDeaf = false
  /// Since when the host has been asked for what it does not do yet: first for an answer, then for running its nodes.
  private var askedAt = MonotonicTime.now
  private var lastSaid = MonotonicTime.now

  /// Starts to reach a host.
  ///
  /// - Parameters:
  ///   - command: what reaches it, and how that is shown.
  ///   - orders: what it is told first, as frames.
  ///   - files: where what it tells is written.
  ///   - log: where the command's standard error goes.
  init(
    _ host: RemoteHost, command: (words: [String], shown: String), orders: [UInt8], files: HostFiles, log: String
  ) throws {
    self.host = host
    shownCommand = command.shown
    self.files = files
    self.log = try ErrorLog(path: log)
    outbox = orders
    let (toHost, fromHost) = (try PrivatePipe(), try PrivatePipe())
    (input, output) = (toHost.writing, fromHost.reading)
    for descriptor in [input, output] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    defer {
      close(toHost.reading)
      close(fromHost.writing)
    }
    process = try ChildProcess(
      "what reaches \(host.name)", command.words, input: toHost.reading, output: fromHost.writing,
      errorOutput: self.log.writing)
    close(self.log.writing)
  }

  /// Whether more can come.
  var isOpen: Bool {
    switch state {
    case .connecting, .working, .running: true
    case .over, .lost: false
    }
  }

  /// What to wait for: what the host says, and room to say more to it.
  var interests: [pollfd] {
    guard isOpen else { return [] }
    let reading = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
    let writing = pollfd(fd: input, events: Int16(POLLOUT), revents: 0)
    let errors = pollfd(fd: log.reading, events: Int16(POLLIN), revents: 0)
    return [reading] + (log.isOpen ? [errors] : []) + (accounts.awaitsGreeting || outbox.isEmpty ? [] : [writing])
  }

  /// Tells the host to end its nodes.
  func stop() { say(.stop) }

  private func say(_ order: Order) {
    // Encoding these cannot fail; if it did, the host would hear nothing and end by itself.
    if isOpen && !isDeaf { outbox += (try? Frame.encode(order)) ?? [] }
  }

  /// Gives up the link; what the host does then is its own affair.
  func leave() {
    if isOpen { lose("the connection was given up") }
  }

  private func lose(_ reason: String) {
    disconnect()
    state = .lost(reason)
  }

  /// Has what reaches the host end by itself.
  private func disconnect() {
    close(input)
    close(output)
    log.end()
  }
}

// MARK: - What comes and goes

extension HostLink {
  /// Reads and writes what can be without waiting.
  func work(at now: MonotonicTime = .now) {
    guard isOpen else { return }
    log.work()
    beat(at: now)
    guard isOpen else { return }
    do {
      if try !read() { return lose(ending) }
    } catch {
      return lose("\(error); it was cut off")
    }
    if isOpen && !accounts.awaitsGreeting { write() }
  }

  private func beat(at now: MonotonicTime) {
    if state == .connecting || state == .working, now.milliseconds - askedAt.milliseconds > Heartbeat.patience {
      let missing = state == .connecting ? "answer" : "say that its nodes run"
      return lose("it did not \(missing) within \(Heartbeat.patience / 1000) s (\(shownCommand))")
    }
    if now.milliseconds - lastSaid.milliseconds >= Heartbeat.milliseconds {
      lastSaid = now
      say(.alive)
    }
  }

  /// Takes a piece of what has come; false if nothing more will come.
  private func read() throws -> Bool {
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = Glibc.read(output, &bytes, bytes.count)
    guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
    accounts.append(bytes.prefix(count))
    while isOpen, let (account, bytes) = try accounts.next() { try note(account, bytes) }
    if state == .connecting && !accounts.awaitsGreeting {
      state = .working
      askedAt = .now
    }
    return true
  }

  private func note(_ account: Account, _ bytes: [UInt8]) throws {
    switch account {
    case .piece(let node, let file, let offset): try files.write(bytes, node: node, file: file, offset: offset)
    case .running: state = .running
    case .refused(let reason):
      lose("it says: \(reason.split(separator: "\n").prefix(10).map { String($0).harmless }.joined(separator: "\n"))")
    case .over:
      disconnect()
      state = .over
    }
  }

  private func write() {
    guard !outbox.isEmpty else { return }
    let count = outbox.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
    if count > 0 {
      outbox.removeFirst(count)
    } else if count < 0 && errno != EAGAIN && errno != EINTR {
      // What the host still has to say is read all the same; its end is noticed there.
      isDeaf = true
      outbox = []
    }
  }

  /// Why nothing more comes.
  private var ending: String {
    process.wait(atMostMilliseconds: 1_000)
    log.work()
    return "\(shownCommand) \(process.ending)\(ChildProcess.lastLines(ofLog: log.path))"
  }
}
