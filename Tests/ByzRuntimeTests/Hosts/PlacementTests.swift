import ByzProtocol
import ByzTopology
import Foundation
import Testing

@testable import ByzRuntime

/// Which host runs what, and what is started to reach it.
@Suite struct PlacementTests {
  private func topology(servers: String, workers: String = "count: 1") throws -> Topology {
    try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 10}
        training: {steps: 5}
        security: none
        servers: {\(servers), byzantine: 0}
        workers: {\(workers), byzantine: 0}
        """, file: "test.yaml")
  }

  @Test func aServerRunsOnTheHostOfItsAddress() throws {
    let topology = try topology(
      servers: """
        nodes: [{id: server-0, address: "tcp://a:1"}, {id: server-1, host: ada@b, address: "tcp://a:2"},
        {id: server-2, address: "tcp://[::1]:3"}]
        """, workers: "nodes: [{id: worker-0, host: a}, {id: worker-1, host: a-1}]")
    let hosts = try topology.hosts()
    #expect(hosts.map(\.name) == ["a", "ada@b", "::1", "a-1"])
    #expect(hosts.map(\.nodes) == [[.server(0), .worker(0)], [.server(1)], [.server(2)], [.worker(1)]])
  }

  @Test func nodesWithoutAHostAreNamed() throws {
    #expect {
      try topology(servers: #"nodes: [{id: server-0, address: "tcp://a:1"}]"#, workers: "count: 2").hosts()
    } throws: { error in
      "\(error)".hasPrefix("no host is given for worker-0, worker-1: list the nodes")
    }
  }

  @Test func socketsServeOneHostOnly() throws {
    let servers = #"nodes: [{id: server-0, host: a, address: "ipc://s"}]"#
    #expect(try topology(servers: servers, workers: "nodes: [{id: worker-0, host: a}]").hosts().count == 1)
    #expect(throws: Topology.Unplaced.self) {
      try topology(servers: servers, workers: "nodes: [{id: worker-0, host: b}]").hosts()
    }
  }

  @Test func labelsNameFilesAndDiffer() {
    let names: [NodeID: String] = [
      .server(0): "..", .server(1): "a@b", .server(2): "a:b", .server(3): "a_b", .worker(0): "ä/",
    ]
    let labels = RemoteHost.hosts(of: names).map(\.label)
    #expect(labels == ["_..", "a_b", "a_b-2", "a_b-3", "__"])
  }

  @Test func wordsAreQuotedForTheShell() throws {
    let words = ["plain", "two words", "it's", "$HOME `x` \"y\"", "", "*", "~", "a\nb", "-n"]
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "printf '%s|' " + words.map(Reach.quoted).joined(separator: " ")]
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(String(decoding: data, as: UTF8.self) == words.map { "\($0)|" }.joined())
  }

  @Test func sshAsksForNothingAndTakesTheUsersOptionsFirst() {
    let words = Reach.ssh(command: "ssh -F 'my file'").command(["/a b/byzsgd", "host", "x"], on: "ada@h")
    #expect(words.prefix(4) == ["/bin/sh", "-c", "exec ssh -F 'my file' \"$@\"", "ssh"])
    #expect(words.contains("BatchMode=yes") && words.contains("-T") && words.contains("ConnectTimeout=10"))
    #expect(words.suffix(3) == ["--", "ada@h", "exec '/a b/byzsgd' host x"])
  }

  /// Each role is dealt out in turn; a server listens at its address, or everywhere if that is a name.
  @Test func nodesAreDealtOutToAnAllocation() throws {
    let topology = try topology(servers: "count: 5", workers: "count: 3")
    let keys = topology.makeKeys()
    let hosts: [Allocation.Host] = [
      // A name may look like a number.
      .init(name: "n1", address: "192.0.2.1"), .init(name: "n2", address: "fe.de"),
      .init(name: "n3", address: "2001:db8::3"),
    ]
    let placed = topology.placing(on: hosts, keys: keys)
    #expect(placed.security == .curve && placed.publicKeys.count == 8)
    #expect(
      (0..<5).map { placed.nodes[.server($0)]?.address } == [
        "tcp://192.0.2.1:7000", "tcp://fe.de:7001", "tcp://[2001:db8::3]:7002", "tcp://192.0.2.1:7003",
        "tcp://fe.de:7004",
      ])
    #expect(placed.nodes[.server(0)]?.bind == nil && placed.nodes[.server(1)]?.bind == "tcp://*:7001")
    #expect(
      try placed.hosts().map(\.nodes) == [
        [.server(0), .server(3), .worker(0)], [.server(1), .server(4), .worker(1)], [.server(2), .worker(2)],
      ])
    #expect(placed.nodes[.worker(1)]?.publicKey == keys[.worker(1)]?.publicKey)
    // What is written can be read.
    #expect(try Topology(yaml: placed.yaml, file: "placed.yaml") == placed)
  }
}
