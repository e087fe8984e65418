import Foundation

/// What reaches a host writes on its standard error, in a file of bounded length: the host has its say there, too.
final class ErrorLog {
  let path: String
  /// Where it comes from.
  let reading: Int32
  /// Where it goes to; to be closed here once a child has it.
  let writing: Int32
  private(set) var isOpen = true
  private var room = 1 << 20
  private let file: FileHandle

  init(path: String) throws {
    self.path = path
    file = try FileHandle.appending(to: path)
    let pipe = try PrivatePipe()
    (reading, writing) = (pipe.reading, pipe.writing)
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
  }

  /// Takes what has come, without waiting. What has no room is read all the same: nobody is held up by it.
  func work() {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    guard isOpen else { return }
    let count = read(reading, &bytes, bytes.count)
    if count > 0 {
      // A full disk must not end a run.
      try? file.write(contentsOf: bytes.prefix(min(count, room)))
      room -= min(count, room)
    } else if count == 0 || errno != EAGAIN && errno != EINTR {
      end()
    }
  }

  func end() {
    if isOpen { close(reading) }
    isOpen = false
  }
}
