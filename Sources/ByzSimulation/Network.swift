import ByzAdversary
import ByzNumerics
import ByzProtocol

/// When messages arrive under a schedule, drawn from a seed.
struct Network {
  /// What becomes of a message.
  enum Fate {
    case arrives(at: VirtualTime)
    case lost
  }

  private let schedule: Schedule
  private let roster: Roster
  private let slow: [Double]
  private let cuts: [(cut: Schedule.Cut, inside: [Bool])]
  private var generator: SeededGenerator

  /// Retransmissions of one message, at most.
  private static let mostRepetitions = 20

  init(_ schedule: Schedule, roster: Roster, seed: UInt64) {
    self.schedule = schedule
    self.roster = roster
    slow = roster.all.map { schedule.slow[roster.id($0)] ?? 0 }
    cuts = schedule.cuts.map { cut in (cut, roster.all.map { cut.nodes.contains(roster.id($0)) }) }
    generator = SeededGenerator(seed: seed, path: [RandomPurpose.network])
  }

  /// The fate of a message that is sent now, held by an adversary for up to `hold` milliseconds. One of its own that
  /// `isRushing` arrives before any other that is sent now, unless a cut is in its way.
  mutating func fate(
    from sender: Int, to receiver: Int, at now: VirtualTime, hold: Double, isRushing: Bool = false
  ) -> Fate {
    var delay = draw(in: schedule.delay) + slow[sender] + slow[receiver]
    if let late = schedule.late, uniform() < late.share { delay += uniform() * late.upTo }
    if let loss = schedule.loss {
      var repetitions = 0
      while repetitions < Self.mostRepetitions && uniform() < loss.share { repetitions += 1 }
      delay += Double(repetitions) * loss.again
    }
    if hold > 0 { delay += uniform() * hold }
    var arrival = isRushing ? now : now + VirtualTime(milliseconds: delay)
    for (cut, inside) in cuts where Self.isCut(cut, from: inside[sender], to: inside[receiver]) {
      guard VirtualTime(milliseconds: cut.from) <= now, now < VirtualTime(milliseconds: cut.to) else { continue }
      if cut.isLossy { return .lost }
      arrival = max(arrival, VirtualTime(milliseconds: cut.to + draw(in: schedule.delay)))
    }
    return .arrives(at: arrival)
  }

  private static func isCut(_ cut: Schedule.Cut, from senderIsInside: Bool, to receiverIsInside: Bool) -> Bool {
    guard senderIsInside != receiverIsInside else { return false }
    switch cut.direction {
    case .both: return true
    case .incoming: return receiverIsInside
    case .outgoing: return senderIsInside
    }
  }

  /// A drawn node, as what a liar may claim to be.
  mutating func drawNode() -> Int { generator.index(below: roster.all.count) }

  /// A number drawn from 0 ..< 1.
  mutating func uniform() -> Double { Double(generator.uniform()) }

  private mutating func draw(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
  }

  /// After how many milliseconds any message has arrived that no cut holds: nearly always, as far as losses go.
  var longestDelay: Double {
    let slowest = slow.max() ?? 0
    return schedule.delay.upperBound + 2 * slowest + (schedule.late?.upTo ?? 0) + 5 * (schedule.loss?.again ?? 0)
      + (schedule.adversary?.hold ?? 0) + schedule.gradient
  }
}
