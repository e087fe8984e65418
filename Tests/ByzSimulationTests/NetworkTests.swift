import ByzAdversary
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzSimulation

/// Three servers, 0 to 2, and two workers, 3 and 4.
@Suite struct NetworkTests {
  private let roster = Roster(Quorums(servers: (3, 0), workers: (2, 0)))
  private let count = 20_000

  private func network(_ schedule: Schedule, seed: UInt64 = 1) -> Network {
    Network(schedule, roster: roster, seed: seed)
  }

  /// How many milliseconds messages take from `sender` to `receiver`, all sent at time 0.
  private func delays(
    _ schedule: Schedule, from sender: Int = 0, to receiver: Int = 3, hold: Double = 0, seed: UInt64 = 1
  ) -> [Double] {
    var network = network(schedule, seed: seed)
    return (0..<count).map { _ in
      guard case .arrives(let time) = network.fate(from: sender, to: receiver, at: .start, hold: hold) else {
        return .nan
      }
      return Double(time.microseconds) / 1000
    }
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Six deviations of the mean of so many numbers drawn uniformly from an interval of that length.
  private func sixDeviations(_ length: Double, _ count: Int) -> Double {
    6 * length / (12 * Double(count)).squareRoot()
  }

  /// Six deviations of how often something of probability `share` happens.
  private func sixDeviations(ofShare share: Double) -> Double {
    6 * (share * (1 - share) / Double(count)).squareRoot()
  }

  @Test func delaysAreDrawnUniformlyWithinTheirBounds() {
    let found = delays(Schedule(delay: 2...10))
    #expect(found.allSatisfy { (2...10).contains($0) })
    #expect(abs(mean(found) - 6) < sixDeviations(8, count))
    #expect(found.contains { $0 < 2.1 } && found.contains { $0 > 9.9 })
    #expect(delays(Schedule(delay: 3...3)).allSatisfy { $0 == 3 })
  }

  @Test func theSeedDecides() {
    let schedule = Schedule(delay: 2...10)
    #expect(delays(schedule, seed: 1) == delays(schedule, seed: 1))
    #expect(delays(schedule, seed: 1) != delays(schedule, seed: 2))
  }

  @Test func aShareIsLate() {
    let found = delays(Schedule(delay: 1...1, late: Schedule.Late(share: 0.25, upTo: 100)))
    let late = found.filter { $0 > 1 }
    #expect(found.allSatisfy { (1...101).contains($0) })
    #expect(abs(Double(late.count) / Double(count) - 0.25) < sixDeviations(ofShare: 0.25))
    #expect(abs(mean(late) - 51) < sixDeviations(100, late.count))
  }

  @Test func whatIsLostIsRepeated() {
    let found = delays(Schedule(delay: 1...1, loss: Schedule.Loss(share: 0.25, again: 10)))
    #expect(found.allSatisfy { ($0 - 1).truncatingRemainder(dividingBy: 10) == 0 })
    // Lost so many times, then not.
    for (losses, share) in [(0, 0.75), (1, 0.1875), (2, 0.046875), (3, 0.01171875)] {
      let number = found.count { $0 == 1 + 10 * Double(losses) }
      #expect(abs(Double(number) / Double(count) - share) < sixDeviations(ofShare: share), "\(losses) losses")
    }
    // However unlucky, it gets through in the end.
    let unlucky = delays(Schedule(delay: 1...1, loss: Schedule.Loss(share: 0.999999, again: 10)))
    #expect(unlucky.allSatisfy { $0 > 1 && $0.isFinite })
  }

  @Test func slowNodesAddUp() {
    let schedule = Schedule(delay: 1...1, slow: [.server(0): 5, .worker(1): 20])
    for (sender, receiver, expected) in [(0, 4, 26), (4, 0, 26), (0, 1, 6), (3, 0, 6), (2, 4, 21), (1, 2, 1)] {
      let found = delays(schedule, from: sender, to: receiver)
      #expect(found.allSatisfy { $0 == Double(expected) }, "from \(sender) to \(receiver)")
    }
  }

  @Test func anAdversaryHoldsForAWhileAtMost() {
    let found = delays(Schedule(delay: 1...1), hold: 40)
    #expect(found.allSatisfy { (1...41).contains($0) })
    #expect(abs(mean(found) - 21) < sixDeviations(40, count))
  }

  @Test func theLongestDelayIsSeldomExceeded() {
    let schedule = Schedule(
      delay: 1...2, late: Schedule.Late(share: 0.5, upTo: 10), loss: Schedule.Loss(share: 0.2, again: 5),
      slow: [.server(0): 3, .worker(0): 4],
      adversary: Schedule.NetworkAdversary(starves: .behind, hold: 7))
    let longest = network(schedule).longestDelay
    let exceeding = delays(schedule, hold: 7).count { $0 > longest }
    // Six losses in a row at least.
    #expect(Double(exceeding) / Double(count) < 0.000064 + sixDeviations(ofShare: 0.000064))
  }

  // MARK: - Cuts

  /// Servers 0 and 1 are cut off from 10 to 20 ms.
  private func cut(_ direction: Schedule.Cut.Direction = .both, isLossy: Bool = false) -> Schedule {
    let cut = Schedule.Cut([.server(0), .server(1)], from: 10, to: 20, direction: direction, isLossy: isLossy)
    return Schedule(delay: 2...3, cuts: [cut])
  }

  private static let links: [(from: Int, to: Int, directions: [Schedule.Cut.Direction])] = [
    (0, 2, [.both, .outgoing]), (1, 4, [.both, .outgoing]), (2, 0, [.both, .incoming]), (3, 1, [.both, .incoming]),
    (0, 1, []), (1, 0, []), (2, 3, []), (4, 2, []),
  ]

  @Test(arguments: Schedule.Cut.Direction.allCases) func whatIsCutArrivesAfterwards(direction: Schedule.Cut.Direction) {
    var network = network(cut(direction))
    for (sender, receiver, directions) in Self.links {
      for sent in [0, 9999, 10_000, 15_000, 19_999, 20_000, 90_000] {
        let isCut = directions.contains(direction) && (10_000..<20_000).contains(sent)
        guard
          case .arrives(let time) = network.fate(
            from: sender, to: receiver, at: VirtualTime(microseconds: sent), hold: 0)
        else {
          Issue.record("lost")
          continue
        }
        let from = isCut ? 20_000 : sent
        #expect((from + 2000...from + 3000).contains(time.microseconds), "\(sender) to \(receiver) at \(sent) us")
      }
    }
  }

  @Test(arguments: Schedule.Cut.Direction.allCases) func aLossyCutLoses(direction: Schedule.Cut.Direction) {
    var network = network(cut(direction, isLossy: true))
    for (sender, receiver, directions) in Self.links {
      for sent in [9999, 10_000, 19_999, 20_000] {
        let fate = network.fate(from: sender, to: receiver, at: VirtualTime(microseconds: sent), hold: 0)
        let isLost = if case .lost = fate { true } else { false }
        let expected = directions.contains(direction) && (10_000..<20_000).contains(sent)
        #expect(isLost == expected, "\(sender) to \(receiver) at \(sent) us")
      }
    }
  }

  @Test func theLastOfSeveralCutsCounts() {
    let cuts = [(0.0, 50.0), (5, 30), (40, 60)].map { Schedule.Cut([.server(0)], from: $0.0, to: $0.1) }
    let found = { from in
      var network = self.network(Schedule(delay: 1...1, cuts: cuts))
      guard case .arrives(let time) = network.fate(from: 0, to: 3, at: VirtualTime(milliseconds: from), hold: 0)
      else { return -1 }
      return time.microseconds
    }
    #expect([0, 10, 45, 60].map(found) == [51_000, 51_000, 61_000, 61_000])
  }

  @Test func nothingArrivesBeforeItWasSent() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [1])
      func milliseconds() -> Double { Double(generator.index(below: 30)) / 3 }
      let least = milliseconds()
      var schedule = Schedule(delay: least...least + milliseconds())
      schedule.late = Schedule.Late(share: Double(generator.uniform()), upTo: milliseconds())
      schedule.loss = Schedule.Loss(share: Double(generator.uniform()), again: milliseconds())
      schedule.slow = [.server(generator.index(below: 3)): milliseconds()]
      for _ in 0..<generator.index(below: 4) {
        let from = milliseconds()
        schedule.cuts.append(
          Schedule.Cut(
            [.server(generator.index(below: 3)), .worker(0)], from: from, to: from + milliseconds(),
            direction: Schedule.Cut.Direction.allCases[generator.index(below: 3)],
            isLossy: generator.index(below: 4) == 0))
      }
      var network = network(schedule, seed: seed)
      for _ in 0..<100 {
        let sent = VirtualTime(milliseconds: milliseconds() * 2)
        let (sender, receiver) = (generator.index(below: 5), generator.index(below: 5))
        if case .arrives(let time) = network.fate(from: sender, to: receiver, at: sent, hold: milliseconds()) {
          #expect(time >= sent + VirtualTime(milliseconds: least), "seed \(seed)")
        }
      }
    }
  }
}
