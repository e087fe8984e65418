import ByzProtocol
import CProcess
import Foundation

/// A node's process, started by this one.
final class ChildProcess {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let node: NodeID
  let pid: pid_t
  /// How it ended, as `waitpid` says; nil while it runs.
  private(set) var status: Int32?

  /// Starts `arguments`, the first of which is the program.
  ///
  /// Standard input and output lead nowhere, standard error to the end of the file `errors`. The process is its own
  /// process group: a Ctrl-C at the terminal reaches the starter alone, which passes it on in good order.
  init(_ node: NodeID, _ arguments: [String], errors: String) throws {
    self.node = node
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The starter ignores signals that it handles in its own way; a node starts with none ignored and none blocked.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var pid: pid_t = 0
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let error = posix_spawn(&pid, arguments[0], &actions, &attributes, words, environ)
    guard error == 0 else {
      throw Failure(description: "cannot start \(node): \(String(cString: strerror(error)))")
    }
    self.pid = pid
  }

  var isRunning: Bool { status == nil }

  /// Looks whether the process has ended; never waits.
  func reap() {
    guard isRunning else { return }
    var status: Int32 = 0
    if waitpid(pid, &status, WNOHANG) == pid { self.status = status }
  }

  func send(signal: Int32) {
    if isRunning { Foundation.kill(pid, signal) }
  }

  /// Ends the process for good and waits until it has ended.
  func kill() {
    send(signal: SIGKILL)
    var status: Int32 = 0
    if waitpid(pid, &status, 0) == pid { self.status = status }
  }

  /// The status that the process exited with; nil if it still runs or a signal ended it.
  var exitStatus: Int32? { status.flatMap { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : nil } }

  /// How the process ended, in words.
  var ending: String {
    guard let status else { return "still runs" }
    if let exitStatus { return "ended with exit status \(exitStatus)" }
    let number = status & 0x7F
    return "was ended by signal \(number) (\(String(cString: strsignal(number))))"
  }
}

/// Ties this process to the one that started it, which has the process ID `parent`.
public func dieWithParent(_ parent: Int32) { _ = byz_die_with_parent(parent) }
