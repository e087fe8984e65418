import ByzAggregation
import ByzProtocol

enum QuorumKey: String, CaseIterable {
  case servers, workers
  case grace = "grace_ms"
  case startGrace = "start_grace_ms"
  case delta = "delta_ms"
  case deltaFloor = "delta_floor_ms"
  case askAgain = "ask_again_ms"
  case linger = "linger_ms"
  case retainedSteps = "retained_steps"
}

/// The values of the section `quorum`.
struct QuorumValues {
  /// The longest wait that can be asked for: a day.
  private static let longestWait = 86_400_000

  let section: Section<QuorumKey>
  let patience: Patience

  init(_ field: Field) {
    section = Section(field)
    let standard = Patience()
    patience = Patience(
      graceMilliseconds: section[.grace].whole(in: 0...Self.longestWait, standard: standard.graceMilliseconds),
      startGraceMilliseconds: section[.startGrace].whole(
        in: 0...Self.longestWait, standard: standard.startGraceMilliseconds),
      delay: section.delay(upTo: Self.longestWait),
      askAgainMilliseconds: section[.askAgain].whole(in: 1...Self.longestWait, standard: standard.askAgainMilliseconds),
      lingerMilliseconds: section[.linger].whole(in: 0...Self.longestWait, standard: standard.lingerMilliseconds),
      retainedSteps: section[.retainedSteps].whole(in: 2...1000, standard: standard.retainedSteps))
  }

  /// The quorums of these populations, as given or as they follow.
  func quorums(servers: PopulationValues, workers: PopulationValues, in mode: TrainingMode) -> Quorums {
    func given(_ key: QuorumKey) -> Int? {
      section[key].value.map { _ in section[key].whole(in: PopulationValues.counts, standard: 1) }
    }
    return Quorums(
      servers: (servers.count, servers.byzantine), workers: (workers.count, workers.byzantine),
      serverQuorum: given(.servers), workerQuorum: given(.workers), in: mode)
  }
}

extension Section<QuorumKey> {
  /// Delta and its floor, which unless given is no longer than Delta.
  fileprivate func delay(upTo longest: Int) -> DelayBound {
    let standard = DelayBound()
    let milliseconds = self[.delta].whole(in: 0...longest, standard: standard.milliseconds)
    let floor = self[.deltaFloor]
    let least = floor.whole(in: 0...longest, standard: min(standard.floorMilliseconds, milliseconds))
    if least > milliseconds {
      floor.report(
        "must be at most delta_ms, which is \(milliseconds), not \(least); where both are equal, Delta is not measured")
    }
    return DelayBound(milliseconds: milliseconds, floorMilliseconds: least)
  }
}

extension QuorumValues {
  /// Reports every inequality that does not hold, at the field which it is about.
  func check(_ quorums: Quorums, servers: PopulationValues, workers: PopulationValues, training: TrainingValues) {
    for violation in quorums.violations(under: training.rule, in: training.parameters.mode) {
      let culprit =
        switch violation.subject {
        case .servers: servers.culprit
        case .workers: workers.culprit
        case .serverQuorum: section[.servers]
        case .workerQuorum: section[.workers]
        case .rule: training.aggregation
        }
      culprit.refuse(violation.sentence)
    }
  }
}
