import ByzSimulation
import Testing

/// Swarm scenarios under fixed seeds.
@Suite struct SwarmTests {
  @Test(arguments: 0..<20) func scenarioHoldsAllInvariants(seed: Int) {
    let (_, finding) = Swarm.test(seed: UInt64(seed))
    #expect(finding == nil || finding?.isKnownStall == true)
  }
}
