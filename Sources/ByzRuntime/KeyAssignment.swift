import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation

extension KeyFolder {
  /// The folder `keys` beside a topology's file.
  public static func beside(topology path: String) -> KeyFolder {
    guard let slash = path.lastIndex(of: "/") else { return KeyFolder(path: "keys") }
    return KeyFolder(path: "\(path[...slash])keys")
  }
}

/// The keys that the nodes of a topology's file lack: all is decided and checked before anything is written.
public struct KeyAssignment {
  /// What becomes of a node.
  public enum Decision: Hashable, Sendable {
    /// It has a key, and its secret is in the folder.
    case complete
    /// It has a key whose secret is not in the folder: it is run by somebody else, or from another folder.
    case elsewhere
    /// Its secret was in the folder, and its public key goes into the file.
    case published
    /// It gets a new key.
    case made
    /// It has none and gets none, since it is not one of those that were asked for.
    case lacking
  }

  /// What is wrong with a file or a key, and what to do.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// What becomes of every node.
  public let decisions: [NodeID: Decision]
  /// The topology as it will be; nil as long as nodes lack keys.
  public let topology: Topology?

  private let draft: TopologyDraft
  private let folder: KeyFolder
  private let text: String
  private var secrets: [NodeID: SecretKey] = [:]

  /// Decides which node gets which key.
  ///
  /// - Parameters:
  ///   - path: the topology.
  ///   - folder: where the secret keys are, and where new ones go.
  ///   - nodes: who is to have one; nil for all.
  /// - Throws: `TopologyError`, `KeyFolder.Failure`, or `Failure` if a secret is not that of the key in the file.
  public init(file path: String, folder: KeyFolder, nodes: Set<NodeID>? = nil) throws {
    let draft = try TopologyDraft(file: path)
    if let stranger = nodes?.filter({ draft.topology.nodes[$0] == nil }).min() {
      throw Failure(description: "there is no node '\(stranger)' in \(path)")
    }
    var decisions: [NodeID: Decision] = [:]
    var keys: [NodeID: PublicKey] = [:]
    for (id, place) in draft.topology.nodes.sorted(by: { $0.key < $1.key }) {
      let hasSecret = folder.holdsSecretKey(of: "\(id)")
      if let known = place.publicKey {
        if hasSecret { try Self.check(try folder.secretKey(of: "\(id)"), of: id, against: known, in: folder, path) }
        decisions[id] = hasSecret ? .complete : .elsewhere
      } else if nodes?.contains(id) == false {
        decisions[id] = .lacking
      } else {
        let secret = hasSecret ? try folder.secretKey(of: "\(id)") : SecretKey()
        if !hasSecret { secrets[id] = secret }
        keys[id] = secret.publicKey
        decisions[id] = hasSecret ? .published : .made
      }
    }
    text = keys.isEmpty ? draft.text : try draft.inserting(keys)
    topology = decisions.values.contains(.lacking) ? nil : try Topology(yaml: text, file: path)
    self.decisions = decisions
    self.draft = draft
    self.folder = folder
  }

  /// Writes the new secrets, and then the file.
  public func write() throws {
    for (id, secret) in secrets.sorted(by: { $0.key < $1.key }) { try folder.write(secret, of: "\(id)") }
    guard text != draft.text else { return }
    guard (try? String(contentsOfFile: draft.path, encoding: .utf8))?.utf8.elementsEqual(draft.text.utf8) == true else {
      throw Failure(description: "\(draft.path) was changed meanwhile and is left as it is; do it once more")
    }
    try Self.replace(draft.path, with: text)
  }

  private static func check(
    _ secret: SecretKey, of id: NodeID, against known: PublicKey, in folder: KeyFolder, _ path: String
  ) throws(Failure) {
    guard secret.publicKey != known else { return }
    throw Failure(description: mismatch(of: id, secret, in: folder, listed: known, path))
  }

  /// Says that `secret` is not that of the public key which the topology at `path` lists for `id`, and what to do.
  public static func mismatch(
    of id: NodeID, _ secret: SecretKey, in folder: KeyFolder, listed: PublicKey, _ path: String
  ) -> String {
    "the key \(folder.file(of: "\(id)")) is not the one that \(path) lists for \(id): its public key is "
      + "\(secret.publicKey), listed is \(listed); put the secret key of that one there, or list this one in "
      + "everybody's topology"
  }

  /// Replaces what is in the file at `path`, the whole of it or nothing, and keeps its permissions.
  private static func replace(_ path: String, with text: String) throws(Failure) {
    func failure() -> Failure {
      Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
    }
    guard let real = realpath(path, nil) else { throw failure() }
    defer { free(real) }
    var status = stat()
    guard stat(real, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(description: "cannot write \(path): it is not a file")
    }
    var temporary = Array("\(String(cString: real)).XXXXXX".utf8CString)
    let descriptor = mkstemp(&temporary)
    guard descriptor >= 0 else { throw failure() }
    var bytes = text
    let isWritten =
      bytes.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
      && fchmod(descriptor, status.st_mode & 0o7777) == 0 && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard isWritten else {
      unlink(temporary)
      errno = code
      throw failure()
    }
    guard rename(temporary, real) == 0 else {
      let code = errno
      unlink(temporary)
      errno = code
      throw failure()
    }
  }
}
