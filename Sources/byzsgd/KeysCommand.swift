import ArgumentParser
import ByzKeys
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make the keys by which nodes are known.",
    discussion: """
      With --node, one node's secret key, on the machine where it will run; its public key is printed as it stands in the \
      topology, and is all that the others need. A secret key that is there already is kept, and its public key printed \
      again.

      With a topology, for nodes that are all one's own: every secret key that is missing, and every public key that the \
      file's lists of nodes lack, each behind its node's id. With both, only for those nodes, so that the file can go round \
      among their owners. A node whose public key is there, but whose secret key is not, is somebody else's and left alone. \
      Nothing is ever overwritten.
      """)

  @Argument(
    help: "The topology, a YAML file, that gets the public keys.", completion: .file(extensions: ["yaml", "yml"]))
  var topology: String?

  @Option(
    name: .customLong("node"), parsing: .singleValue,
    help: ArgumentHelp("A node to make a key for, such as server-0. Repeatable.", valueName: "id"))
  var nodes: [String] = []

  @Option(
    help: "The folder of the secret keys. Default: keys beside the topology, without one in the current folder.",
    completion: .directory)
  var keys: String?

  func run() throws {
    try reporting {
      if keys?.isEmpty == true { throw UsageFailure(description: "--keys is empty; name a folder") }
      let ids = try nodes.map { name in
        guard let id = NodeID(name) else {
          throw UsageFailure(
            description: "--node: a node is called server-0 or worker-3, for example, and not '\(name)'")
        }
        return id
      }
      if let topology {
        try makeKeys(of: ids.isEmpty ? nil : Set(ids), in: topology)
      } else if ids.isEmpty {
        throw UsageFailure(description: "keys: give a topology, or --node ID, or both")
      } else {
        for id in ids { try makeKey(of: id) }
      }
      return ExitStatus.completed
    }
  }

  private func makeKey(of id: NodeID) throws {
    let folder = KeyFolder(path: keys ?? "keys")
    let file = folder.file(of: "\(id)")
    let key: SecretKey
    if folder.holdsSecretKey(of: "\(id)") {
      key = try folder.secretKey(of: "\(id)")
      note("\(file) is there already and is kept; this is its public key")
    } else {
      key = try folder.makeSecretKey(of: "\(id)")
      note("made the secret key \(file): whoever has it is \(id), so it stays on this machine")
    }
    try StandardOutput.write(Data("public_key: \"\(key.publicKey)\"\n".utf8))
  }

  private func makeKeys(of nodes: Set<NodeID>?, in path: String) throws {
    let folder = keys.map { KeyFolder(path: $0) } ?? KeyFolder.beside(topology: path)
    let assignment: KeyAssignment
    do {
      assignment = try KeyAssignment(file: path, folder: folder, nodes: nodes)
      try assignment.write()
    } catch let failure as KeyAssignment.Failure {
      throw UsageFailure(description: failure.description)
    } catch let error as TopologyError {
      throw UsageFailure(description: error.description)
    }
    var lines = assignment.decisions.sorted { $0.key < $1.key }.compactMap { id, decision in
      let file = folder.file(of: "\(id)")
      return switch decision {
      case .complete: nil as String?
      case .elsewhere: "\(id): left alone; its public key is in \(path), and \(file) is not there"
      case .lacking: "\(id): lacks its public key in \(path)"
      case .published: "\(id): \(file) was there; wrote its public key into \(path)"
      case .made: "\(id): made \(file); wrote its public key into \(path)"
      }
    }
    if !assignment.decisions.values.contains(where: { $0 == .made || $0 == .published }) {
      let whose = nodes == nil ? "every node" : "each of these nodes"
      lines.append("nothing to do: \(whose) has its public key in \(path)")
    }
    try StandardOutput.write(Data(lines.map { "\($0)\n" }.joined().utf8))
    if assignment.topology?.security == Security.none {
      note("\(path) says security: none, so that these keys have no effect; take that line out")
    }
  }
}

/// Says something on standard error, where results do not go.
func note(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }
