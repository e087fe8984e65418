import Foundation

/// Standard output as the place for results.
public enum StandardOutput {
  /// What keeps a result from being printed.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Writes all of `data`.
  ///
  /// - Throws: the system's reason if it cannot be written, such as a reader that has gone.
  public static func write(_ data: Data) throws {
    var rest = data[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written >= 0 else {
        throw Failure(description: "cannot write to standard output: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(written)
    }
  }
}
