import ByzAdversary
import ByzProtocol
import Testing

@testable import ByzTopology

/// How the faulty nodes of a real run learn of honest momentums.
@Suite struct CastTests {
  private func topology(_ faults: String, servers: String = "{count: 5, byzantine: 1}") throws -> Topology {
    try Examples.read(
      """
      model: {analytic: quadratic}
      servers: \(servers)
      workers: {count: 7, byzantine: 2}
      faults: \(faults)
      """)
  }

  private func nodes(_ address: String, bus: String = "") -> String {
    let entries = (0..<5).map { "{id: server-\($0), address: '\(address)\($0)'\($0 == 4 ? bus : "")}" }
    return "{byzantine: 1, nodes: [\(entries.joined(separator: ", "))]}"
  }

  private func isBus(_ topology: Topology) -> Bool { if case .bus = topology.cast.channel { true } else { false } }

  @Test func besideASocketThereIsABus() throws {
    let local = try topology("{server-4: random, worker-6: mimic}", servers: nodes("ipc:///run/"))
    #expect(local.buses == [.server(4): "ipc:///run/4.bus"] && isBus(local))
    let placed = try topology("{server-4: random, worker-6: mimic}").placing([.server(4): "ipc:///run/x"])
    #expect(placed.buses == [.server(4): "ipc:///run/x.bus"] && isBus(placed))
  }

  @Test func elsewhereTheTopologyNamesIt() throws {
    let silent = try topology("{server-4: random, worker-6: mimic}", servers: nodes("tcp://localhost:700"))
    #expect(silent.buses.isEmpty && !isBus(silent))
    let named = try topology(
      "{server-4: random, worker-6: mimic}", servers: nodes("tcp://localhost:700", bus: ", bus: 'tcp://localhost:8000'")
    )
    #expect(named.buses == [.server(4): "tcp://localhost:8000"] && isBus(named))
  }

  @Test(arguments: [
    // Nobody to listen, nobody to tell, nobody who would.
    "{server-4: random, worker-6: reversed}", "{worker-6: mimic}", "{server-4: slow, worker-6: mimic}",
    "{server-4: random, server-3: little-is-enough}", "{}",
  ])
  func otherwiseThereIsNone(faults: String) throws {
    let topology = try topology(faults, servers: nodes("ipc:///run/"))
    #expect(topology.buses.isEmpty && !isBus(topology))
  }

  @Test func mistakes() {
    func problems(server: String, worker: String) -> [String] {
      Examples.problems(
        """
        model: {analytic: quadratic}
        servers: {nodes: [{id: server-0, address: 'tcp://localhost:1'\(server)}]}
        workers: {nodes: [{id: worker-0\(worker)}]}
        """)
    }
    #expect(
      problems(server: "", worker: ", bus: 'tcp://localhost:2'") == [
        "mnist.yaml:3: workers.nodes.0.bus: only a server tells others what it gets; leave it out"
      ])
    #expect(
      problems(server: ", bus: 'tcp://localhost:1'", worker: "") == [
        "mnist.yaml:2: servers.nodes.0.bus: 'tcp://localhost:1' is already the address of server-0"
      ])
  }
}
