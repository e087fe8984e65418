import Testing

@testable import ByzRuntime

@Suite struct StallWatchTests {
  private let start = ContinuousClock.now
  private var watch = StallWatch()

  @Test mutating func whoGetsNoFurtherSaysSoFromTimeToTime() {
    #expect(watch.notice(at: 0, now: start) == nil)
    #expect(watch.notice(at: 0, now: start + .seconds(9)) == nil)
    #expect(watch.notice(at: 0, now: start + .seconds(10)) == .seconds(10))
    #expect(watch.notice(at: 0, now: start + .seconds(39)) == nil)
    #expect(watch.notice(at: 0, now: start + .seconds(41)) == .seconds(41))
  }

  @Test mutating func aStepBeginsTheTimeAnew() {
    #expect(watch.notice(at: 0, now: start) == nil)
    #expect(watch.notice(at: 1, now: start + .seconds(20)) == nil)
    #expect(watch.notice(at: 1, now: start + .seconds(29)) == nil)
    #expect(watch.notice(at: 1, now: start + .seconds(30)) == .seconds(10))
  }
}
