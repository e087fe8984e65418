import ByzAdversary
import ByzAggregation
import ByzNumerics
import ByzProtocol
import ByzTopology

extension Swarm {
  /// The synchronous scenario of `seed`: half of them under a network that stays below Delta, with nodes that are faulty towards
  /// all alike, so that no honest node may be missed; half of them under all that asynchronous ones have to bear, where Delta
  /// means little.
  ///
  /// - Parameters:
  ///   - seed: what everything in it is drawn from, and the seed of the run.
  ///   - steps: how many steps it has; drawn if nil: 100, or in one of ten scenarios fewer.
  public static func synchronousScenario(seed: UInt64, steps: Int? = nil) -> Topology {
    var draw = Draw(seed: seed, isSynchronous: true)
    let isCalm = draw.happens(0.5)
    let quorums = draw.synchronousQuorums()
    let steps = steps ?? (draw.happens(0.1) ? draw.whole(1...20) : 100)
    let batch = draw.pick([LipschitzBatch.own, .own, .same])
    let training = TrainingParameters(
      mode: .synchronous(draw.happens(0.5) ? .certified(batch) : .filtered(batch)), steps: steps,
      gatherEvery: draw.gatherEvery(), learningRate: LearningRate(initial: 0.2),
      momentum: draw.happens(0.5) ? Momentum(coefficient: 0.9, form: .dampened) : nil)
    let faults = isCalm ? draw.evenHandedFaults(quorums, steps: steps) : draw.faults(quorums, steps: steps)
    let schedule = isCalm ? draw.calmSchedule(quorums) : draw.schedule(quorums, faults: faults, steps: steps)
    let delay =
      isCalm
      ? Int(2 * Simulation.longestStep(schedule, quorums)) + 1
      : draw.pick([0, 2, 10, 50])
    let patience = Patience(
      startGraceMilliseconds: draw.pick([0, 20]),
      delay: DelayBound(milliseconds: delay, floorMilliseconds: isCalm || draw.happens(0.5) ? delay : delay / 8),
      askAgainMilliseconds: draw.pick([5, 20, 60]), lingerMilliseconds: 10_000_000,
      retainedSteps: draw.pick([2, 2, 2, 3, 3, 5]))
    let rules: [any AggregationRule] = [MinimumDiameterAveraging(), CoordinatewiseMedian()]
    return Topology(
      name: "synchronous-\(seed)", seed: seed, model: .analytic(.quadratic(dimension: draw.whole(1...3), noise: 1)),
      training: training, batch: 1, evaluateEvery: steps, quorums: quorums, patience: patience, faults: faults,
      schedule: schedule, rule: draw.pick(rules))
  }
}

extension Draw {
  /// From n = 2 f + 1 on, that being the most likely: n_ps up to 12, n_w up to 16.
  fileprivate mutating func synchronousQuorums() -> Quorums {
    let byzantineServers = pick([0, 1, 1, 1, 1, 2, 2, whole(0...4)])
    let byzantineWorkers = pick([0, 1, 1, 1, 1, 2, 2, whole(0...6)])
    return Quorums(
      servers: (count(from: 2 * byzantineServers + 1, to: 12), byzantineServers),
      workers: (count(from: 2 * byzantineWorkers + 1, to: 16), byzantineWorkers),
      in: .synchronous(.filtered(.own)))
  }

  /// As many faulty nodes as are declared, or fewer, each of which treats all others alike.
  fileprivate mutating func evenHandedFaults(_ quorums: Quorums, steps: Int) -> [NodeID: FaultSpecification] {
    var faults = faults(quorums, steps: steps)
    // In order: a dictionary has none, and each draws.
    for node in faults.keys.sorted() {
      faults[node] =
        switch whole(0...3) {
        case 0: FaultSpecification(name: "reversed")
        case 1: FaultSpecification(name: "random", parameters: ["scale": pick([0.01, 1, 1000])])
        default: FaultSpecification(name: "crash", parameters: ["step": Double(whole(0...steps))])
        }
    }
    return faults
  }

  /// Delays and stragglers, and no more.
  fileprivate mutating func calmSchedule(_ quorums: Quorums) -> Schedule {
    var schedule = Schedule(delay: 0.1...milliseconds(upTo: 8), gradient: pick([0.1, 1, 5]))
    if happens(0.3) { for node in some(of: quorums.nodeIDs) { schedule.slow[node] = milliseconds(upTo: 10) } }
    return schedule
  }
}
