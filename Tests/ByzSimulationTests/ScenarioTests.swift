import ByzAdversary
import ByzProtocol
import ByzTopology
import Testing

@testable import ByzSimulation

/// What scenarios are drawn.
@Suite struct ScenarioTests {
  private static let scenarios = (0..<2000).map { Swarm.scenario(seed: $0) }

  @Test func everyScenarioKeepsToTheDeclaredBounds() {
    for topology in Self.scenarios {
      let quorums = topology.quorums
      #expect(quorums.violations(under: topology.rule, in: .asynchronous).isEmpty, "seed \(topology.seed)")
      for (role, group) in [(Role.server, quorums.servers), (.worker, quorums.workers)] {
        #expect(topology.faults.keys.count { $0.role == role } <= group.byzantine, "seed \(topology.seed)")
      }
      for (node, fault) in topology.faults {
        #expect(quorums.contains(node), "seed \(topology.seed)")
        #expect(FaultCatalogue.violation(of: fault, on: node) == nil, "seed \(topology.seed)")
      }
    }
  }

  /// A file is how anybody else gets to see one.
  @Test func everyScenarioIsReadBackFromItsFile() throws {
    for topology in Self.scenarios {
      #expect(try Topology(yaml: topology.yaml, file: "scenario.yaml") == topology, "seed \(topology.seed)")
    }
  }

  @Test func theSeedDecides() {
    for seed in 0..<50 as Range<UInt64> { #expect(Swarm.scenario(seed: seed) == Self.scenarios[Int(seed)]) }
    #expect(Set(Self.scenarios.map { $0.yaml.split(separator: "\n").dropFirst(2).joined() }).count > 1990)
  }

  @Test func stepsCanBeGiven() {
    #expect((0..<50).allSatisfy { Swarm.scenario(seed: $0, steps: 7).training.steps == 7 })
    let steps = Set(Self.scenarios.map(\.training.steps))
    #expect(steps.subtracting([100]).isSubset(of: 1...20) && steps.count == 21)
    // One of ten has fewer than 100, give or take six deviations.
    #expect((120...280).contains(Self.scenarios.count { $0.training.steps < 100 }))
  }

  @Test func sizesAreAsVariousAsSaid() {
    func values(_ value: (Topology) -> Int) -> Set<Int> { Set(Self.scenarios.map(value)) }
    let (servers, workers) = (values { $0.quorums.servers.count }, values { $0.quorums.workers.count })
    #expect(servers == Set([1] + (2...14)))
    #expect(workers == Set(1...20))
    #expect(values { $0.quorums.servers.byzantine } == Set(0...4))
    #expect(values { $0.quorums.workers.byzantine } == Set(0...6))
    let gathers = values { $0.training.gatherEvery }
    #expect(gathers.min() == 1 && gathers.max() == 50)
    #expect(values { $0.patience.retainedSteps } == [2, 3, 5])
    #expect(Set(Self.scenarios.map(\.aggregation.description)) == ["mda", "median"])
    // Quorums of the least, of the most, and between.
    let slack = values { $0.quorums.servers.quorum - 2 * $0.quorums.servers.byzantine - 2 }
    #expect(slack.contains(0) && slack.contains(1) && slack.contains(2))
  }

  @Test func everythingThatCanGoWrongOccurs() {
    let schedules = Self.scenarios.map(\.schedule)
    let names = Set(Self.scenarios.flatMap { $0.faults.values.flatMap { $0.parts.map(\.name) } })
    #expect(names == ["reversed", "random", "crash", "partial", "little-is-enough", "arbitrary"])
    #expect(schedules.contains { $0.late != nil } && schedules.contains { $0.loss != nil })
    #expect(schedules.contains { !$0.slow.isEmpty })
    let cuts = schedules.flatMap(\.cuts)
    for direction in Schedule.Cut.Direction.allCases {
      for isLossy in [true, false] {
        #expect(cuts.contains { $0.direction == direction && $0.isLossy == isLossy })
      }
    }
    #expect(Set(schedules.flatMap(\.restarts).map(\.node.role)) == Set(Role.allCases))
    let adversaries = schedules.compactMap(\.adversary)
    #expect(Set(adversaries.map(\.starves)) == Set(Schedule.NetworkAdversary.Target.allCases))
    let desertions = Set(adversaries.map(\.deserts))
    #expect(desertions == Set([nil] + (1...6).map { .gap($0) } + (1...4).map { .rejoin($0) }))
    // And once in a while nothing does.
    #expect(schedules.contains { $0.cuts.isEmpty && $0.restarts.isEmpty && $0.adversary == nil && $0.late == nil })
  }
}
