import Testing

@testable import ByzTopology

@Suite struct NodeListTests {
  @Test(arguments: [
    (
      "server-1", "server-2",
      "mnist.yaml:6: servers.nodes.0.id: 'server-2' is not server-0 to server-1, which a list of 2 must name"
    ),
    (
      "server-1", "worker-1",
      "mnist.yaml:6: servers.nodes.0.id: 'worker-1' is not server-0 to server-1, which a list of 2 must name"
    ),
    ("server-1", "server-0", "mnist.yaml:7: servers.nodes.1.id: 'server-0' is listed twice"),
    ("id: server-1, ", "", "mnist.yaml:6: servers.nodes.0.id: missing; give the node's name, such as server-0"),
    (
      ", address: \"tcp://[2001:db8::1]:7000\"", "",
      "mnist.yaml:7: servers.nodes.1.address: missing; give where the others reach this server, as tcp://HOST:PORT"
    ),
    (
      "tcp://[2001:db8::1]:7000", "tcp://192.0.2.11:7000",
      "mnist.yaml:7: servers.nodes.1.address: 'tcp://192.0.2.11:7000' is already the address of server-1"
    ),
    (
      "ipc://worker-2.sock", "tcp://192.0.2.11:7000",
      "mnist.yaml:11: workers.nodes.1.address: 'tcp://192.0.2.11:7000' is already the address of server-1"
    ),
    (
      "tcp://192.0.2.11:7000", "tcp://*:7000",
      "mnist.yaml:6: servers.nodes.0.address: must be tcp://HOST:PORT with a port from 1 to 65535, or ipc://PATH, not 'tcp://*:7000'"
    ),
    (
      "\"tcp://*:7000\"", "udp://x:1",
      "mnist.yaml:6: servers.nodes.0.bind: must be tcp://HOST (or *):PORT with a port from 1 to 65535, or ipc://PATH, not 'udp://x:1'"
    ),
    (
      "address: tcp://192.0.2.11:7000", "address: tcp://192.0.2.11:7000, adress: x",
      "mnist.yaml:6: servers.nodes.0.adress: unknown key; did you mean 'address'?"
    ),
    (
      "{id: worker-0}", "worker-0",
      "mnist.yaml:10: workers.nodes.0: must be a mapping with the keys id, host, address, bind, public_key, data, bus, not 'worker-0'"
    ),
    ("byzantine: 0", "count: 2", "mnist.yaml:5: servers.nodes: give either count or nodes, not both"),
    ("data: /scratch/mnist", "data: ''", "mnist.yaml:12: workers.nodes.2.data: must be a path, not ''"),
  ])
  func message(old: String, new: String, expected: String) {
    #expect(Examples.problems(Examples.listed.replacing(old, with: new)) == [expected])
  }

  @Test func wrongLists() {
    let text = Examples.smallest
    #expect(
      Examples.problems(text, set: ["workers={nodes: []}"]) == [
        "--set workers={nodes: []}: workers.nodes: must list 1 to 1000 nodes, not 0"
      ])
    #expect(
      Examples.problems(text, set: ["workers={nodes: 3}"]) == [
        "--set workers={nodes: 3}: workers.nodes: must be a list, not '3'"
      ])
  }

  @Test(arguments: [
    "tcp://host:1", "tcp://10.0.0.1:65535", "tcp://[::1]:7000", "tcp://a-b.c_d.example:80", "ipc:///run/x",
    "ipc://@name",
  ])
  func goodAddresses(text: String) throws {
    #expect(try Endpoint.parse(text, folder: "/f", binding: false).get() == text)
  }

  @Test(arguments: [
    "", "host:1", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:65536", "tcp://host:+1",
    "tcp://:1",
    "tcp://a b:1", "tcp://[::1:7", "tcp://::1:7", "tcp://-h:1", "tcp://*:7", "TCP://host:1", "ipc://", "ipc://*",
    "ipc://a\0b", "tcp://host:1/", "tcp://host:99999999999999999999",
  ])
  func badAddresses(text: String) {
    #expect(throws: Endpoint.Refusal.self) { try Endpoint.parse(text, folder: "/f", binding: false).get() }
  }

  @Test func socketPathsAreLimitedAfterResolution() throws {
    let name = String(repeating: "n", count: 104)
    #expect(try Endpoint.parse("ipc://\(name)", folder: "/f", binding: false).get() == "ipc:///f/\(name)")
    #expect(throws: Endpoint.Refusal.self) { try Endpoint.parse("ipc://\(name)n", folder: "/f", binding: false).get() }
    #expect(try Endpoint.parse("tcp://*:1", folder: "/f", binding: true).get() == "tcp://*:1")
  }
}
