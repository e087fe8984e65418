import Dispatch
import Foundation
import Synchronization

/// Turns SIGINT, SIGTERM and SIGHUP into a call, on any thread, and remembers them; and has a closed pipe be an error and
/// not the end.
package final class Interruption: @unchecked Sendable {  // Safe: dispatch sources belong to no thread.
  private let raised: Raised
  private let sources: [any DispatchSourceSignal]

  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// The default, ending the process at once, would come before a source. Done once: a second time it would take the place
  /// of what the sources of another interruption rely on.
  private static let takeSignals: Void = {
    for number in signals + [SIGPIPE] { signal(number, SIG_IGN) }
  }()

  private final class Raised: Sendable {
    let flag = Atomic(false)
  }

  /// Watches until `cancel`.
  ///
  /// - Parameter isDeafToHangup: whether SIGHUP, the end of the terminal, is to mean nothing.
  package init(isDeafToHangup: Bool = false, _ handle: @escaping @Sendable () -> Void = {}) {
    Self.takeSignals
    let raised = Raised()
    self.raised = raised
    sources = Self.signals.filter { $0 != SIGHUP || !isDeafToHangup }.map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        raised.flag.store(true, ordering: .releasing)
        handle()
      }
      source.resume()
      return source
    }
  }

  /// Whether there was a signal.
  package var isRaised: Bool { raised.flag.load(ordering: .acquiring) }

  package func cancel() { for source in sources { source.cancel() } }
}

/// Ends the process as a crash would: nothing is written, nobody is told.
func exitWithoutAWord() -> Never { _exit(ExitStatus.crashed) }

/// The exit statuses of the commands.
public enum ExitStatus {
  public static let completed: Int32 = 0
  /// The run failed, or its model diverged.
  public static let failed: Int32 = 1
  /// Wrong usage, or a topology that cannot be run.
  public static let usage: Int32 = 64
  /// A node that was told to crash.
  public static let crashed: Int32 = 70
  public static let interrupted: Int32 = 130

  public static func status(of outcome: Outcome) -> Int32 {
    switch outcome {
    case .completed: completed
    case .failed, .diverged: failed
    case .interrupted: interrupted
    }
  }
}
