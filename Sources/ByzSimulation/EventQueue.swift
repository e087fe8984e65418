/// What is going to happen, in the order of time; of two things at one time the one that was put in first comes first.
///
/// A binary heap over small entries: what they stand for stays where it is while they move.
struct EventQueue<Happening> {
  /// Names something in the queue.
  struct Ticket {
    fileprivate let slot: Int
    fileprivate let sequence: Int
  }

  private struct Entry {
    let time: VirtualTime
    let sequence: Int
    let slot: Int

    func precedes(_ other: Entry) -> Bool {
      time == other.time ? sequence < other.sequence : time < other.time
    }
  }

  private var heap: [Entry] = []
  /// What the entries stand for; nothing in slots that are free.
  private var slots: [(sequence: Int, happening: Happening?)] = []
  private var freeSlots: [Int] = []
  private var nextSequence = 0

  @discardableResult
  mutating func insert(_ happening: Happening, at time: VirtualTime) -> Ticket {
    let slot = freeSlots.popLast() ?? slots.count
    if slot == slots.count {
      slots.append((nextSequence, happening))
    } else {
      slots[slot] = (nextSequence, happening)
    }
    let ticket = Ticket(slot: slot, sequence: nextSequence)
    heap.append(Entry(time: time, sequence: nextSequence, slot: slot))
    nextSequence += 1
    siftUp(from: heap.count - 1)
    return ticket
  }

  /// Puts `happening` in the place of something else, at its time; gives that, or nil if it has happened already.
  mutating func replace(_ ticket: Ticket, with happening: Happening) -> Happening? {
    guard slots[ticket.slot].sequence == ticket.sequence, let former = slots[ticket.slot].happening else { return nil }
    slots[ticket.slot].happening = happening
    return former
  }

  /// Takes out what happens next.
  mutating func next() -> (time: VirtualTime, happening: Happening)? {
    guard let first = heap.first, let happening = slots[first.slot].happening else { return nil }
    removeFirst()
    slots[first.slot] = (-1, nil)
    freeSlots.append(first.slot)
    return (first.time, happening)
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
  }

  private mutating func siftUp(from start: Int) {
    var index = start
    while index > 0, heap[index].precedes(heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func siftDown() {
    var index = 0
    while true {
      var first = index
      let left = 2 * index + 1
      if left < heap.count && heap[left].precedes(heap[first]) { first = left }
      if left + 1 < heap.count && heap[left + 1].precedes(heap[first]) { first = left + 1 }
      if first == index { return }
      heap.swapAt(index, first)
      index = first
    }
  }
}
