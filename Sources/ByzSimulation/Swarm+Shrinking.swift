import ByzAdversary
import ByzProtocol
import ByzTopology

extension Swarm {
  /// A smaller scenario in which the same thing goes wrong: fewer steps and nodes, fewer faults, a calmer schedule.
  ///
  /// Greedy: whatever can be left out is left out, until nothing more can. A smaller scenario has a schedule of its own, so
  /// a few seeds are tried for each.
  ///
  /// - Parameters:
  ///   - limit: how many runs to spend at most.
  ///   - goesOn: is asked before each try whether to go on; if not, the smallest scenario so far is it.
  package static func shrink(
    _ finding: Finding, planting bug: PlantedBug? = nil, limit: Int = 1500, goesOn: () -> Bool = { true }
  ) -> Finding {
    var smallest = finding
    var runs = 0
    var found = true
    while found && runs < limit {
      found = false
      for candidate in smallest.topology.reductions {
        if let smaller = find(finding, in: candidate, planting: bug, runs: &runs) {
          smallest = smaller
          found = true
          break
        }
        if runs >= limit || !goesOn() { return smallest }
      }
    }
    return smallest
  }

  private static let seedsPerCandidate: UInt64 = 6

  /// `finding` in `topology` under one of a few seeds.
  private static func find(
    _ finding: Finding, in topology: Topology, planting bug: PlantedBug?, runs: inout Int
  ) -> Finding? {
    for seed in topology.seed..<topology.seed + seedsPerCandidate {
      runs += 1
      let candidate = topology.with(seed: seed)
      let violations = run(candidate, planting: bug).violations
      guard violations.first?.invariant == finding.violations.first?.invariant else { continue }
      let found = Finding(seed: finding.seed, topology: candidate, violations: violations)
      if found.isKnownStall == finding.isKnownStall { return found }
    }
    return nil
  }
}

extension Topology {
  /// Simpler runs than this one, those that save most first.
  fileprivate var reductions: [Topology] {
    shorter + schedule.reductions.map { with(schedule: $0) }
      + faults.keys.sorted().map { node in with(faults: faults.filter { $0.key != node }) }
      + smaller
  }

  private var shorter: [Topology] {
    let steps = training.steps
    let fewer = [steps / 4, steps / 2, steps * 3 / 4, steps - 1].filter { $0 > 0 && $0 < steps }
    var seen: Set<Int> = []
    return fewer.filter { seen.insert($0).inserted }.map { with(steps: $0) }
  }

  /// One node less of a role, its last; with one less that may be Byzantine, too, if the bounds need it.
  private var smaller: [Topology] {
    let (servers, workers) = (quorums.servers, quorums.workers)
    let candidates =
      servers.smaller.map { Quorums(servers: $0, workers: workers) }
      + workers.smaller.map { Quorums(servers: servers, workers: $0) }
    return candidates.filter { $0.violations(under: rule, in: training.mode).isEmpty }.map { with(quorums: $0) }
  }

  /// The same run with some parts replaced; nodes that are no more are nowhere mentioned, and no more faults are left than
  /// declared.
  fileprivate func with(
    seed: UInt64? = nil, steps: Int? = nil, quorums: Quorums? = nil, faults: [NodeID: FaultSpecification]? = nil,
    schedule: Schedule? = nil
  ) -> Topology {
    let quorums = quorums ?? self.quorums
    let training = TrainingParameters(
      mode: self.training.mode, steps: steps ?? self.training.steps, gatherEvery: self.training.gatherEvery,
      learningRate: self.training.learningRate, momentum: self.training.momentum)
    var left = (faults ?? self.faults).filter { quorums.contains($0.key) }
    for (role, group) in [(Role.server, quorums.servers), (.worker, quorums.workers)] {
      for node in left.keys.filter({ $0.role == role }).sorted().dropFirst(group.byzantine) { left[node] = nil }
    }
    return Topology(
      name: name, seed: seed ?? self.seed, model: model, training: training, batch: batch,
      evaluateEvery: training.steps, quorums: quorums, patience: patience, faults: left,
      schedule: (schedule ?? self.schedule).among(quorums), rule: rule)
  }
}

extension Group {
  fileprivate var smaller: [Group] {
    [
      Group(count: count - 1, byzantine: byzantine, quorum: min(quorum, count - 1 - byzantine)),
      Group(count: count - 1, byzantine: byzantine, quorum: quorum - 1),
      Group(count: count - 1, byzantine: byzantine - 1, quorum: quorum),
      Group(count: count - 1, byzantine: byzantine - 1, quorum: quorum - 1),
      Group(count: count, byzantine: byzantine - 1, quorum: quorum),
    ].filter { $0.count > 0 && $0.byzantine >= 0 }
  }
}

extension Schedule {
  /// Schedules with something left out.
  fileprivate var reductions: [Schedule] {
    var found: [Schedule] = []
    func reduce(_ isThere: Bool, _ change: (inout Schedule) -> Void) {
      guard isThere else { return }
      var reduced = self
      change(&reduced)
      found.append(reduced)
    }
    reduce(late != nil) { $0.late = nil }
    reduce(loss != nil) { $0.loss = nil }
    for node in slow.keys.sorted() { reduce(true) { $0.slow[node] = nil } }
    for index in cuts.indices { reduce(true) { $0.cuts.remove(at: index) } }
    for index in restarts.indices { reduce(true) { $0.restarts.remove(at: index) } }
    reduce(adversary != nil) { $0.adversary = nil }
    if let adversary {
      reduce(adversary.deserts != nil) {
        $0.adversary = NetworkAdversary(starves: adversary.starves, hold: adversary.hold)
      }
      reduce(adversary.starves != .nobody) {
        $0.adversary = NetworkAdversary(starves: .nobody, hold: 0, deserts: adversary.deserts)
      }
    }
    for (index, cut) in cuts.enumerated() where cut.nodes.count > 1 {
      for node in cut.nodes.sorted() {
        reduce(true) {
          $0.cuts[index] = Cut(
            cut.nodes.subtracting([node]), from: cut.from, to: cut.to, direction: cut.direction, isLossy: cut.isLossy)
        }
      }
    }
    return found
  }

  /// The schedule of those nodes that there are.
  fileprivate func among(_ quorums: Quorums) -> Schedule {
    var schedule = self
    schedule.slow = slow.filter { quorums.contains($0.key) }
    schedule.restarts = restarts.filter { quorums.contains($0.node) }
    schedule.cuts = cuts.compactMap { cut in
      let nodes = cut.nodes.filter(quorums.contains)
      guard !nodes.isEmpty, nodes.count < quorums.servers.count + quorums.workers.count else { return nil }
      return Cut(nodes, from: cut.from, to: cut.to, direction: cut.direction, isLossy: cut.isLossy)
    }
    return schedule
  }
}
