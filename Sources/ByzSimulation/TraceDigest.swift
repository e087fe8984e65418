import ByzNumerics
import ByzProtocol

/// A 64-bit digest of everything that happened in a run, in order: equal schedules with equal vectors give equal digests.
///
/// It tells runs apart, and is not made to withstand someone who wants two runs to collide. The mixing is that of
/// SplitMix64's output function (Steele, Lea and Flood, OOPSLA 2014), applied to each word in turn.
struct TraceDigest {
  // Not 0, which leading words of 0 would leave as it is.
  private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func add(_ word: UInt64) {
    var mixed = (value &* 0xD134_2543_DE82_EF95) ^ word
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    value = mixed ^ (mixed >> 31)
  }

  mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  mutating func add(_ node: NodeID) { add(node.role == .server ? node.index : -1 - node.index) }

  mutating func add(_ vector: Vector) {
    vector.withUnsafeBufferPointer { for element in $0 { add(UInt64(element.bitPattern)) } }
  }

  /// A vector's own digest.
  static func of(_ vector: Vector) -> UInt64 {
    var digest = TraceDigest()
    digest.add(vector)
    return digest.value
  }

  /// Sixteen hexadecimal digits.
  var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension TraceDigest {
  /// Adds what happened, but for the elements of vectors on their way: those that a node sends are added once, by their
  /// own digest.
  mutating func add(_ what: Occurrence.What) {
    switch what {
    case .started: add(1)
    case .stopped: add(2)
    case .received(let message, let sender): add(3, message, sender)
    case .computed(let step, let draw):
      add(4)
      add(step)
      add(draw)
    case .fired(let timer): add(timer)
    case .reconnected(let peer):
      add(6)
      add(peer)
    case .overheard(let message, let sender): add(12, message, sender)
    case .sent(let message, let receivers):
      for receiver in receivers { add(7, message, receiver) }
    case .lost(let message, let receiver): add(8, message, receiver)
    case .reported(let report): add(report)
    case .rejected(let sender, let reason):
      add(10)
      add(sender)
      add(reason)
    case .ended(let end):
      add(11)
      add(end)
    }
  }

  private mutating func add(_ code: Int, _ message: Message, _ peer: NodeID) {
    add(code)
    add(peer)
    switch message {
    case .vector(let kind, let step, _): add(Int(kind.rawValue) << 32 | step)
    case .request(let kind, let step): add(Int(kind.rawValue + 8) << 32 | step)
    case .digest(let step, let digest):
      add(18 << 32 | step)
      for byte in digest.bytes { add(Int(byte)) }
    case .done: add(16 << 32)
    }
  }

  private mutating func add(_ timer: Timer) {
    add(5)
    switch timer {
    case .grace(let kind, let step): add(Int(kind.rawValue) << 32 | step)
    case .askAgain(let kind, let step): add(Int(kind.rawValue + 8) << 32 | step)
    case .pull(let step, let attempt):
      add(19 << 32 | step)
      add(attempt)
    case .linger: add(16 << 32)
    case .fault(let number): add(17 << 32 | number)
    }
  }

  private mutating func add(_ report: Report) {
    add(9)
    add(report.step)
    switch report {
    case .updated(_, let parameters, let contributors, let selected):
      for node in contributors + selected { add(node) }
      add(parameters)
    case .adopted(_, let parameters, let contributors):
      for node in contributors { add(node) }
      add(parameters)
    case .estimated(_, let loss, let contributors, let source):
      for node in contributors { add(node) }
      add(loss.bitPattern)
      if source != .median { add(source) }
    case .refused(_, let server, let refusal):
      add(server)
      switch refusal {
      case .lipschitz: add(0)
      case .outliers: add(1)
      case .digest: add(2)
      case .absent: add(3)
      }
      if let (value, bound) = refusal.figures {
        add(value.bitPattern)
        add(bound.bitPattern)
      }
    case .forged(_, let samples, let areOverheard):
      add(samples)
      add(areOverheard ? 1 : 0)
    }
  }

  /// One of some cases, by its place among them.
  private mutating func add<Choice: CaseIterable & Equatable>(_ choice: Choice) {
    add(Choice.allCases.enumerated().first { $0.element == choice }?.offset ?? 0)
  }
}
