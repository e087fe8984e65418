import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation
import Testing

/// `byzsgd keys`, `byzsgd init`, and the keys of `byzsgd node`, by hand as users do.
@Suite struct KeysTests {
  let folder: TemporaryFolder
  let topology: String

  init() throws {
    folder = try TemporaryFolder()
    topology = "\(folder.path)/topology.yaml"
  }

  private func write(_ servers: String, workers: String = "{id: worker-0}") throws {
    _ = try folder.write(
      """
      model: {analytic: quadratic}
      training: {steps: 5}
      servers: {nodes: [\(servers)]}
      workers: {nodes: [\(workers)]}  # mine
      """, to: "topology.yaml")
  }

  private func content() throws -> String { try String(contentsOfFile: topology, encoding: .utf8) }

  @Test func oneNode() throws {
    let keys = "\(folder.path)/keys"
    let first = try Program.run("keys", "--node", "worker-3", "--keys", keys)
    let key = try KeyFolder(path: keys).secretKey(of: "worker-3").publicKey
    #expect(first.status == 0 && first.output == "public_key: \"\(key)\"\n")
    #expect(
      first.errors.contains("made the secret key \(keys)/worker-3.secret") && first.errors.contains("stays on this"))
    // What it prints is a line of a topology.
    let pasted = "{id: worker-0, \(first.output.dropLast())}"
    try write("{id: server-0, public_key: \"\(SecretKey().publicKey)\", address: 'tcp://h:1'}", workers: pasted)
    #expect(try Topology(file: topology).publicKeys[.worker(0)] == key)

    let second = try Program.run("keys", "--node", "worker-3", "--keys", keys)
    #expect(second.status == 0 && second.output == first.output)
    #expect(second.errors == "\(keys)/worker-3.secret is there already and is kept; this is its public key\n")
    #expect(try !first.errors.contains(String(contentsOfFile: "\(keys)/worker-3.secret", encoding: .utf8).dropLast()))
  }

  @Test func aWholeTopology() throws {
    let theirs = SecretKey().publicKey
    try write("{id: server-0, address: 'tcp://h:1'}, {id: server-1, address: 'tcp://h:2', public_key: \"\(theirs)\"}")
    let keys = KeyFolder(path: "\(folder.path)/keys")
    _ = try keys.makeSecretKey(of: "worker-0")
    let first = try Program.run("keys", topology)
    #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
    #expect(
      first.output == """
        server-0: made \(keys.path)/server-0.secret; wrote its public key into \(topology)
        server-1: left alone; its public key is in \(topology), and \(keys.path)/server-1.secret is not there
        worker-0: \(keys.path)/worker-0.secret was there; wrote its public key into \(topology)

        """)
    let text = try content()
    #expect(text.hasSuffix("  # mine"))
    let check = try Program.run("check", topology)
    #expect(check.status == 0, "\(check.errors)")
    let second = try Program.run("keys", topology)
    #expect(
      second.status == 0 && second.output.hasSuffix("nothing to do: every node has its public key in \(topology)\n"))
    #expect(try content() == text)
  }

  /// The file goes round: each owner adds the keys of its own nodes.
  @Test func someNodesOfATopology() throws {
    try write("{id: server-0, address: 'tcp://h:1'}, {id: server-1, address: 'tcp://h:2'}")
    let (one, other) = ("\(folder.path)/one", "\(folder.path)/other")
    let first = try Program.run("keys", topology, "--node", "server-0", "--node", "worker-0", "--keys", one)
    #expect(first.status == 0 && first.output.contains("server-1: lacks its public key in"), "\(first.errors)")
    #expect(try Program.run("check", topology).errors.contains("server-1 has no public_key"))
    let second = try Program.run("keys", topology, "--node", "server-1", "--keys", other)
    #expect(second.status == 0 && second.output.contains("worker-0: left alone"), "\(second.errors)")
    let read = try Topology(file: topology)
    #expect(try read.publicKeys[.server(1)] == KeyFolder(path: other).secretKey(of: "server-1").publicKey)
    #expect(try read.publicKeys[.worker(0)] == KeyFolder(path: one).secretKey(of: "worker-0").publicKey)
    let third = try Program.run("keys", topology, "--node", "server-1", "--keys", other)
    #expect(third.output.hasSuffix("nothing to do: each of these nodes has its public key in \(topology)\n"))
  }

  @Test func securityNoneIsPointedOut() throws {
    try write("{id: server-0, address: 'tcp://h:1'}")
    _ = try folder.write(try content() + "\nsecurity: none\n", to: "topology.yaml")
    let result = try Program.run("keys", topology)
    #expect(result.status == 0 && result.errors.contains("says security: none, so that these keys have no effect"))
  }

  @Test func wrongUsage() throws {
    let other = SecretKey().publicKey
    try write("{id: server-0, address: 'tcp://h:1', public_key: \"\(other)\"}")
    let secret = try KeyFolder(path: "\(folder.path)/keys").makeSecretKey(of: "server-0").publicKey
    let mnist = "\(Program.root)/topologies/mnist.yaml"
    for (arguments, message) in [
      (["keys"], "keys: give a topology, or --node ID, or both"),
      (["keys", topology, "--node", "server-7"], "there is no node 'server-7' in \(topology)"),
      (["keys", "--node", "server-01"], "--node: a node is called server-0 or worker-3"),
      (["keys", "--node", "../server-0"], "--node: a node is called server-0 or worker-3"),
      (["keys", "--node", "server-0", "--keys", ""], "--keys is empty"),
      (["keys", "--node", "server-0", "--keys", "/nowhere/at/all"], "cannot make /nowhere/at/all: No such file"),
      (["keys", "--node", "server-0", "--keys", topology], "Not a directory"),
      (["keys", mnist], "servers: only nodes that are listed"),
      (["keys", "/nowhere/t.yaml"], "cannot read /nowhere/t.yaml: no such file"),
      (["keys", topology], "its public key is \(secret), listed is \(other)"),
    ] {
      let result = try Running(arguments).wait()
      #expect(result.status == 64 && result.output.isEmpty, "\(arguments)")
      #expect(result.errors.contains(message), "\(result.errors)")
    }
  }

  /// A node that is to prove who it is has to have the key for it.
  @Test func aNodeNeedsItsKey() throws {
    let (mine, listed) = (SecretKey().publicKey, SecretKey().publicKey)
    try write(
      "{id: server-0, address: 'tcp://127.0.0.1:1', public_key: \"\(listed)\"}",
      workers: "{id: worker-0, public_key: \"\(mine)\"}")
    func node(_ arguments: String...) throws -> Program.Result {
      let result = try Running(["node", "server-0", topology, "--run-directory", "\(folder.path)/run"] + arguments)
        .wait()
      #expect(result.status == 64 && !FileManager.default.fileExists(atPath: "\(folder.path)/run"))
      return result
    }
    let keys = KeyFolder(path: "\(folder.path)/keys")
    #expect(try node().errors.contains("cannot read the secret key \(keys.file(of: "server-0")): No such file"))
    #expect(try node("--keys", "/elsewhere").errors.contains("cannot read the secret key /elsewhere/server-0.secret"))
    let wrong = try keys.makeSecretKey(of: "server-0").publicKey
    #expect(
      try node().errors
        == "byzsgd: the key \(keys.file(of: "server-0")) is not the one that \(topology) lists for server-0: "
        + "its public key is \(wrong), listed is \(listed); put the secret key of that one there, or list this one in "
        + "everybody's topology\n")
    #expect(chmod(keys.file(of: "server-0"), 0o640) == 0)
    #expect(try node().errors.contains("others may read the secret key"))
    #expect(try node("--keys", "").errors.contains("--keys is empty"))
  }
}

@Suite struct InitTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/topology.yaml"
  }

  @Test func fromNothingToATopologyWithKeys() throws {
    let result = try Program.run(
      "init", "--host", "alpha", "--host", "ada@beta", "--servers", "5", "--workers", "7", "--data",
      "\(Program.root)/Datasets/mnist", "--output", path)
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    for part in [
      "wrote \(path): 5 servers of which 1 may be Byzantine, 7 workers of which 2 may be, on 2 hosts",
      "byzsgd keys \(path)", "byzsgd check \(path)", "byzsgd node server-0 \(path)", "--over ssh",
    ] {
      #expect(result.output.contains(part), "\(result.output)")
    }
    // It cannot be run without keys by accident.
    let unprotected = try Program.run("check", path)
    #expect(unprotected.status == 64 && unprotected.errors.contains("make keys with byzsgd keys"))
    #expect(try Program.run("keys", path).status == 0)
    let check = try Program.run("check", path)
    #expect(
      check.status == 0 && check.output.contains("host: \"ada@beta\", address: \"tcp://beta:7001\""), "\(check.errors)")
  }

  @Test func nothingIsOverwritten() throws {
    _ = try folder.write("precious", to: "topology.yaml")
    let result = try Program.run("init", "--host", "alpha", "--servers", "5", "--workers", "7", "--output", path)
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(
      result.errors == "byzsgd: \(path) is there already and is not overwritten; name another file with --output\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test(arguments: [
    ("--servers 5 --workers 7", "--host: name at least one machine"),
    (
      "--host alpha:22 --servers 5 --workers 7", "--host 'alpha:22': must be a machine's name or address without a port"
    ),
    ("--host alpha --servers 5", "Missing expected argument '--workers"),
    ("--host alpha --servers 5 --workers 7 --byzantine-servers 2", "n_ps >= 3 f_ps + 2 does not hold"),
    ("--host alpha --servers 5 --workers 7 --port 65535", "--port 65535: the 5 servers listen at ports"),
    ("--host alpha --servers five --workers 7", "The value 'five' is invalid"),
    ("--host alpha --servers 5 --workers 7 --output /nowhere/t.yaml", "cannot write /nowhere/t.yaml: No such file"),
  ])
  func wrongUsage(options: String, message: String) throws {
    let words = options.split(separator: " ").map(String.init)
    let result = try Running(["init"] + (options.contains("--output") ? words : words + ["--output", path])).wait()
    #expect(result.status == 64 && result.output.isEmpty && result.errors.contains(message), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
