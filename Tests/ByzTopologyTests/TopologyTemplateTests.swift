import ByzKeys
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzTopology

/// New topologies for some hosts.
@Suite struct TopologyTemplateTests {
  private func read(_ template: TopologyTemplate) throws -> Topology {
    try Topology(yaml: template.yaml(file: "/f/t.yaml"), file: "/f/t.yaml", overriding: ["security=none"])
  }

  private func refusal(_ template: TopologyTemplate) -> String? {
    do {
      _ = try template.yaml(file: "t.yaml")
      return nil
    } catch {
      return error.description
    }
  }

  @Test func nodesAreSpreadOverTheHosts() throws {
    var template = TopologyTemplate(hosts: ["alpha", "ada@beta.example", "192.0.2.7"], servers: 5, workers: 7)
    template.port = 9000
    let topology = try read(template)
    #expect(topology.quorums.servers.byzantine == 1 && topology.quorums.workers.byzantine == 2)
    #expect(
      topology.quorums.serverIDs.map { topology.nodes[$0]?.host } == [
        "alpha", "ada@beta.example", "192.0.2.7", "alpha", "ada@beta.example",
      ])
    #expect(
      topology.quorums.serverIDs.map { topology.nodes[$0]?.address } == [
        "tcp://alpha:9000", "tcp://beta.example:9001", "tcp://192.0.2.7:9002", "tcp://alpha:9003",
        "tcp://beta.example:9004",
      ])
    // libzmq listens at addresses and interfaces, not at names of machines.
    #expect(
      topology.quorums.serverIDs.map { topology.nodes[$0]?.bind } == [
        "tcp://*:9000", "tcp://*:9001", nil, "tcp://*:9003", "tcp://*:9004",
      ])
    #expect(topology.nodes[.worker(5)] == NodePlace(host: "192.0.2.7"))
    #expect(topology.faults.isEmpty && topology.name == "mnist" && topology.missingKeys == 12)
  }

  /// The same job as the topology that comes with the project.
  @Test func theJobIsTheDocumentedOne() throws {
    let topology = try read(TopologyTemplate(hosts: ["127.0.0.1"], servers: 5, workers: 7))
    let documented = try Examples.read(Examples.documented, set: ["faults={}"])
    #expect(topology.digest == documented.digest && topology.patience == documented.patience)
    guard case .network(_, let data) = topology.model else {
      Issue.record("no network")
      return
    }
    #expect(data.path == "/f/Datasets/mnist" && topology.evaluateEvery == documented.evaluateEvery)
    #expect(
      try Topology(yaml: TopologyTemplate(hosts: ["::1"], servers: 2, workers: 1).yaml(file: "t.yaml"), file: "t.yaml")
        .security == .none)
  }

  @Test(arguments: [
    ("2001:db8::1", "2001:db8::1", "tcp://[2001:db8::1]:7000"),
    ("[2001:db8::1]", "2001:db8::1", "tcp://[2001:db8::1]:7000"),
    ("ada@::1", "ada@::1", "tcp://[::1]:7000"), ("localhost", "127.0.0.1", "tcp://127.0.0.1:7000"),
    ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "tcp://[::ffff:192.0.2.1]:7000"),
  ])
  func addresses(host: String, name: String, address: String) throws {
    let topology = try read(TopologyTemplate(hosts: [host], servers: 1, workers: 1))
    #expect(topology.nodes[.server(0)] == NodePlace(host: name, address: address))
  }

  @Test(arguments: [
    "", "alpha:22", "a b", "-oProxyCommand=x", "@beta", "ada@", "a@b@c", "fe80::1%eth0", "tcp://alpha", "*", "[]",
    "a\"b", "ä",
    "ada@-x", ".x", String(repeating: "a", count: 254),
  ])
  func badHosts(host: String) {
    let text = refusal(TopologyTemplate(hosts: ["alpha", host], servers: 5, workers: 7))
    #expect(text?.hasPrefix("--host '") == true && text?.contains("must be a machine's name or address") == true)
  }

  @Test func badNumbers() {
    func refusal(_ change: (inout TopologyTemplate) -> Void) -> String? {
      var template = TopologyTemplate(hosts: ["alpha"], servers: 5, workers: 7)
      change(&template)
      return self.refusal(template)
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.hosts = [] }?.hasPrefix("--host: name at least one machine") == true)
    #expect(refusal { $0.servers = 0 } == "--servers must be from 1 to 1000, not 0")
    #expect(refusal { $0.workers = 1001 } == "--workers must be from 1 to 1000, not 1001")
    #expect(refusal { $0.byzantineWorkers = -1 } == "--byzantine-workers must be from 0 to 1000, not -1")
    #expect(
      refusal { $0.byzantineServers = 2 }
        == "--servers 5 --workers 7: n_ps >= 3 f_ps + 2 does not hold: 5 servers of which 2 may be Byzantine need at least 8 "
        + "servers")
    #expect(refusal { $0.byzantineWorkers = 3 }?.contains("n_w >= 3 f_w + 1 does not hold") == true)
    #expect(refusal { $0.port = 65_532 }?.hasPrefix("--port 65532: the 5 servers listen") == true)
    #expect(refusal { $0.port = 65_531 } == nil && refusal { $0.port = 0 } != nil)
    #expect(refusal { $0.name = "a/b" }?.hasPrefix("--name must be") == true)
    #expect(refusal { $0.dataPath = "" } == "--data must be a path, not ''")
  }

  /// Whatever the numbers, hosts and paths, the file can be read, also once it has its keys.
  @Test(arguments: 0..<200) func drawnTopologies(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let known = ["alpha", "b-1.example.org", "10.0.0.1", "fd00::7", "grace@gamma", "null", "1e5", "a_b"]
    let hosts = known.shuffled(using: &generator).prefix(Int.random(in: 1...8, using: &generator))
    var template = TopologyTemplate(
      hosts: Array(hosts), servers: Int.random(in: 1...20, using: &generator),
      workers: Int.random(in: 1...40, using: &generator))
    template.dataPath = ["/d", "../x: y #", "a\"b\\c", "é", "~", "*a", "- b"].randomElement(using: &generator)!
    template.name = ["mnist", "null", "5", "a.b-c"].randomElement(using: &generator)!
    let topology = try read(template)
    #expect(topology.quorums.servers.count == template.servers && topology.quorums.workers.count == template.workers)
    #expect(topology.quorums.servers.byzantine == max(0, (template.servers - 2) / 3))
    #expect(topology.quorums.workers.byzantine == (template.workers - 1) / 3)
    #expect(topology.name == template.name)
    for (id, place) in topology.nodes { #expect(place.host == hosts[id.index % hosts.count]) }
    let keys = topology.nodes.mapValues { _ in SecretKey().publicKey }
    let text = try TopologyDraft(yaml: template.yaml(file: "/f/t.yaml"), file: "/f/t.yaml").inserting(keys)
    #expect(try Topology(yaml: text, file: "/f/t.yaml").publicKeys == keys)
  }
}

extension Topology {
  fileprivate var missingKeys: Int { nodes.values.count { $0.publicKey == nil } }
}
