import ByzNumerics

/// The vectors of one kind that have come from each peer and may still be used.
///
/// Memory is bounded: of each peer there is at most the vector of the step that is wanted now and the newest one. "The
/// newest" alone would evict a vector that is still needed when its sender runs ahead; more is of no use, since a node that
/// cannot finish its step moves to a newer one.
struct Inbox {
  /// The step that the node is collecting.
  private(set) var wanted: Int
  private var current: [NodeID: Vector] = [:]
  private var newest: [NodeID: (step: Int, vector: Vector)] = [:]

  private let plantedBug: PlantedBug?
  private let retainedSteps: Int
  /// Second vectors of a sender, which only a mistake keeps.
  private var extra: [(sender: NodeID, vector: Vector)] = []

  init(of kind: VectorKind, wanting step: Int, in configuration: ProtocolConfiguration) {
    wanted = step
    // That mistake is about momentums alone.
    plantedBug = configuration.plantedBug == .staleMomentum && kind != .momentum ? nil : configuration.plantedBug
    retainedSteps = configuration.patience.retainedSteps
  }

  /// Why the vector of `step` by `peer` has no place here; nil if it has.
  func rejection(of step: Int, from peer: NodeID) -> Rejection? {
    if step < wanted { return .late }
    if holds(step, from: peer) && !(plantedBug == .countedTwice && step == wanted) { return .duplicate }
    if step > wanted, let held = newest[peer], held.step > step { return .superseded }
    return nil
  }

  /// Keeps a vector that has a place here.
  mutating func insert(_ vector: Vector, step: Int, from peer: NodeID) {
    if step == wanted {
      if current[peer] != nil { extra.append((peer, vector)) }
      current[peer] = vector
    } else {
      newest[peer] = (step, vector)
      if plantedBug == .newestOnly && step >= wanted + retainedSteps { current[peer] = nil }
    }
  }

  /// Moves on to a newer step and lets go of what is older.
  mutating func want(_ step: Int) {
    precondition(step >= wanted, "a node's step never decreases, but \(step) came after \(wanted)")
    guard step > wanted else { return }
    let former = plantedBug == .staleMomentum && step == wanted + 1 ? current : [:]
    wanted = step
    extra = []
    current = former.merging(newest.filter { $0.value.step == step }.mapValues(\.vector)) { $1 }
    newest = newest.filter { $0.value.step > step }
  }

  func holds(_ step: Int, from peer: NodeID) -> Bool {
    step == wanted ? current[peer] != nil : newest[peer]?.step == step
  }

  /// The vector of `step` by `peer`.
  func vector(of step: Int, from peer: NodeID) -> Vector? {
    step == wanted ? current[peer] : newest[peer].flatMap { $0.step == step ? $0.vector : nil }
  }

  /// The vectors of `step`, in the order of their senders.
  func vectors(of step: Int) -> [(sender: NodeID, vector: Vector)] {
    let held = step == wanted ? current : newest.filter { $0.value.step == step }.mapValues(\.vector)
    var found = held.map { (sender: $0.key, vector: $0.value) }
    if step == wanted && !extra.isEmpty { found += extra }
    return found.sorted { $0.sender < $1.sender }
  }

  /// All vectors of steps before `step`.
  func entries(before step: Int) -> [(sender: NodeID, step: Int, vector: Vector)] {
    let older = newest.filter { $0.value.step < step }.map { ($0.key, $0.value.step, $0.value.vector) }
    return older + (wanted < step ? current.map { ($0.key, wanted, $0.value) } : [])
  }

  /// The newest step of which there is a vector by `peer`.
  func newestStep(from peer: NodeID) -> Int? {
    newest[peer]?.step ?? (current[peer] == nil ? nil : wanted)
  }

  /// The newest step of which there are vectors by at least `quorum` peers.
  func newestStep(heldFrom quorum: Int) -> Int? {
    var counts: [Int: Int] = [wanted: current.count]
    for held in newest.values { counts[held.step, default: 0] += 1 }
    return counts.filter { $0.value >= quorum }.keys.max()
  }
}
