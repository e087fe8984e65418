import Foundation

/// Standard error as a place for progress: one line that is rewritten on a terminal, a line now and then elsewhere.
public final class Display {
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var shown = ""
  private var lastPlain: MonotonicTime?

  /// - Parameter isQuiet: show messages only, no progress.
  public init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// How often it is worth looking for progress.
  package static let refreshMilliseconds = 250
  private static let plainMilliseconds = 2_000

  /// - Parameter isNews: whether a log, too, should have this line, however soon it comes after another.
  package func show(progress line: String, isNews: Bool = false) {
    guard !isQuiet, line != shown else { return }
    if isTerminal {
      write("\r\u{1B}[K\(clipped(line))")
      shown = line
    } else if isNews
      || lastPlain.map({ MonotonicTime.now.milliseconds - $0.milliseconds >= Self.plainMilliseconds }) ?? true
    {
      write("\(line)\n")
      shown = line
      lastPlain = .now
    }
  }

  /// What of `line` fits on one line of the terminal: a longer one could not be rewritten.
  private func clipped(_ line: String) -> String {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return line }
    return String(line.prefix(Int(size.ws_col) - 1))
  }

  /// Shows a message that stays.
  public func show(_ message: String) {
    if isTerminal && !shown.isEmpty { write("\r\u{1B}[K") }
    shown = ""
    write("\(message)\n")
  }

  /// Ends the line of progress.
  package func finish() {
    if isTerminal && !shown.isEmpty { write("\n") }
    shown = ""
  }

  /// Progress that nobody can see any more, because standard error is closed, must not end a run.
  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
