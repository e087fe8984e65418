import ByzProtocol
import ByzTopology
import Testing

@testable import ByzSimulation

/// Findings of planted mistakes, made smaller.
@Suite struct ShrinkTests {
  /// The first scenario that finds `bug`.
  private func finding(of bug: PlantedBug) throws -> Swarm.Finding {
    for seed in 0..<200 as Range<UInt64> {
      if let finding = Swarm.test(seed: seed, steps: 40, planting: bug).1, !finding.isKnownStall { return finding }
    }
    return try #require(nil, "no scenario finds \(bug)")
  }

  @Test(arguments: [PlantedBug.countedTwice, .trustedClaim, .staleMomentum, .noLingering])
  func aSmallerScenarioShowsTheSame(bug: PlantedBug) throws {
    let finding = try finding(of: bug)
    let smallest = Swarm.shrink(finding, planting: bug, limit: 150)
    #expect(smallest.violations.first?.invariant == finding.violations.first?.invariant)
    #expect(zip(sizes(smallest.topology), sizes(finding.topology)).allSatisfy { $0 <= $1 })
    #expect(smallest.topology != finding.topology)
    #expect(smallest.seed == finding.seed)
    // It is as legal as before: what it shows is not that more nodes are faulty than declared.
    let quorums = smallest.topology.quorums
    #expect(quorums.violations(under: smallest.topology.rule, in: .asynchronous).isEmpty)
    for (role, group) in [(Role.server, quorums.servers), (.worker, quorums.workers)] {
      #expect(smallest.topology.faults.keys.count { $0.role == role } <= group.byzantine)
    }

    // Whoever gets the file sees the same.
    let read = try Topology(yaml: smallest.topology.yaml, file: "finding.yaml")
    #expect(read == smallest.topology)
    #expect(Swarm.run(read, planting: bug).violations == smallest.violations)
    #expect(Swarm.run(read).violations != smallest.violations)
  }

  @Test func withoutRunsNothingChanges() throws {
    let finding = try finding(of: .staleMomentum)
    let same = Swarm.shrink(finding, planting: .staleMomentum, limit: 0)
    #expect(same.topology == finding.topology && same.violations == finding.violations)
  }

  /// A run in which only something else goes wrong is no smaller form of a finding.
  @Test func anotherInvariantIsAnotherFinding() throws {
    let finding = try finding(of: .staleMomentum)
    #expect(finding.violations.allSatisfy { $0.invariant == .quorum })
    let survival = Violation(invariant: .survival, time: .start, node: nil, sentence: "")
    let other = Swarm.Finding(seed: finding.seed, topology: finding.topology, violations: [survival])
    #expect(Swarm.shrink(other, planting: .staleMomentum, limit: 6).topology == finding.topology)
  }

  /// Steps, nodes, faults, and what the schedule is made of.
  private func sizes(_ topology: Topology) -> [Int] {
    let schedule = topology.schedule
    return [
      topology.training.steps, topology.quorums.servers.count, topology.quorums.workers.count,
      topology.quorums.servers.byzantine, topology.quorums.workers.byzantine, topology.faults.count,
      schedule.late == nil ? 0 : 1, schedule.loss == nil ? 0 : 1, schedule.slow.count, schedule.cuts.count,
      schedule.cuts.map(\.nodes.count).reduce(0, +), schedule.restarts.count, schedule.adversary == nil ? 0 : 1,
    ]
  }
}
