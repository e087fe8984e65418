import CProcess
import Foundation

/// A process that this one started: a node of a run, or a run of a sweep.
package final class ChildProcess {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package let pid: pid_t
  /// How it ended, as `waitpid` says; nil while it runs.
  private(set) var status: Int32?

  /// Starts `arguments`, the first of which is the program.
  ///
  /// The process is its own process group: a Ctrl-C at the terminal reaches the starter alone, which passes it on in good
  /// order.
  ///
  /// - Parameters:
  ///   - name: what it is, for messages.
  ///   - input: what it reads as its standard input; nothing if left out.
  ///   - output: what its standard output leads to; nowhere if left out.
  ///   - errors: the file at whose end its standard error goes.
  ///   - errorOutput: what its standard error leads to instead.
  ///   - hasOwnSession: whether it goes on when the session ends in which the starter is.
  package init(
    _ name: String, _ arguments: [String], input: Int32? = nil, output: Int32? = nil, errors: String = "/dev/null",
    errorOutput: Int32? = nil, hasOwnSession: Bool = false
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let ends = [
      (STDIN_FILENO, input, "/dev/null"), (STDOUT_FILENO, output, "/dev/null"), (STDERR_FILENO, errorOutput, errors),
    ]
    for (descriptor, source, file) in ends {
      if let source {
        posix_spawn_file_actions_adddup2(&actions, source, descriptor)
      } else {
        let mode = descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, descriptor, file, mode, 0o644)
      }
    }
    // A process that outlives its starter must not hold what somebody waits for to be closed.
    byz_add_close_others(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The starter ignores signals that it handles in its own way; a child starts with none ignored and none blocked.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      (hasOwnSession ? byz_spawn_setsid : Int16(POSIX_SPAWN_SETPGROUP))
        | Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var pid: pid_t = 0
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let error = posix_spawnp(&pid, arguments[0], &actions, &attributes, words, environ)
    guard error == 0 else {
      throw Failure(description: "cannot start \(name): \(String(cString: strerror(error)))")
    }
    self.pid = pid
  }

  package var isRunning: Bool { status == nil }

  /// Looks whether the process has ended; never waits.
  package func reap() {
    guard isRunning else { return }
    var status: Int32 = 0
    if waitpid(pid, &status, WNOHANG) == pid { self.status = status }
  }

  /// Waits for the process's end, but no longer than that.
  func wait(atMostMilliseconds patience: Int) {
    let deadline = MonotonicTime.now.milliseconds + patience
    reap()
    while isRunning && MonotonicTime.now.milliseconds < deadline {
      usleep(10_000)
      reap()
    }
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

  /// How the process ended; nil while it runs.
  var nodeEnding: NodeEnding? { status.map(NodeEnding.init(waitStatus:)) }

  /// How the process ended, in words.
  package var ending: String { nodeEnding?.description ?? "still runs" }
}

extension ChildProcess {
  /// Calls `handle`, on any thread, whenever a child has ended, until the source is cancelled.
  package static func watchEndings(_ handle: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
    let source = DispatchSource.makeSignalSource(signal: SIGCHLD, queue: .global())
    source.setEventHandler(handler: handle)
    source.resume()
    return source
  }

  /// Ends those of `children` that still run: with `signal`, and with SIGKILL if that is not enough for long.
  ///
  /// - Parameters:
  ///   - patience: for how many milliseconds they may take their time.
  ///   - wake: is signalled when one has ended.
  package static func end(
    _ children: [ChildProcess], signal: Int32, patience: Int, wake: DispatchSemaphore
  ) {
    for child in children {
      child.send(signal: signal)
      // A stopped process hears only once it goes on.
      child.send(signal: SIGCONT)
    }
    let deadline = MonotonicTime(milliseconds: MonotonicTime.now.milliseconds + patience)
    while children.contains(where: \.isRunning) && MonotonicTime.now < deadline {
      _ = wake.wait(timeout: .now() + .milliseconds(Display.refreshMilliseconds))
      for child in children { child.reap() }
    }
    for child in children where child.isRunning { child.kill() }
  }

  /// The last five lines of the log at `path`, each on an indented line of its own behind a line feed, fit for a terminal.
  package static func lastLines(ofLog path: String) -> String {
    guard let file = FileHandle(forReadingAtPath: path) else { return "" }
    defer { try? file.close() }
    // Somebody else may have written the log, and made its lines as long as it pleased.
    let longest: UInt64 = 1 << 16
    let end = (try? file.seekToEnd()) ?? 0
    guard (try? file.seek(toOffset: end - min(end, longest))) != nil, let data = try? file.readToEnd() else {
      return ""
    }
    let text = String(decoding: data, as: UTF8.self)
    return text.split(separator: "\n").suffix(5).map { "\n    \(String($0).harmless)" }.joined()
  }
}

/// Ties this process to the one that started it, which has the process ID `parent`.
public func dieWithParent(_ parent: Int32) { _ = byz_die_with_parent(parent) }
