import ByzNumerics

/// Other servers' vectors of one kind and of recent steps, gathered by a server that has been left behind.
///
/// Of each peer there are at most R, the newest: as many as an honest one keeps.
struct PeerHistory {
  private let limit: Int
  private var held: [NodeID: [Int: Vector]] = [:]

  init(steps limit: Int) { self.limit = limit }

  /// Why the vector of `step` by `peer` has no place here; nil if it has.
  func rejection(of step: Int, from peer: NodeID) -> Rejection? {
    guard let known = held[peer] else { return nil }
    if known[step] != nil { return .duplicate }
    return known.count >= limit && known.keys.allSatisfy { $0 > step } ? .superseded : nil
  }

  /// Keeps a vector that has a place here.
  mutating func insert(_ vector: Vector, step: Int, from peer: NodeID) {
    held[peer, default: [:]][step] = vector
    if let known = held[peer], known.count > limit, let oldest = known.keys.min() { held[peer]?[oldest] = nil }
  }

  /// Lets go of what is older than `step`.
  mutating func forget(before step: Int) {
    held = held.mapValues { $0.filter { $0.key >= step } }.filter { !$0.value.isEmpty }
  }

  /// The steps of which at least `quorum` peers' vectors are held, the newest first.
  func steps(heldFrom quorum: Int) -> [Int] {
    var counts: [Int: Int] = [:]
    for step in held.values.flatMap(\.keys) { counts[step, default: 0] += 1 }
    return counts.filter { $0.value >= quorum }.keys.sorted(by: >)
  }

  /// The vectors of `step`, in the order of their senders.
  func vectors(of step: Int) -> [(sender: NodeID, vector: Vector)] {
    held.compactMap { peer, vectors in vectors[step].map { (sender: peer, vector: $0) } }
      .sorted { $0.sender < $1.sender }
  }
}
