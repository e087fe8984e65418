import ByzTopology
import Foundation
import Testing

@testable import ByzSimulation

/// Scenarios that once showed a mistake, kept as small topologies: a change in how scenarios are drawn does not lose them.
@Suite struct PinnedTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/Pinned"

  private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

  private static func run(_ name: String) throws -> (Topology, Simulation.Result) {
    let topology = try Topology(file: "\(folder)/\(name).yaml")
    return (topology, Swarm.run(topology))
  }

  /// Each of them stalled before the machines were mended.
  @Test(arguments: names.filter { $0 != "known-stall" }) func holdsNow(name: String) throws {
    let (topology, result) = try Self.run(name)
    #expect(result.violations.isEmpty, "\(result.violations)")
    #expect(result.steps.allSatisfy { topology.faults[$0.key] != nil || $0.value == topology.training.steps })
  }

  @Test func allArePinned() { #expect(Self.names.count == 7) }

  /// q_ps = 6 is below 3 f_ps + 1 = 7: two servers that take part until two honest ones are left behind, and then fall
  /// silent, leave four honest ones ahead, and five models are needed to rejoin. It stays safe.
  @Test func knownStallRemains() throws {
    let (topology, result) = try Self.run("known-stall")
    #expect(result.violations.map(\.invariant) == [.liveness])
    #expect(Swarm.Finding(seed: 0, topology: topology, violations: result.violations).isKnownStall)
    #expect(topology.warnings.contains { $0.contains("q_ps = 6 is below 3 f_ps + 1 = 7") })
    let behind = result.steps.filter { $0.key.role == .server && topology.faults[$0.key] == nil && $0.value < 11 }
    #expect(behind.count == 2)
  }

  /// What happened in this scenario, to the bit, in every build and on every platform: its gradients use no mathematics
  /// library. A deliberate change of the machines or the simulator changes it.
  @Test func digestIsPinned() throws {
    let (_, result) = try Self.run("worker-wants-a-forgotten-step")
    #expect(result.digest == "435b64824cfe329b")
  }
}
