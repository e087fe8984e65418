import Foundation

/// A folder that somebody else has filled, who may mean harm: it is read without following a link.
final class ForeignFolder {
  /// The path, for messages.
  let path: String
  /// What is in it, in order; no more than a run has.
  let names: [String]
  private let descriptor: Int32

  private static let mostNames = 10_000
  private static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  /// - Parameter parent: the folder in which `name` is looked up, if not the current one.
  private init(_ name: String, in parent: ForeignFolder?, path: String) throws(ForeignFile.Failure) {
    self.path = path
    descriptor = openat(parent?.descriptor ?? AT_FDCWD, name, Self.flags)
    guard descriptor >= 0 else { throw ForeignFile.Failure(errno) }
    names = Self.names(in: descriptor)
  }

  /// Opens the folder at `path`; links above it are followed.
  convenience init(path: String) throws(ForeignFile.Failure) { try self.init(path, in: nil, path: path) }

  deinit { close(descriptor) }

  /// Opens the folder `name` of this one.
  func folder(_ name: String) throws(ForeignFile.Failure) -> ForeignFolder {
    try ForeignFolder(name, in: self, path: "\(path)/\(name)")
  }

  /// Opens the file `name` of this folder.
  func file(_ name: String) throws(ForeignFile.Failure) -> ForeignFile {
    // What is no file, such as a pipe that nobody writes to, must not make anybody wait.
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw ForeignFile.Failure(errno) }
    return try ForeignFile(owning: file)
  }

  private static func names(in descriptor: Int32) -> [String] {
    // Closing the stream closes its descriptor.
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard let stream = fdopendir(copy) else {
      close(copy)
      return []
    }
    defer { closedir(stream) }
    var names: [String] = []
    // A record is only as long as its name, so that it must not be copied as a whole.
    guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    while names.count < mostNames, let entry = readdir(stream) {
      let name = String(cString: UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// A file that somebody else has written.
final class ForeignFile {
  private let descriptor: Int32

  /// Why it is not taken.
  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ code: Int32) {
      description =
        switch code {
        case ELOOP: "it is a link"
        // A folder was asked for; a link to one is none.
        case ENOTDIR: "it is no folder"
        default: String(cString: strerror(code))
        }
    }
  }

  /// - Throws: if it is a folder, a device or a pipe; the descriptor is closed then.
  fileprivate init(owning descriptor: Int32) throws(Failure) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Failure("it is not a file")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// All of it.
  func read(atMost limit: Int) throws(Failure) -> Data {
    var data = Data()
    try forEachPart(atMost: limit) { part throws(Failure) in data.append(contentsOf: part) }
    return data
  }

  /// Writes all of it to a new file at `path`.
  func copy(atMost limit: Int, to path: String) throws(Failure) {
    let copy = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard copy >= 0 else { throw Failure("cannot write \(path): \(String(cString: strerror(errno)))") }
    defer { close(copy) }
    do {
      try forEachPart(atMost: limit) { part throws(Failure) in
        guard part.withUnsafeBytes({ writeAll($0, to: copy) }) else {
          throw Failure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
      }
    } catch {
      unlink(path)
      throw error
    }
  }

  private func forEachPart(atMost limit: Int, _ body: (ArraySlice<UInt8>) throws(Failure) -> Void) throws(Failure) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size <= limit else { throw tooLarge(limit) }
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var total = 0
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Failure(errno) }
      if count == 0 { return }
      // It may have grown since.
      total += count
      guard total <= limit else { throw tooLarge(limit) }
      try body(buffer[..<count])
    }
  }

  private func tooLarge(_ limit: Int) -> Failure {
    Failure("it is larger than the \(limit) bytes that it can have in this run")
  }
}
