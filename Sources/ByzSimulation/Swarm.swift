import ByzGradients
import ByzProtocol
import ByzTopology

/// Swarm tests: many small runs, each drawn from a seed of its own, under schedules as hostile as the declared bounds
/// permit.
public enum Swarm {
  /// A scenario in which something happened that must not happen.
  public struct Finding: Sendable {
    public let seed: UInt64
    public let topology: Topology
    public let violations: [Violation]

    /// Whether this is the stall that the protocol leaves possible below q_ps = 3 f_ps + 1, when a server is faulty, or in a
    /// synchronous run so few are left that nobody can rejoin; see `Quorums.warnings`.
    public var isKnownStall: Bool {
      // While Delta holds nobody is left behind.
      if Simulation.holdsDelta(topology) { return false }
      let servers = topology.quorums.servers
      let faulty = Array(topology.faults.keys) + topology.schedule.restarts.map(\.node)
      let isPossible = faulty.contains { $0.role == .server } || !topology.quorums.canRejoin
      return servers.quorum < 3 * servers.byzantine + 1 && isPossible
        && violations.allSatisfy { $0.invariant == .liveness }
    }
  }

  /// How many of the scenarios are run twice, to see that the same seed gives the same run: one of so many.
  private static let repeatedScenarios: UInt64 = 50

  /// Which scenarios are drawn.
  package enum Kind: Sendable { case asynchronous, synchronous }

  /// Runs the scenario of `seed`, with a mistake in all machines if there is a `bug`, and says what went wrong in it.
  package static func test(
    _ kind: Kind = .asynchronous, seed: UInt64, steps: Int? = nil, planting bug: PlantedBug? = nil
  ) -> (Topology, Finding?) {
    let topology =
      switch kind {
      case .asynchronous: scenario(seed: seed, steps: steps)
      case .synchronous: synchronousScenario(seed: seed, steps: steps)
      }
    let result = run(topology, planting: bug)
    var violations = result.violations
    if violations.isEmpty, seed % repeatedScenarios == 0, run(topology, planting: bug).digest != result.digest {
      violations.append(
        Violation(
          invariant: .determinism, time: result.end, node: nil, sentence: "run again, something else happened"))
    }
    return (topology, violations.isEmpty ? nil : Finding(seed: seed, topology: topology, violations: violations))
  }

  /// Runs a scenario, whose gradients are analytic; `observe` is told of everything that happens.
  package static func run(
    _ topology: Topology, planting bug: PlantedBug? = nil, observe: ((Occurrence) -> Void)? = nil
  ) -> Simulation.Result {
    do {
      var simulation = try Simulation(of: topology, planting: bug, observer: observe) { worker in
        guard case .analytic(let problem) = topology.model else {
          preconditionFailure("a scenario has an analytic model")
        }
        return problem.gradientSource(
          seed: topology.seed, worker: worker.index, batch: topology.batch, workers: topology.quorums.workers.count)
      }
      return try simulation.run()
    } catch {
      preconditionFailure("a formula cannot fail, but: \(error)")
    }
  }
}
