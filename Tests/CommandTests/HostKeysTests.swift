import ByzKeys
import Foundation
import Testing

/// Which host gets which secret keys, and for how long.
@Suite(.serialized) struct HostKeysTests {
  private func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test func eachHostGetsItsOwnSecretsForTheRun() throws {
    let hosts = try Hosts(keys: "keys")
    let run = try hosts.launch("--set", "training.steps=100000")
    #expect(run.waits(for: "steps/s"))
    for name in Hosts.names {
      let keys = "\(try hosts.remoteFolder(name))/keys"
      let own = Hosts.nodes.filter { Hosts.host(of: $0) == name }
      #expect(try FileManager.default.contentsOfDirectory(atPath: keys).sorted() == own.map { "\($0).secret" })
      #expect(try permissions(keys) == 0o700)
      for node in own {
        #expect(try permissions("\(keys)/\(node).secret") == 0o600)
        let (here, there) = ("\(hosts.folder.path)/keys/\(node).secret", "\(keys)/\(node).secret")
        #expect(
          try KeyFolder(path: keys).secretKey(of: node).publicKey
            == KeyFolder(path: "\(hosts.folder.path)/keys").secretKey(of: node).publicKey)
        #expect(FileManager.default.contentsEqual(atPath: here, andPath: there))
      }
    }
    run.process.interrupt()
    let result = try run.wait()
    #expect(result.status == 130)
    // Nothing of them is left on the hosts, in the run directory or on the terminal.
    let secrets = try Hosts.nodes.map {
      try String(contentsOfFile: "\(hosts.folder.path)/keys/\($0).secret", encoding: .utf8).dropLast()
    }
    try FileManager.default.removeItem(atPath: "\(hosts.folder.path)/keys")
    for path in try FileManager.default.subpathsOfDirectory(atPath: hosts.folder.path) {
      guard let data = FileManager.default.contents(atPath: "\(hosts.folder.path)/\(path)") else { continue }
      let text = String(decoding: data, as: UTF8.self)
      #expect(!secrets.contains { text.contains($0) }, "\(path)")
    }
    #expect(!secrets.contains { result.errors.contains($0) || result.output.contains($0) })
  }

  @Test func missingAndWrongKeysAreNamed() throws {
    let hosts = try Hosts(keys: "secrets")
    let missing = try hosts.launch().wait()
    #expect(missing.status == 64, "\(missing.errors)")
    for node in Hosts.nodes {
      #expect(missing.errors.contains("cannot read the secret key \(hosts.folder.path)/keys/\(node).secret"))
    }
    let keys = "\(hosts.folder.path)/secrets"
    try FileManager.default.removeItem(atPath: "\(keys)/worker-6.secret")
    _ = try KeyFolder(path: keys).makeSecretKey(of: "worker-6")
    let wrong = try hosts.launch("--keys", keys).wait()
    #expect(
      wrong.status == 64
        && wrong.errors.hasPrefix("byzsgd: the key \(keys)/worker-6.secret is not the one that "),
      "\(wrong.errors)")
    #expect(!FileManager.default.fileExists(atPath: hosts.files.path))
  }

  /// On one machine links are protected, too, if the topology has keys.
  @Test func launchHereReadsKeys() throws {
    let hosts = try Hosts(keys: "secrets")
    let without = try Program.run("launch", hosts.topology, "--quiet", "--run-directory", hosts.files.path)
    #expect(without.status == 64 && without.errors.contains("keys/server-0.secret"), "\(without.errors)")
    let result = try Program.run(
      "launch", hosts.topology, "--keys", "\(hosts.folder.path)/secrets", "--quiet", "--run-directory",
      hosts.files.path)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try hosts.files.summary().outcome == .completed)
  }

  /// A node that is alone says whom it waits for, and why.
  @Test func aNodeSaysWhomItWaitsFor() throws {
    let hosts = try Hosts(keys: "keys")
    let node = try Running(["node", "worker-0", hosts.topology, "--run-directory", hosts.files.path])
    #expect(node.waits(for: "a step needs 4 of 5 servers; nothing from server-0 (tcp://127.0.0.1:"))
    #expect(node.waits(for: "cannot be reached)"))
    node.process.interrupt()
    #expect(try node.wait().status == 130)
  }
}
