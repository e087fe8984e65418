import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzSimulation

@Suite struct EventQueueTests {
  @Test func equalTimesComeInTheOrderOfInsertion() {
    var queue = EventQueue<Int>()
    for number in 0..<100 { queue.insert(number, at: VirtualTime(microseconds: number % 2)) }
    let order = (0..<100).compactMap { _ in queue.next()?.happening }
    #expect(order == Array(stride(from: 0, to: 100, by: 2)) + Array(stride(from: 1, to: 100, by: 2)))
    #expect(queue.next() == nil)
  }

  @Test func whatIsReplacedKeepsItsTimeAndPlace() {
    var queue = EventQueue<String>()
    let now = VirtualTime(microseconds: 5)
    let ticket = queue.insert("first", at: now)
    queue.insert("second", at: now)
    #expect(queue.replace(ticket, with: "other") == "first")
    #expect(queue.replace(ticket, with: "another") == "other")
    #expect(queue.next() ?? (.start, "") == (now, "another"))
    #expect(queue.replace(ticket, with: "too late") == nil)
    // Its room belongs to something else by now.
    queue.insert("third", at: now)
    #expect(queue.replace(ticket, with: "too late") == nil)
    #expect(queue.next()?.happening == "second")
    #expect(queue.next()?.happening == "third")
    #expect(queue.next() == nil)
  }

  @Test func drawnOperationsDoWhatANaiveListDoes() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [1])
      var queue = EventQueue<Int>()
      var naive = NaiveQueue()
      var tickets: [EventQueue<Int>.Ticket] = []
      // Mostly growing, mostly shrinking, and back and forth around empty; few distinct times, or many.
      let (inserting, times) = (2 + generator.index(below: 5), [3, 1000][generator.index(below: 2)])
      var (found, expected) = ([Int?](), [Int?]())
      for value in 0..<400 {
        switch generator.index(below: 10) {
        case 0..<inserting:
          let time = generator.index(below: times)
          tickets.append(queue.insert(value, at: VirtualTime(microseconds: time)))
          naive.insert(value, at: time)
        case 9 where !tickets.isEmpty:
          let number = generator.index(below: tickets.count)
          found.append(queue.replace(tickets[number], with: value))
          expected.append(naive.replace(number, with: value))
        default:
          let (next, naiveNext) = (queue.next(), naive.next())
          found += [next?.time.microseconds, next?.happening]
          expected += [naiveNext?.time, naiveNext?.value]
        }
      }
      while let next = naive.next() {
        let other = queue.next()
        found += [other?.time.microseconds, other?.happening]
        expected += [next.time, next.value]
      }
      #expect(found == expected, "seed \(seed)")
      #expect(queue.next() == nil, "seed \(seed)")
    }
  }
}

/// A list in which whatever comes next is looked for.
private struct NaiveQueue {
  private var entries: [(time: Int, number: Int, value: Int)] = []
  private var count = 0

  mutating func insert(_ value: Int, at time: Int) {
    entries.append((time, count, value))
    count += 1
  }

  /// Replaces what was inserted as the so-manieth.
  mutating func replace(_ number: Int, with value: Int) -> Int? {
    guard let index = entries.firstIndex(where: { $0.number == number }) else { return nil }
    defer { entries[index].value = value }
    return entries[index].value
  }

  mutating func next() -> (time: Int, value: Int)? {
    guard let index = entries.indices.min(by: { precedes(entries[$0], entries[$1]) }) else { return nil }
    let entry = entries.remove(at: index)
    return (entry.time, entry.value)
  }

  private func precedes(_ one: (time: Int, number: Int, value: Int), _ other: (time: Int, number: Int, value: Int))
    -> Bool
  { (one.time, one.number) < (other.time, other.number) }
}
