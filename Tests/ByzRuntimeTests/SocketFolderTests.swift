import ByzProtocol
import Foundation
import Testing

@testable import ByzRuntime

@Suite struct SocketFolderTests {
  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test func isInMemoryWhereThereIsSuchAFolder() throws {
    let folder = try SocketFolder()
    defer { folder.remove() }
    let hasMemory = access("/dev/shm", W_OK) == 0
    #expect(folder.path.hasPrefix("\(hasMemory ? "/dev/shm" : "/tmp")/byzsgd-\(getpid())-"))
    // On a disk vectors would cost more than they save.
    #expect(exists("\(folder.path)/vectors") == hasMemory)
    for path in [folder.path] + (hasMemory ? ["\(folder.path)/vectors"] : []) {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o700, "\(path)")
    }
    // A socket's path has at most 107 bytes.
    #expect("\(folder.path)/server-999999".utf8.count <= 107)
  }

  @Test func isRemovedWithAllThatIsInIt() throws {
    let (folder, other) = (try SocketFolder(), try SocketFolder())
    defer { other.remove() }
    #expect(folder.path != other.path)
    try Data([1]).write(to: URL(filePath: "\(folder.path)/server-0"))
    if exists("\(folder.path)/vectors") { try Data([1]).write(to: URL(filePath: "\(folder.path)/vectors/server-0")) }
    folder.remove()
    #expect(!exists(folder.path) && exists(other.path))
  }

  /// What a launcher that was killed has left goes with the next one's start, in each of the places; what is another's stays.
  @Test(arguments: ["/dev/shm", "/tmp"]) func orphansAreRemoved(parent: String) throws {
    guard access(parent, W_OK) == 0 else { return }
    let suffix = UUID().uuidString.prefix(6)
    let orphan = "\(parent)/byzsgd-\(try endedProcess())-\(suffix)"
    let names = ["\(getpid())-\(suffix)", "\(getppid())-\(suffix)", "\(suffix)", "x-\(suffix)"]
    let others = names.map { "\(parent)/byzsgd-\($0)" }
    for path in [orphan] + others {
      try FileManager.default.createDirectory(atPath: "\(path)/vectors", withIntermediateDirectories: true)
    }
    defer { for path in [orphan] + others { try? FileManager.default.removeItem(atPath: path) } }
    try SocketFolder().remove()
    #expect(!exists(orphan) && others.allSatisfy(exists))
  }

  /// The number of a process that is no more.
  private func endedProcess() throws -> pid_t {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }
}
