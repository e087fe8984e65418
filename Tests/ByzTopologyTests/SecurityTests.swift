import ByzKeys
import ByzProtocol
import Testing

@testable import ByzTopology

/// What protects the links, and that it cannot be left out by accident.
@Suite struct SecurityTests {
  private static let keys = (0..<4).map { PublicKey(bytes: [UInt8](repeating: UInt8($0 + 1), count: 32))! }

  /// Two servers at `address` and its neighbour, two workers; each has its key unless it is left out.
  private func text(
    at host: String = "192.0.2.1", bind: String = "", keyless: Set<Int> = [], twice: Bool = false, security: String = ""
  ) -> String {
    func key(_ index: Int) -> String {
      keyless.contains(index) ? "" : ", public_key: \"\(Self.keys[twice && index == 3 ? 0 : index])\""
    }
    return """
      model: {analytic: quadratic}
      \(security)
      servers:
        nodes:
          - {id: server-0, address: "tcp://\(host):7000"\(key(0))}
          - {id: server-1, address: "tcp://\(host):7001"\(key(1))\(bind)}
      workers:
        nodes:
          - {id: worker-0, host: ada@b.example\(key(2))}
          - {id: worker-1\(key(3))}
      """
  }

  private let none: Set<Int> = [0, 1, 2, 3]

  @Test func keysProtectTheLinks() throws {
    let topology = try Examples.read(text())
    #expect(topology.security == .curve && topology.publicKeys.count == 4)
    #expect(topology.publicKeys[.worker(1)] == Self.keys[3])
    #expect(topology.nodes[.worker(0)]?.host == "ada@b.example")
    #expect(!topology.warnings.contains { $0.contains("security") })
    #expect(try Examples.read(text(security: "security: curve")) == topology)
    #expect(try Examples.read(topology.yaml) == topology)
  }

  @Test(arguments: ["192.0.2.1", "host", "[2001:db8::1]", "127.example.org", "localhost.example.org", "0.0.0.0"])
  func addressesOfTheNetworkNeedKeys(host: String) {
    #expect(
      Examples.problems(text(at: host, keyless: none)) == [
        "mnist.yaml:5: servers.nodes.0.address: 'tcp://\(host):7000' can be reached from other machines, and server-0 would "
          + "believe whoever reaches it: make keys with byzsgd keys, or say security: none"
      ])
  }

  @Test(arguments: ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
  func thoseOfThisMachineDoNot(host: String) throws {
    let topology = try Examples.read(text(at: host, keyless: none))
    #expect(topology.security == .none && topology.publicKeys.isEmpty)
    #expect(!topology.warnings.contains { $0.contains("security") })
  }

  @Test(arguments: ["*", "0.0.0.0", "[::]", "eth0"])
  func listeningToTheNetworkNeedsKeys(interface: String) {
    let bind = ", bind: \"tcp://\(interface):7001\""
    let problems = Examples.problems(text(at: "127.0.0.1", bind: bind, keyless: none))
    #expect(problems.count == 1)
    #expect(
      problems.first?.hasPrefix("mnist.yaml:6: servers.nodes.1.bind: 'tcp://\(interface):7001' can be reached") == true)
  }

  @Test func noneIsSpelledOutAndLoud() throws {
    let topology = try Examples.read(text(keyless: none, security: "security: none"))
    #expect(topology.security == .none)
    #expect(topology.warnings.contains { $0.contains("NEITHER AUTHENTICATED NOR ENCRYPTED") })
    // As to measure what keys cost.
    let without = try Examples.read(text(), set: ["security=none"])
    #expect(without.publicKeys.isEmpty && without.warnings == topology.warnings)
    #expect(without.digest == topology.digest)
  }

  @Test func everyNodeNeedsAKeyOfItsOwn() {
    #expect(
      Examples.problems(text(keyless: [2])) == [
        "mnist.yaml:1: security: worker-0 has no public_key; with keys each node, listed under nodes, needs one: make them "
          + "with byzsgd keys, or say security: none"
      ])
    let all = Examples.problems(text(at: "127.0.0.1", keyless: none, security: "security: curve"))
    #expect(all.count == 1 && all[0].hasPrefix("mnist.yaml:2: security: server-0 and 3 more nodes have no public_key;"))
    #expect(
      Examples.problems(text(twice: true)) == [
        "mnist.yaml:10: workers.nodes.1.public_key: this is already the key of server-0"
      ])
  }

  @Test func badFields() {
    func problems(_ old: String, _ new: String) -> [String] { Examples.problems(text().replacing(old, with: new)) }
    #expect(
      problems("\(Self.keys[0])", "abc") == [
        "mnist.yaml:5: servers.nodes.0.public_key: must be the 40 characters that byzsgd keys prints, in double quotes, not "
          + "'abc'"
      ])
    for name in ["-oProxyCommand=x", "a b", "", "a;b", "a$b"] {
      #expect(
        problems("ada@b.example", "'\(name)'") == [
          "mnist.yaml:9: workers.nodes.0.host: must be the name of a machine, or USER@NAME, not '\(name)'"
        ])
    }
    #expect(
      Examples.problems(text(security: "security: curv")) == [
        "mnist.yaml:2: security: must be curve or none, not 'curv'"
      ])
  }

  @Test func theDigestCoversKeys() throws {
    let topology = try Examples.read(text())
    let other = PublicKey(bytes: [UInt8](repeating: 9, count: 32))!
    let changed = try Examples.read(text().replacing("\(Self.keys[3])", with: "\(other)"))
    #expect(topology.digest != changed.digest)
    #expect(
      topology.agreement.hasSuffix(
        "retained steps 3\nkey server-0 \(Self.keys[0])\nkey server-1 \(Self.keys[1])\nkey worker-0 \(Self.keys[2])\nkey worker-1 \(Self.keys[3])\n"
      ))
    // Where a node runs is its own business.
    #expect(try Examples.read(text().replacing("192.0.2.1", with: "192.0.2.9")).digest == topology.digest)
  }
}
