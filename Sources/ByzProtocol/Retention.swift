import ByzNumerics

/// The vectors of one kind that this node made in its last R steps, kept for those who may still need them.
///
/// R counts steps, not messages, and is at least 2. With R = 1 a Byzantine worker lets one server run a step ahead; that
/// server forgets theta_t; a slow honest worker can then never collect its quorum of step t; and the others wait for its
/// momentum for ever.
struct Retention {
  private let limit: Int
  private var kept: [Int: Vector] = [:]

  init(steps limit: Int) { self.limit = limit }

  subscript(step: Int) -> Vector? { kept[step] }

  mutating func keep(_ vector: Vector, of step: Int) { kept[step] = vector }

  /// Lets go of what is older than the last R steps, of which `step` is the newest.
  mutating func advance(to step: Int) { kept = kept.filter { $0.key > step - limit } }

  /// The vector of `step` if it is kept, else the newest one if that is newer.
  func vector(of step: Int) -> (step: Int, vector: Vector)? {
    if let vector = kept[step] { return (step, vector) }
    return newest.flatMap { $0.step > step ? $0 : nil }
  }

  /// All that is kept of `step` and newer ones, the newest first.
  func vectors(from step: Int) -> [(step: Int, vector: Vector)] {
    kept.filter { $0.key >= step }.sorted { $0.key > $1.key }.map { (step: $0.key, vector: $0.value) }
  }

  /// The newest vector kept.
  var newest: (step: Int, vector: Vector)? {
    kept.max { $0.key < $1.key }.map { (step: $0.key, vector: $0.value) }
  }
}
