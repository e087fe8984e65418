import ByzProtocol
import ByzTopology
import Dispatch
import Foundation
import Synchronization

extension Swarm {
  /// What a swarm test has seen so far.
  public struct Tally: Sendable {
    public var scenarios = 0
    /// The steps of all scenarios together.
    public var steps = 0
    /// In the order of their seeds, except for known stalls.
    public var findings: [Finding] = []
    /// The scenarios that ran into the stall that is known to be possible.
    public var knownStalls: [Finding] = []
  }

  /// Tests the scenarios of `seeds` on all processors.
  ///
  /// - Parameters:
  ///   - seeds: one scenario is drawn from each.
  ///   - steps: how many steps each scenario has; drawn if nil.
  ///   - stopAfter: begin no further scenario once so many findings are there.
  ///   - observe: is told how far it is, now and then, by one thread at a time; says whether to go on.
  public static func test(
    seeds: Range<UInt64>, steps: Int? = nil, stopAfter: Int = 1, observe: @escaping @Sendable (Tally) -> Bool
  ) -> Tally {
    test(seeds: seeds, steps: steps, planting: nil, stopAfter: stopAfter, observe: observe)
  }

  /// The same with a mistake in all machines.
  package static func test(
    _ kind: Kind = .asynchronous, seeds: Range<UInt64>, steps: Int? = nil, planting bug: PlantedBug?,
    stopAfter: Int = 1,
    observe: @escaping @Sendable (Tally) -> Bool
  ) -> Tally {
    let next = Mutex(seeds.lowerBound)
    let tally = Mutex((tally: Tally(), isStopped: false))
    let processors = ProcessInfo.processInfo.activeProcessorCount
    DispatchQueue.concurrentPerform(iterations: processors) { _ in
      while let seed = next.withLock({ next in take(&next, below: seeds.upperBound) }) {
        let (topology, finding) = test(kind, seed: seed, steps: steps, planting: bug)
        let goesOn = tally.withLock { state in
          state.tally.add(finding, topology)
          if state.tally.findings.count >= stopAfter || !observe(state.tally) { state.isStopped = true }
          return !state.isStopped
        }
        if !goesOn { return }
      }
    }
    return tally.withLock { state in
      state.tally.findings.sort { $0.seed < $1.seed }
      state.tally.knownStalls.sort { $0.seed < $1.seed }
      return state.tally
    }
  }

  private static func take(_ next: inout UInt64, below end: UInt64) -> UInt64? {
    guard next < end else { return nil }
    defer { next += 1 }
    return next
  }
}

extension Swarm.Tally {
  fileprivate mutating func add(_ finding: Swarm.Finding?, _ topology: Topology) {
    scenarios += 1
    steps += topology.training.steps
    guard let finding else { return }
    if finding.isKnownStall { knownStalls.append(finding) } else { findings.append(finding) }
  }
}
