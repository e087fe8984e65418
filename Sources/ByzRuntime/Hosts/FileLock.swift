import Foundation

/// A file that one process at a time holds, for as long as it lives.
///
/// The kernel knows who holds it, so that nothing written can be out of date. (A process gives it up as soon as it closes
/// the file, through whatever descriptor: nothing else opens such a file.)
struct FileLock {
  let path: String

  /// Takes the lock until this process ends; false if another one has it.
  ///
  /// - Throws: if there can be no such file.
  func take() throws -> Bool {
    let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw RunDirectory.Failure(description: "cannot make \(path): \(String(cString: strerror(errno)))")
    }
    var lock = Self.whole
    guard fcntl(descriptor, F_SETLK, &lock) != 0 else { return true }
    close(descriptor)
    return false
  }

  /// The process that has the lock; nil if none has.
  ///
  /// - Precondition: this process does not have it.
  var holder: pid_t? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var lock = Self.whole
    guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
    return lock.l_pid
  }

  private static var whole: flock {
    flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }
}
