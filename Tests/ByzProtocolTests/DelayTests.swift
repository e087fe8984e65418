import ByzNumerics
import Testing

@testable import ByzProtocol

/// Delta: given, or measured by the parts of waits that have passed.
@Suite struct DelayTests {
  @Test(arguments: [(500, 50), (500, 500), (7, 3), (1, 0), (1000, 1), (64, 1)])
  func partsDoubleUpToTheBound(milliseconds: Int, floor: Int) {
    let parts = DelayBound(milliseconds: milliseconds, floorMilliseconds: floor).parts
    #expect(parts.reduce(0, +) == milliseconds)
    #expect(parts.allSatisfy { $0 > 0 })
    var total = 0
    for (index, part) in parts.enumerated() {
      if index > 0 { #expect(part == total || index == parts.count - 1) }
      total += part
    }
    #expect(parts.first == min(max(floor, 1), milliseconds))
  }

  @Test func noTimeHasNoParts() {
    #expect(DelayBound(milliseconds: 0, floorMilliseconds: 0).parts.isEmpty)
    var delay = MeasuredDelay(DelayBound(milliseconds: 0, floorMilliseconds: 0))
    delay.note(passed: 3)
    #expect(delay.milliseconds == 0)
  }

  @Test func aGivenDeltaIsNotMeasured() {
    let bound = DelayBound(milliseconds: 80, floorMilliseconds: 80)
    var delay = MeasuredDelay(bound)
    for _ in 0..<500 { delay.note(passed: 0) }
    #expect(!bound.isMeasured && delay.milliseconds == 80)
  }

  @Test func deltaIsTheShortestWaitThatNearlyAllCameIn() {
    var delay = MeasuredDelay(DelayBound(milliseconds: 400, floorMilliseconds: 50))
    // Nothing to judge by.
    for _ in 0..<MeasuredDelay.fewest - 1 { delay.note(passed: 0) }
    #expect(delay.milliseconds == 400)
    delay.note(passed: 0)
    #expect(delay.milliseconds == 50)
    // One in a hundred may be later, and no more.
    for _ in 0..<156 { delay.note(passed: 0) }
    for _ in 0..<2 { delay.note(passed: 2) }
    #expect(delay.milliseconds == 50)
    delay.note(passed: 2)
    #expect(delay.milliseconds == 200)
    // What is long ago does not count.
    for _ in 0..<MeasuredDelay.window { delay.note(passed: 0) }
    #expect(delay.milliseconds == 50)
  }

  @Test func whoIsLateRaisesDeltaUpToItsBound() {
    var delay = MeasuredDelay(DelayBound(milliseconds: 400, floorMilliseconds: 50))
    for _ in 0..<MeasuredDelay.window { delay.note(passed: 0) }
    // One of seven is always later than the wait: it needs one part more than there were.
    for _ in 0..<200 {
      for _ in 0..<6 { delay.note(passed: 0) }
      delay.note(passed: delay.current.count)
    }
    #expect(delay.milliseconds == 400)
  }

  @Test func levelsAgreeWithCounting() {
    var generator = SeededGenerator(seed: 5, path: [1])
    let bound = DelayBound(milliseconds: 1000, floorMilliseconds: 30)
    var delay = MeasuredDelay(bound)
    var levels: [Int] = []
    for round in 0..<2000 {
      let level = generator.index(below: 40) == 0 ? generator.index(below: 9) : generator.index(below: 2)
      delay.note(passed: level)
      levels.append(min(level, bound.parts.count - 1))
      let recent = levels.suffix(MeasuredDelay.window)
      guard recent.count >= MeasuredDelay.fewest else { continue }
      let needed = 0.99 * Double(recent.count)
      let enough = (0..<bound.parts.count).first { level in Double(recent.count { $0 <= level }) >= needed } ?? -1
      #expect(delay.milliseconds == bound.parts[...enough].reduce(0, +), "round \(round)")
    }
  }

  @Test func aWaitPassesItsPartsOneByOne() {
    var wait = QuorumWait(.momentum, step: 4, round: 4, graceInParts: [10, 10, 20])
    let attendance = Attendance(of: [.worker(0), .worker(1), .worker(2)], in: .synchronous(.filtered(.own)))
    func verdict(_ present: [NodeID]) -> QuorumWait.Verdict {
      wait.verdict(present: present, quorum: 2, attendance: attendance)
    }
    let two = [NodeID.worker(0), .worker(1)]
    #expect(verdict([.worker(0)]) == .lacking)
    for passed in 0..<3 {
      #expect(verdict(two) == .startGrace && verdict(two) == .grace)
      #expect(wait.passed == passed)
      wait.end(.grace(.momentum, step: 3))
      #expect(verdict(two) == .grace)
      wait.end(.grace(.momentum, step: 4))
    }
    #expect(verdict(two) == .proceed)
    var full = QuorumWait(.momentum, step: 4, round: 4, graceInParts: [10])
    #expect(full.verdict(present: two + [.worker(2)], quorum: 2, attendance: attendance) == .proceed)
  }

  // MARK: Who is waited for

  @Test func allNodesWaitAgainInTheSameRounds() {
    let (here, silent) = (NodeID.worker(0), NodeID.worker(1))
    var attendance = Attendance(of: [here, silent], in: .synchronous(.filtered(.own)))
    for round in 1...3 {
      #expect(attendance.isMissingSome(of: [here], in: round))
      attendance.close(present: [here])
    }
    let waited = (4...100).filter { round in
      defer { attendance.close(present: [here]) }
      return attendance.isMissingSome(of: [here], in: round)
    }
    // Whenever the third miss was.
    #expect(waited == [32, 64, 96])
    attendance.close(present: [here, silent])
    #expect(attendance.isMissingSome(of: [here], in: 101) && !attendance.isLeftOut(silent, in: 101))
  }

  @Test func inAnAsynchronousRunTheRoundDoesNotMatter() {
    let (here, silent) = (NodeID.worker(0), NodeID.worker(1))
    var attendance = Attendance(of: [here, silent], in: .asynchronous)
    var waited: [Int] = []
    for round in 1...200 {
      if attendance.isMissingSome(of: [here], in: 0) { waited.append(round) }
      attendance.close(present: [here])
    }
    // Left out for 1, 2, 4, ... rounds after the third miss and each later one, at most 32.
    #expect(waited == [1, 2, 3, 5, 8, 13, 22, 39, 72, 105, 138, 171])
  }
}
