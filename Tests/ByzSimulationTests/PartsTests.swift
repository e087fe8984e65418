import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzSimulation

@Suite struct NodeSetTests {
  @Test func drawnIndicesAreKeptLikeInASet() {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [1])
      let bound = [1, 63, 64, 65, 128, 129, 201][generator.index(below: 7)]
      var (set, naive) = (NodeSet(), Set<Int>())
      for _ in 0..<generator.index(below: 2 * bound + 1) {
        let index = generator.index(below: bound)
        set.insert(index)
        naive.insert(index)
        #expect(set.count == naive.count, "seed \(seed)")
      }
      #expect((0...200).filter(set.contains) == naive.sorted(), "seed \(seed)")
    }
  }
}

@Suite struct CoordinateRangeTests {
  private var range: CoordinateRange {
    var range = CoordinateRange(Vector([1, -2, 0]))
    range.include(Vector([3, -2, -1]))
    range.include(Vector([2, -2, 0.5]))
    return range
  }

  @Test(
    arguments: [
      ([1, -2, -1], nil), ([3, -2, 0.5], nil), ([2, -2, -0.0], nil), ([0.99, -2, 0], 0), ([3.01, -2, 0], 0),
      ([2, -2.01, 0], 1), ([2, -1.99, 9], 1), ([2, -2, 0.51], 2), ([2, -2, -.infinity], 2),
    ] as [([Float], Int?)])
  func findsTheFirstCoordinateOutside(elements: [Float], expected: Int?) {
    #expect(range.coordinate(outside: Vector(elements)) == expected)
  }

  @Test func showsItsBounds() {
    #expect((0..<3).map(range.text) == ["1.0 to 3.0", "-2.0 to -2.0", "-1.0 to 0.5"])
  }
}

@Suite struct TraceDigestTests {
  private func digest(_ write: (inout TraceDigest) -> Void) -> UInt64 {
    var digest = TraceDigest()
    write(&digest)
    return digest.value
  }

  /// Every sequence of up to five of a few words.
  @Test func differsWithEveryWordAndTheirOrder() {
    var sequences: [[UInt64]] = [[]]
    var all: [[UInt64]] = []
    for _ in 0..<5 {
      sequences = sequences.flatMap { start in [0, 1, 2, 1 << 63, .max].map { start + [$0] } }
      all += sequences
    }
    let digests = all.map { words in digest { for word in words { $0.add(word) } } }
    #expect(Set(digests).count == all.count)
    #expect(all.count == 5 + 25 + 125 + 625 + 3125)
  }

  @Test func tellsNodesApart() {
    let nodes = (0..<1000).map(NodeID.server) + (0..<1000).map(NodeID.worker)
    #expect(Set(nodes.map { node in digest { $0.add(node) } }).count == nodes.count)
  }

  /// The parameters of the last step travel in no message.
  @Test func tellsReportsApart() {
    let reports: [Report] = [
      .updated(step: 1, parameters: Vector([1]), contributors: [.worker(0)], selected: [.worker(0)]),
      .updated(step: 1, parameters: Vector([2]), contributors: [.worker(0)], selected: [.worker(0)]),
      .updated(step: 2, parameters: Vector([1]), contributors: [.worker(0)], selected: [.worker(0)]),
      .updated(step: 1, parameters: Vector([1]), contributors: [.worker(1)], selected: [.worker(0)]),
      .estimated(step: 1, loss: 1, contributors: [.server(0)]),
      .estimated(step: 1, loss: 2, contributors: [.server(0)]),
      .estimated(step: 1, loss: 1, contributors: [.server(0)], source: .filtered),
      .estimated(step: 1, loss: 1, contributors: [.server(0)], source: .certified),
    ]
    #expect(Set(reports.map { report in digest { $0.add(.reported(report)) } }).count == reports.count)
  }

  @Test func tellsRefusalsApart() {
    let reasons: [ModelRefusal] = [
      .absent, .digest, .lipschitz(value: 3, bound: 2), .lipschitz(value: 4, bound: 2), .outliers(value: 3, bound: 2),
    ]
    let reports = reasons.flatMap { reason in
      [(1, 0), (1, 1), (2, 0)].map { step, server in Report.refused(step: step, server: .server(server), reason) }
    }
    #expect(Set(reports.map { report in digest { $0.add(.reported(report)) } }).count == reports.count)
  }

  @Test func tellsVectorsApartByTheirBits() {
    let vectors: [[Float]] = [
      [0, 0], [0, 1], [1, 0], [1, 1], [-0.0, 0], [0, -0.0], [1, Float(1).nextUp], [.nan, 1], [.infinity, 1],
    ]
    #expect(Set(vectors.map { TraceDigest.of(Vector($0)) }).count == vectors.count)
    let (one, same) = (Vector([1, 2]), Vector([1, 2]))
    #expect(TraceDigest.of(one) == TraceDigest.of(same))
    #expect(digest { $0.add(one) } == TraceDigest.of(one))
  }

  @Test func isSixteenDigits() {
    #expect(TraceDigest().text == String(TraceDigest().value, radix: 16))
    for word in 1...100 as ClosedRange<UInt64> {
      var digest = TraceDigest()
      digest.add(word)
      #expect(digest.text.count == 16)
      #expect(UInt64(digest.text, radix: 16) == digest.value)
    }
  }
}

@Suite struct LinkQueuesTests {
  private typealias Queue = EventQueue<Simulation.Happening>

  @Test func beyondItsCapacityTheNewestOfAKindTakesTheOldersPlace() {
    var (queue, links) = (Queue(), LinkQueues(nodes: 3, capacity: 2))
    func plan(_ ticket: Queue.Ticket?) -> Int? {
      guard let ticket, case .stop(let plan)? = queue.replace(ticket, with: .stop(9)) else { return nil }
      return plan
    }
    for plan in 0..<2 {
      #expect(links.waiting(0, 1, in: 5) == nil)
      links.join(0, 1, in: 5, as: queue.insert(.stop(plan), at: .start))
    }
    // Two fit; the third is the first that another may replace.
    #expect(links.waiting(0, 1, in: 5) == nil)
    links.join(0, 1, in: 5, as: queue.insert(.stop(2), at: .start))
    #expect(plan(links.waiting(0, 1, in: 5)) == 2)
    #expect(links.waiting(0, 1, in: 6) == nil)
    // Other links, the other direction among them, have room of their own.
    for (sender, receiver) in [(1, 0), (0, 2), (2, 1), (0, 0)] {
      #expect(links.waiting(sender, receiver, in: 5) == nil)
    }
    links.leave(0, 1)
    #expect(links.waiting(0, 1, in: 5) == nil)
  }

  /// However fast one sends: 2 R messages and one more in each place.
  @Test func noMoreIsOnItsWayThanTheCapacityAndOneInEachPlace() {
    var fullLinks = 0
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [1])
      let (capacity, places) = (generator.index(below: 5), 1 + generator.index(below: 4))
      var (queue, links) = (Queue(), LinkQueues(nodes: 2, capacity: capacity))
      var (inFlight, most) = (0, 0)
      for now in 0..<500 {
        if generator.index(below: 3) == 0, queue.next() != nil {
          links.leave(0, 1)
          inFlight -= 1
        }
        let place = generator.index(below: places)
        if let ticket = links.waiting(0, 1, in: place), queue.replace(ticket, with: .stop(now)) != nil { continue }
        let arrival = VirtualTime(microseconds: now + generator.index(below: 100))
        links.join(0, 1, in: place, as: queue.insert(.stop(now), at: arrival))
        inFlight += 1
        most = max(most, inFlight)
      }
      #expect(most <= capacity + places, "seed \(seed)")
      if most == capacity + places { fullLinks += 1 }
    }
    #expect(fullLinks > 0)
  }
}
