import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation
import Testing

@testable import ByzRuntime

/// Keys for the nodes of a topology's file.
@Suite final class KeyAssignmentTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"
  private let path: String
  private let keys: KeyFolder

  init() throws {
    path = "\(folder)/topology.yaml"
    keys = KeyFolder.beside(topology: path)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Self.text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let text = """
    model: {analytic: quadratic}  # a comment
    servers:
      nodes:
        - {id: server-0, address: "tcp://192.0.2.1:7000"}
        - {id: server-1, address: "tcp://192.0.2.1:7001"}
    workers:
      nodes:
        - id: worker-0

    """

  private func mode(_ path: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  private func content() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func foldersBesideTheFile() {
    #expect(
      KeyFolder.beside(topology: "t.yaml").path == "keys" && KeyFolder.beside(topology: "/t.yaml").path == "/keys")
    #expect(KeyFolder.beside(topology: "../a/t.yaml").path == "../a/keys")
  }

  @Test func everyNodeGetsAKeyOnce() throws {
    #expect(chmod(path, 0o640) == 0)
    let assignment = try KeyAssignment(file: path, folder: keys)
    #expect(assignment.decisions == [.server(0): .made, .server(1): .made, .worker(0): .made])
    #expect(try content() == Self.text && !FileManager.default.fileExists(atPath: keys.path))
    try assignment.write()
    let topology = try Topology(file: path)
    #expect(topology == assignment.topology && topology.security == .curve)
    for (id, key) in topology.publicKeys { #expect(try keys.secretKey(of: "\(id)").publicKey == key) }
    #expect(try mode(path) == 0o640 && mode(keys.file(of: "server-0")) == 0o600)
    #expect(try content().contains("# a comment"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["keys", "topology.yaml"])

    let written = try content()
    let again = try KeyAssignment(file: path, folder: keys)
    try again.write()
    #expect(Set(again.decisions.values) == [.complete] && again.decisions.count == 3)
    #expect(try content() == written)
  }

  @Test func secretsThatAreThereAreUsedAndForeignNodesLeftAlone() throws {
    let (mine, theirs) = (try keys.makeSecretKey(of: "worker-0"), SecretKey())
    try Self.text.replacingOccurrences(of: "id: server-1", with: "id: server-1, public_key: \"\(theirs.publicKey)\"")
      .write(toFile: path, atomically: true, encoding: .utf8)
    let assignment = try KeyAssignment(file: path, folder: keys)
    #expect(assignment.decisions == [.server(0): .made, .server(1): .elsewhere, .worker(0): .published])
    try assignment.write()
    let topology = try Topology(file: path)
    #expect(topology.publicKeys[.worker(0)] == mine.publicKey && topology.publicKeys[.server(1)] == theirs.publicKey)
    #expect(!keys.holdsSecretKey(of: "server-1"))
  }

  @Test func aSecretOfAnotherKeyIsAnError() throws {
    let (mine, listed) = (try keys.makeSecretKey(of: "server-1").publicKey, SecretKey().publicKey)
    let text = Self.text.replacingOccurrences(of: "id: server-1", with: "id: server-1, public_key: \"\(listed)\"")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let failure = #expect(throws: KeyAssignment.Failure.self) { try KeyAssignment(file: path, folder: keys) }
    for part in [keys.file(of: "server-1"), path, "its public key is \(mine), listed is \(listed)"] {
      #expect(failure?.description.contains(part) == true, "\(failure?.description ?? "")")
    }
    #expect(try content() == text)
  }

  @Test func nothingIsWrittenWhereAnythingIsWrong() throws {
    // The same secret for two nodes.
    let key = try keys.makeSecretKey(of: "server-0")
    try keys.write(key, of: "worker-0")
    let shared = #expect(throws: TopologyError.self) { try KeyAssignment(file: path, folder: keys) }
    #expect(shared?.description.contains("this is already the key of server-0") == true)
    // One that others may read.
    #expect(chmod(keys.file(of: "server-0"), 0o644) == 0)
    #expect(throws: KeyFolder.Failure.self) { try KeyAssignment(file: path, folder: keys) }
    #expect(try content() == Self.text && !keys.holdsSecretKey(of: "server-1"))
  }

  @Test func aFileThatWasChangedMeanwhileIsLeftAlone() throws {
    let assignment = try KeyAssignment(file: path, folder: keys)
    let edited = Self.text + "# edited\n"
    try edited.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: KeyAssignment.Failure.self) { try assignment.write() }
    #expect(try content() == edited)
    // The secrets are there by now, and are used the next time.
    #expect(Set(try KeyAssignment(file: path, folder: keys).decisions.values) == [.published])
  }

  @Test func aLinkStaysALink() throws {
    let link = "\(folder)/link.yaml"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "topology.yaml")
    try KeyAssignment(file: link, folder: keys).write()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "topology.yaml")
    #expect(try Topology(file: path).publicKeys.count == 3)
  }
}
