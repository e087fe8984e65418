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
}
