import ByzAdversary
import ByzAggregation
import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology

extension Swarm {
  /// The scenario of `seed`: a run, mostly a small one, within the declared bounds, with faults and a hostile schedule.
  ///
  /// - Parameters:
  ///   - seed: what everything in it is drawn from, and the seed of the run.
  ///   - steps: how many steps it has; drawn if nil: 100, or in one of ten scenarios fewer.
  public static func scenario(seed: UInt64, steps: Int? = nil) -> Topology {
    var draw = Draw(seed: seed)
    let quorums = draw.quorums()
    let steps = steps ?? (draw.happens(0.1) ? draw.whole(1...20) : 100)
    let training = TrainingParameters(
      steps: steps, gatherEvery: draw.gatherEvery(),
      learningRate: LearningRate(initial: 0.2),
      momentum: draw.happens(0.5) ? Momentum(coefficient: 0.9, form: .dampened) : nil)
    let patience = Patience(
      graceMilliseconds: draw.pick([0, 0, 2, 10]), startGraceMilliseconds: draw.pick([0, 20]),
      askAgainMilliseconds: draw.pick([5, 20, 60]), lingerMilliseconds: 10_000_000,
      retainedSteps: draw.pick([2, 2, 2, 3, 3, 5]))
    let faults = draw.faults(quorums, steps: steps)
    let schedule = draw.schedule(quorums, faults: faults, steps: steps)
    let rules: [any AggregationRule] = [MinimumDiameterAveraging(), MinimumDiameterAveraging(), CoordinatewiseMedian()]
    return Topology(
      name: "scenario-\(seed)", seed: seed, model: .analytic(.quadratic(dimension: draw.whole(1...3), noise: 1)),
      training: training, batch: 1, evaluateEvery: steps, quorums: quorums, patience: patience, faults: faults,
      schedule: schedule, rule: rules[draw.whole(0...2)])
  }
}

/// Draws the parts of a scenario.
struct Draw {
  var generator: SeededGenerator
  /// Whether the faulty nodes play honest towards some, and perhaps fall silent all at once at the moment that hurts most,
  /// while the quorums need every honest node: what the rules of rejoining are for.
  let isTight: Bool
  /// After what share of the run colluding nodes turn against the others.
  private let turn: Double

  init(seed: UInt64, isSynchronous: Bool = false) {
    var generator = SeededGenerator(seed: seed, path: [RandomPurpose.scenario] + (isSynchronous ? [1] : []))
    let (first, second) = (generator.uniform(), generator.uniform())
    isTight = !isSynchronous && first < 0.3
    turn = Double(second)
    self.generator = generator
  }

  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + generator.index(below: range.count)
  }

  mutating func happens(_ share: Float) -> Bool { generator.uniform() < share }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[generator.index(below: elements.count)] }

  /// One of a few round numbers up to `most`, small ones as likely as large ones.
  mutating func milliseconds(upTo most: Int) -> Double {
    var value = most
    while value > 1 && happens(0.6) { value /= 2 }
    return Double(max(value, 1))
  }

  /// Some of `nodes`, at least one.
  mutating func some(of nodes: [NodeID]) -> [NodeID] {
    let order = generator.permutation(of: nodes.count)
    return order.prefix(whole(1...max(1, nodes.count / 2))).map { nodes[$0] }
  }
}

// MARK: - Who takes part

extension Draw {
  /// T from 1 to 50.
  mutating func gatherEvery() -> Int { whole(1...(isTight ? pick([1, 1, 1, 3]) : pick([1, 3, 10, 50]))) }

  /// n_ps up to 14, n_w up to 20, mostly small, and any quorum that these permit.
  mutating func quorums() -> Quorums {
    if happens(0.03) {
      let byzantineWorkers = whole(0...2)
      let workers = 3 * byzantineWorkers + whole(1...3)
      // Waiting for all workers, as a trusted server may, one silent worker would stop the run.
      return Quorums(servers: (1, 0), workers: (workers, byzantineWorkers), workerQuorum: workers - byzantineWorkers)
    }
    let byzantineServers = isTight ? 2 : pick([0, 1, 1, 1, 1, 1, 1, 2, 2, whole(0...4)])
    let byzantineWorkers = isTight ? pick([0, 0, 0, 1]) : pick([0, 1, 1, 1, 2, 2, whole(0...6)])
    let servers = isTight ? 4 * byzantineServers + 1 : count(from: 3 * byzantineServers + 2, to: 14)
    let workers = count(from: 3 * byzantineWorkers + 1, to: 20)
    return Quorums(
      servers: (servers, byzantineServers), workers: (workers, byzantineWorkers),
      serverQuorum: quorum(2 * byzantineServers + 2, servers - byzantineServers),
      workerQuorum: quorum(2 * byzantineWorkers + 1, workers - byzantineWorkers))
  }

  /// The smallest number, or a few more.
  mutating func count(from low: Int, to high: Int) -> Int {
    var count = low
    while count < high && happens(0.4) { count += 1 }
    return count
  }

  private mutating func quorum(_ low: Int, _ high: Int) -> Int {
    isTight || happens(0.5) ? high : whole(low...high)
  }

  /// As many faulty nodes as are declared, or fewer.
  mutating func faults(_ quorums: Quorums, steps: Int) -> [NodeID: FaultSpecification] {
    var faults: [NodeID: FaultSpecification] = [:]
    for (nodes, group) in [(quorums.serverIDs, quorums.servers), (quorums.workerIDs, quorums.workers)] {
      let number = isTight || happens(0.7) ? group.byzantine : whole(0...group.byzantine)
      for index in generator.permutation(of: nodes.count).prefix(number) {
        faults[nodes[index]] = fault(of: nodes[index], steps: steps)
      }
    }
    return faults
  }

  private mutating func fault(of node: NodeID, steps: Int) -> FaultSpecification {
    switch whole(0...9) {
    case _ where isTight:
      FaultSpecification(name: "partial", parameters: ["share": 0.5, "step": (turn * Double(steps)).rounded()])
    case 0: FaultSpecification(name: "reversed")
    case 1: FaultSpecification(name: "random", parameters: ["scale": pick([0.01, 1, 1000])])
    case 2, 3: FaultSpecification(name: "crash", parameters: ["step": Double(whole(0...steps))])
    case 4: FaultSpecification(name: "partial", parameters: ["share": 0.5, "step": Double(whole(0...steps))])
    case 5 where node.role == .worker: FaultSpecification(name: "little-is-enough")
    default: FaultSpecification(name: "arbitrary", parameters: ["share": pick([0, 0.1, 0.5, 1])])
    }
  }
}

// MARK: - The schedule

extension Draw {
  mutating func schedule(_ quorums: Quorums, faults: [NodeID: FaultSpecification], steps: Int) -> Schedule {
    let nodes = quorums.nodeIDs
    var schedule = Schedule(delay: 0.1...milliseconds(upTo: 8), gradient: pick([0.1, 1, 5]))
    if happens(0.3) { schedule.late = Schedule.Late(share: pick([0.02, 0.2]), upTo: milliseconds(upTo: 100)) }
    if happens(0.2) { schedule.loss = Schedule.Loss(share: pick([0.02, 0.2]), again: milliseconds(upTo: 20)) }
    if happens(0.3) { for node in some(of: nodes) { schedule.slow[node] = milliseconds(upTo: 30) } }
    // How long the run lasts, roughly: what comes later than that comes never.
    let duration = Double(steps) * (2 * schedule.delay.upperBound + schedule.gradient)
    if happens(0.6) { schedule.cuts = (0..<whole(1...6)).map { _ in cut(quorums, nodes, within: duration) } }
    if isTight { schedule.cuts += ambush(quorums, at: turn * duration) }
    if happens(0.4) {
      schedule.restarts = (0..<whole(1...4)).map { _ in
        Schedule.Restart(pick(nodes), at: time(within: duration), after: milliseconds(upTo: 100))
      }
    }
    if happens(0.4) {
      let desertion: Schedule.NetworkAdversary.Desertion = pick([.gap(whole(1...6)), .rejoin(whole(1...4))])
      schedule.adversary = Schedule.NetworkAdversary(
        starves: pick([.behind, .behind, .ahead, .nobody]), hold: milliseconds(upTo: 200),
        deserts: happens(0.5) ? desertion : nil)
    }
    return schedule
  }

  /// A cut of some nodes, often of as many as a quorum can do without.
  private mutating func cut(_ quorums: Quorums, _ nodes: [NodeID], within duration: Double) -> Schedule.Cut {
    let from = time(within: duration)
    let length = time(within: pick([duration / 20, duration / 5, duration]))
    var cutOff = some(of: nodes)
    if happens(0.6) {
      let role = pick(Role.allCases)
      let group = role == .server ? quorums.servers : quorums.workers
      let members = role == .server ? quorums.serverIDs : quorums.workerIDs
      let number = max(1, group.count - group.quorum)
      cutOff = generator.permutation(of: members.count).prefix(number).map { members[$0] }
    }
    return Schedule.Cut(
      Set(cutOff), from: from, to: from + length, direction: pick(Schedule.Cut.Direction.allCases),
      isLossy: happens(0.3))
  }

  /// A server is cut off before colluding nodes turn at `time`, and when it is back cannot hear from the workers at first.
  private mutating func ambush(_ quorums: Quorums, at time: Double) -> [Schedule.Cut] {
    let back = 1.5 * time + 50
    return [
      Schedule.Cut(
        [pick(quorums.serverIDs)], from: (time * Double(generator.uniform())).rounded(), to: back.rounded(),
        isLossy: true),
      Schedule.Cut(Set(quorums.workerIDs), from: (back - 50).rounded(), to: (back + 200).rounded()),
    ]
  }

  private mutating func time(within duration: Double) -> Double { Double(whole(0...max(1, Int(duration)))) }
}
