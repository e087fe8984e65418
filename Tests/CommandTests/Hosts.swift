import ByzKeys
import Foundation

/// Hosts that are folders of this machine, with a stand-in for ssh, and a topology whose nodes they run.
struct Hosts {
  let folder: TemporaryFolder
  let files: RunFiles
  let topology: String
  let ssh: String

  static let names = ["alpha", "beta", "gamma"]
  static let servers = (0..<5).map { "server-\($0)" }
  static let workers = (0..<7).map { "worker-\($0)" }
  static let nodes = servers + workers

  /// - Parameters:
  ///   - hostile: what the host gamma does instead of what it is asked for, as a shell command.
  ///   - keys: the folder of keys to make; none if left out.
  init(hostile: String? = nil, keys: String? = nil) throws {
    folder = try TemporaryFolder()
    files = RunFiles(path: "\(folder.path)/run")
    // Chatter, as of login shells, and the process that reaches the host, for those who cut it.
    ssh = try folder.write(
      """
      #!/bin/sh
      while [ "$1" != "--" ]; do shift; done
      HOME='\(folder.path)/'"$2"; export HOME
      mkdir -p "$HOME"; cd "$HOME"; echo $$ > reached-by
      echo "Welcome to $2!"
      case "$2" in
      unreachable) echo "ssh: connect to host unreachable port 22: No route to host" >&2; exit 255 ;;
      gamma) \(hostile ?? ":") ;;
      esac
      exec sh -c "$3"
      """, to: "ssh")
    chmod(ssh, 0o700)
    var publicKeys: [String: PublicKey] = [:]
    if let keys {
      let keys = KeyFolder(path: "\(folder.path)/\(keys)")
      for node in Self.nodes { publicKeys[node] = try keys.makeSecretKey(of: node).publicKey }
    }
    let text = try String(contentsOfFile: "\(Program.root)/topologies/quadratic.yaml", encoding: .utf8)
    let ports = try freePorts(Self.servers.count)
    let list = { [publicKeys] (names: [String]) in
      names.enumerated().map { index, name in
        let address = name.hasPrefix("server") ? ", address: \"tcp://127.0.0.1:\(ports[index])\"" : ""
        let key = publicKeys[name].map { ", public_key: \"\($0)\"" } ?? ""
        return "\n    - {id: \(name), host: \(Self.host(of: name))\(address)\(key)}"
      }.joined()
    }
    // Nobody waits long for those who never come.
    topology = try folder.write(
      text.replacing(
        "servers: {count: 5, byzantine: 1}", with: "servers:\n  byzantine: 1\n  nodes:\(list(Self.servers))"
      )
      .replacing("workers: {count: 7, byzantine: 2}", with: "workers:\n  byzantine: 2\n  nodes:\(list(Self.workers))")
        + "\nquorum: {start_grace_ms: 300, linger_ms: 300}\n", to: "topology.yaml")
  }

  static func host(of node: String) -> String { names[(Int(node.split(separator: "-")[1]) ?? 0) % names.count] }

  /// The stand-in, as a shell reads it.
  var quotedSSH: String { "'\(ssh)'" }

  func launch(_ options: String...) throws -> Running {
    try Running(
      ["launch", topology, "--over", "ssh", "--ssh", quotedSSH, "--run-directory", files.path] + options)
  }

  func follow(_ options: String...) throws -> Running {
    try Running(["follow", files.path, "--ssh", quotedSSH] + options)
  }

  /// The folder of the run on the host called `name`.
  func remoteFolder(_ name: String) throws -> String {
    let runs = "\(folder.path)/\(name)/byzsgd-runs"
    let run = try FileManager.default.contentsOfDirectory(atPath: runs).first ?? ""
    return "\(runs)/\(run)/\(name)"
  }

  /// Ends all that still runs, for a test that has failed.
  func cleanUp() {
    for node in Self.nodes { if let process = files.process(of: node) { kill(process, SIGKILL) } }
  }
}

/// Ports that nothing listens at.
func freePorts(_ count: Int) throws -> [Int] {
  let sockets = (0..<count).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
  defer { for socket in sockets { close(socket) } }
  return sockets.map { socket in
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = bind(socket, pointer, length)
        _ = getsockname(socket, pointer, &length)
      }
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
