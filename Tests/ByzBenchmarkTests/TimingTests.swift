import Testing

@testable import ByzBenchmark

@Suite struct TimingTests {
  @Test func medians() {
    #expect(Timing([3, 1, 2]).median == 2 && Timing([4, 1, 2, 3]).median == 2.5 && Timing([7]).median == 7)
    let timing = Timing([5, 9, 1])
    #expect(timing.lowest == 1 && timing.highest == 9 && timing.count == 3)
  }

  @Test func takesTurns() throws {
    var order: [Int] = []
    let timings = try Timing.compare(for: 0, unless: { false }, [{ order.append(1) }, { order.append(2) }])
    // Once each to warm up, then three times in turn.
    #expect(order == [1, 2, 1, 2, 1, 2, 1, 2])
    #expect(timings.map(\.count) == [3, 3] && timings.allSatisfy { $0.lowest >= 0 })
  }

  @Test func canBeInterrupted() {
    var calls = 0
    #expect(throws: Interrupted.self) {
      try Timing.compare(for: 1e9, unless: { calls == 5 }, [{ calls += 1 }])
    }
    #expect(calls == 5)
  }

  @Test func ratioOfMedians() {
    #expect(Comparison("x", bytes: 4, Timing([3]), beside: "y", Timing([2])).ratio == 1.5)
    #expect(Comparison("x", bytes: 4, Timing([3])).ratio == nil)
  }
}

@Suite(.timeLimit(.minutes(1))) struct BareLoopTests {
  @Test(arguments: TransportBenchmark.Medium.allCases) func movesFrames(over medium: TransportBenchmark.Medium) throws {
    let places = try Places()
    defer { places.remove() }
    #expect(try BareLoop(address: try places.next(medium), frame: 100_000).secondsPerFrame(20) > 0)
  }

  @Test func saysWhatLibzmqRefuses() {
    #expect(throws: BareLoop.Failure.self) {
      try BareLoop(address: "ipc:///nowhere/at/all", frame: 10).secondsPerFrame(1)
    }
  }
}
