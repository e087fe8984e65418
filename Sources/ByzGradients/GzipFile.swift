import CZlib

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is read from its beginning to its end, compressed by gzip or not: zlib finds out by itself.
final class GzipFile {
  let path: String
  private let handle: gzFile

  init(path: String) throws(DatasetError) {
    errno = 0
    guard let handle = gzopen(path, "rb") else {
      // zlib leaves errno at 0 when what it lacked was memory.
      let reason = errno == 0 ? "out of memory" : String(cString: strerror(errno))
      throw DatasetError(file: path, problem: "cannot be opened: \(reason)")
    }
    gzbuffer(handle, 1 << 17)
    self.path = path
    self.handle = handle
  }

  deinit { gzclose_r(handle) }

  /// Whether something of this name is there, readable or not.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Fills `memory`, less than 2 GiB of it, or as much of it as the rest of the file suffices for; returns how many bytes
  /// it wrote.
  func read(into memory: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    let count = gzread(handle, memory.baseAddress, UInt32(memory.count))
    guard count >= 0 else { throw DatasetError(file: path, problem: "cannot be read: \(errorText)") }
    return Int(count)
  }

  /// Throws unless the file ends here, its checksum and length as gzip recorded them.
  ///
  /// - Parameter contents: what the file held so far, for the error.
  func expectEnd(after contents: String) throws(DatasetError) {
    var byte: UInt8 = 0
    let count = try withUnsafeMutableBytes(of: &byte) { memory throws(DatasetError) in try read(into: memory) }
    guard count == 0 else { throw DatasetError(file: path, problem: "goes on after the \(contents) it announces") }
    var status: Int32 = Z_OK
    _ = gzerror(handle, &status)
    // The data were all there, but gzip's own end was not: a copy that was cut short by a few bytes.
    guard status == Z_OK else { throw DatasetError(file: path, problem: "is cut short: gzip's checksum is missing") }
  }

  private var errorText: String {
    var status: Int32 = Z_OK
    guard let text = gzerror(handle, &status) else { return "zlib error \(status)" }
    // zlib puts the path in front, which the error already has.
    let message = String(cString: text)
    return message.hasPrefix("\(path): ") ? String(message.dropFirst(path.count + 2)) : message
  }
}
