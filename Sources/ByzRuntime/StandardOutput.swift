import Foundation

/// Standard output as the place for results.
public enum StandardOutput {
  /// What keeps a result from being printed.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Takes the places of standard input, output and error where they are closed, so that no file or socket that is opened
  /// later gets what is meant for them. What is written there is refused, as it should be.
  public static func reserveStandardDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes all of `data`.
  ///
  /// - Throws: the system's reason if it cannot be written, such as a reader that has gone.
  public static func write(_ data: Data) throws {
    guard data.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) else {
      throw Failure(description: "cannot write to standard output: \(String(cString: strerror(errno)))")
    }
  }
}

/// Writes all of `bytes` to a file or pipe; false, with errno set, if that cannot be.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { return false }
    done += count
  }
  return true
}
