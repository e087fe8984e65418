import ByzAdversary
import ByzProtocol
import ByzTopology

/// What the schedule has planned, and when a run is over.
extension Simulation {
  mutating func schedulePlans() {
    for (index, restart) in topology.schedule.restarts.enumerated() {
      queue.insert(.stop(index), at: VirtualTime(milliseconds: restart.at))
    }
    for cut in topology.schedule.cuts where cut.isLossy {
      for inside in roster.all where cut.nodes.contains(roster.id(inside)) {
        for outside in roster.all where !cut.nodes.contains(roster.id(outside)) && roster.areLinked(inside, outside) {
          let back = VirtualTime(milliseconds: cut.to + topology.schedule.delay.upperBound)
          queue.insert(.reconnection(of: inside, at: outside), at: back)
          queue.insert(.reconnection(of: outside, at: inside), at: back)
        }
      }
    }
  }

  /// Stops the node of a planned restart if that is within the bounds now; else tries later.
  mutating func stop(_ plan: Int) throws {
    let restart = topology.schedule.restarts[plan]
    let node = roster.number(restart.node)
    guard nodes[node].condition == .running, nodes[node].step < configuration.training.steps else { return }
    guard mayFail(node) else {
      queue.insert(.stop(plan), at: now + VirtualTime(milliseconds: max(restart.after, 1)))
      return
    }
    nodes[node].condition = .down
    nodes[node].incarnation += 1
    nodes[node].rejoinsAt = roster.peers(of: node).filter { isHonest[$0] }.map { nodes[$0].step }.max() ?? 0
    try occur(.stopped, at: node)
    queue.insert(.start(node), at: now + VirtualTime(milliseconds: restart.after))
  }

  /// Whether with `node` there would be no more faulty nodes of its role than declared.
  private func mayFail(_ node: Int) -> Bool {
    let group = roster.isServer(node) ? configuration.quorums.servers : configuration.quorums.workers
    let faulty = roster.peers(of: node).count { !isHonest[$0] || nodes[$0].rejoinsAt != nil }
    return isHonest[node] && nodes[node].rejoinsAt == nil && faulty < group.byzantine
  }

  /// Takes note that `node` has reached `step`.
  mutating func advance(_ node: Int, to step: Int) throws {
    nodes[node].step = step
    guard isHonest[node] else { return }
    lastProgress = now
    if step == configuration.training.steps { underWay -= 1 }
    if let target = nodes[node].rejoinsAt, step >= target { nodes[node].rejoinsAt = nil }
    try desertIfDue()
  }

  /// Lets the faulty nodes fall silent once the moment is there that the adversary waits for.
  private mutating func desertIfDue() throws {
    guard let desertion = topology.schedule.adversary?.deserts, !hasDeserted else { return }
    switch desertion {
    case .rejoin(let number):
      guard rejoins >= number else { return }
    case .gap(let gap):
      let steps = (0..<roster.servers).filter { isHonest[$0] }.map { nodes[$0].step }
      guard let first = steps.max(), let last = steps.min(), first - last >= gap else { return }
    }
    hasDeserted = true
    for node in roster.all where !isHonest[node] && nodes[node].condition == .running { try end(node, .deserted) }
  }

  /// Whether nothing has moved for so long that nothing will: some dozens of times as long as to ask and be answered.
  var isStalled: Bool { now > lastProgress + quietTime && now > planEnd + quietTime }

  /// Faults of nodes that say the same to everybody, or nothing to anybody: they keep nobody waiting whom they do not keep all
  /// waiting.
  private static let evenHanded: Set<String> = ["reversed", "random", "crash", "little-is-enough"]

  /// Whether it is certain that no honest node is missed in a synchronous run: nothing but the usual delays and the stragglers
  /// comes between them, no faulty node plays one against the other, and Delta, which is not measured, is more than all that
  /// can add up to in a step.
  static func holdsDelta(_ topology: Topology) -> Bool {
    let (schedule, delay) = (topology.schedule, topology.patience.delay)
    guard topology.training.mode.isSynchronous,
      topology.faults.values.flatMap(\.parts).allSatisfy({ evenHanded.contains($0.name) }), schedule.late == nil,
      schedule.loss == nil, schedule.cuts.isEmpty, schedule.restarts.isEmpty,
      schedule.adversary == nil, !delay.isMeasured
    else { return false }
    return Double(delay.milliseconds) >= 2 * longestStep(schedule, topology.quorums)
  }

  /// How many milliseconds a worker needs at most that pulls from each server in turn: ask, answer, gradient; and the momentum.
  static func longestStep(_ schedule: Schedule, _ quorums: Quorums) -> Double {
    let hop = schedule.delay.upperBound + 2 * (schedule.slow.values.max() ?? 0)
    return Double(quorums.servers.count + 1) * (2 * hop + 2 * schedule.gradient)
  }

  /// How long it is quiet in a run that does not move any more.
  static func quietTime(_ network: Network, _ configuration: ProtocolConfiguration) -> VirtualTime {
    let patience = configuration.patience
    let round = network.longestDelay + Double(patience.askAgainMilliseconds)
    // A synchronous run waits for Delta a few times in a step.
    let grace =
      configuration.training.mode.isSynchronous ? 10 * patience.delay.milliseconds : patience.graceMilliseconds
    return VirtualTime(milliseconds: 40 * round + Double(grace))
  }

  /// When all plans of the schedule are over, the wait at step 0 included.
  static func planEnd(_ schedule: Schedule, _ patience: Patience) -> VirtualTime {
    let plans = schedule.cuts.map(\.to) + schedule.restarts.map { $0.at + $0.after }
    return VirtualTime(milliseconds: (plans.max() ?? 0) + Double(patience.startGraceMilliseconds))
  }

  private var stragglers: [Int] {
    roster.all.filter { isHonest[$0] && nodes[$0].step < configuration.training.steps }
  }

  mutating func reportStall() {
    let names = stragglers.map { "\(roster.id($0)) at step \(nodes[$0].step)" }.joined(separator: ", ")
    let sentence = "nothing moves any more; of \(configuration.training.steps) steps: \(names)"
    checker.report(.liveness, nil, now, sentence)
  }
}

extension Roster {
  /// All nodes of the role of `number`, itself among them.
  func peers(of number: Int) -> Range<Int> { isServer(number) ? 0..<servers : servers..<all.count }

  /// Whether two nodes talk to each other: workers do not among themselves.
  func areLinked(_ one: Int, _ other: Int) -> Bool { isServer(one) || isServer(other) }
}
