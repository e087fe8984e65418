import Glibc

/// A folder of nodes' secret keys: `server-0.secret` and so on, each readable by its owner alone.
public struct KeyFolder: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  /// Where the secret key of the node `name` lies.
  public func file(of name: String) -> String { "\(path)/\(name).secret" }

  /// What is wrong with a key's file, and what to do.
  public struct Failure: Error, CustomStringConvertible, Equatable {
    public let description: String
  }

  /// The longest file that is looked at.
  private static let largestSize = 4096

  /// The secret key of the node `name`.
  ///
  /// - Throws: `Failure` if there is none, if others than its owner may read it, or if it holds something else.
  public func secretKey(of name: String) throws(Failure) -> SecretKey {
    let path = file(of: name)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let hint = errno == ENOENT ? "; make one with byzsgd keys --node \(name) and tell the others its public key" : ""
      throw Failure(description: "cannot read the secret key \(path): \(String(cString: strerror(errno)))\(hint)")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(description: "the secret key \(path) is not a file")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw Failure(description: "others may read the secret key \(path): chmod 600 it, or better make a new one")
    }
    var bytes = [UInt8](repeating: 0, count: Self.largestSize)
    let count = read(descriptor, &bytes, bytes.count)
    let lines = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
    guard lines.count == 1, let key = SecretKey(String(lines[0])) else {
      throw Failure(description: "\(path) holds no secret key, which is a line of 40 characters")
    }
    return key
  }

  /// Makes a secret key for the node `name` in a file of its own, and the folder if it is not there.
  ///
  /// - Throws: `Failure` if there is a file already, which is never overwritten, or none can be written.
  public func makeSecretKey(of name: String) throws(Failure) -> SecretKey {
    let key = SecretKey()
    try write(key, of: name)
    return key
  }

  /// Writes the secret key of the node `name` as a new file.
  package func write(_ key: SecretKey, of name: String) throws(Failure) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(making: path) }
    let file = file(of: name)
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      guard errno == EEXIST else { throw failure(making: file) }
      throw Failure(
        description: "\(file) is there already and is not overwritten; move it away to give \(name) a new key")
    }
    let text = Array("\(key.text)\n".utf8)
    let isWritten = Glibc.write(descriptor, text, text.count) == text.count && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard isWritten else {
      unlink(file)
      errno = code
      throw failure(making: file)
    }
  }

  private func failure(making path: String) -> Failure {
    Failure(description: "cannot make \(path): \(String(cString: strerror(errno)))")
  }
}
