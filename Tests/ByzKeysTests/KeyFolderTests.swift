import ByzKeys
import Foundation
import Testing

@Suite final class KeyFolderTests {
  private let parent = NSTemporaryDirectory() + "byzsgd-keys-\(UUID().uuidString.prefix(8))"
  private var folder: KeyFolder { KeyFolder(path: "\(parent)/keys") }

  init() throws { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: parent) }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  private func failure(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch {
      return "\(error)"
    }
  }

  @Test func aKeyComesBackAndIsItsOwnersAlone() throws {
    // Whatever the user's mask permits.
    let mask = umask(0)
    defer { umask(mask) }
    let made = try folder.makeSecretKey(of: "server-0")
    #expect(try folder.secretKey(of: "server-0").bytes == made.bytes)
    #expect(try mode(folder.path) == 0o700 && mode(folder.file(of: "server-0")) == 0o600)
  }

  @Test func aKeyIsNeverOverwritten() throws {
    let made = try folder.makeSecretKey(of: "worker-1")
    let file = folder.file(of: "worker-1")
    #expect(
      failure { _ = try folder.makeSecretKey(of: "worker-1") }
        == "\(file) is there already and is not overwritten; move it away to give worker-1 a new key")
    #expect(try folder.secretKey(of: "worker-1").bytes == made.bytes)
  }

  @Test func badFiles() throws {
    let file = folder.file(of: "worker-0")
    #expect(
      failure { _ = try folder.secretKey(of: "worker-0") }
        == "cannot read the secret key \(file): No such file or directory; make one with byzsgd keys --node worker-0 and "
        + "tell the others its public key")
    _ = try folder.makeSecretKey(of: "worker-0")
    chmod(file, 0o640)
    #expect(
      failure { _ = try folder.secretKey(of: "worker-0") }
        == "others may read the secret key \(file): chmod 600 it, or better make a new one")
    chmod(file, 0o600)
    for text in ["", "hello\n", String(repeating: "0", count: 41), String(repeating: "0", count: 5000)] {
      try text.write(toFile: file, atomically: false, encoding: .utf8)
      #expect(
        failure { _ = try folder.secretKey(of: "worker-0") }
          == "\(file) holds no secret key, which is a line of 40 characters")
    }
    try FileManager.default.createDirectory(atPath: folder.file(of: "worker-2"), withIntermediateDirectories: true)
    #expect(
      failure { _ = try folder.secretKey(of: "worker-2") }
        == "the secret key \(folder.file(of: "worker-2")) is not a file")
  }

  @Test func aFolderThatCannotBeMade() {
    let nowhere = KeyFolder(path: "\(parent)/none/keys")
    #expect(
      failure { _ = try nowhere.makeSecretKey(of: "server-0") }
        == "cannot make \(nowhere.path): No such file or directory")
  }
}
