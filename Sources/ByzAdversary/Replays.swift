import ByzNumerics
import ByzProtocol

/// Sends, instead of every vector, the one of the same kind of some steps before: old momentums replayed, a stale model.
///
/// Of the first steps it sends the oldest there is. It keeps its own true vectors of the steps that it may still need.
struct Stale: VectorFault {
  let lag: Int
  let retainedSteps: Int
  private var vectors: [VectorKind: [Int: Vector]] = [:]

  init(lag: Int, retainedSteps: Int) {
    self.lag = lag
    self.retainedSteps = retainedSteps
  }

  mutating func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    var known = vectors[kind] ?? [:]
    known[step] = known[step] ?? vector
    // The newest one that is old enough; gathers do not happen in every step.
    let old = known.keys.filter { $0 <= step - lag }.max() ?? known.keys.min() ?? step
    let forgery = known[old] ?? vector
    vectors[kind] = known.filter { $0.key >= old - retainedSteps }
    return forgery
  }
}

/// Sends, instead of every vector, the first one of its kind, for ever.
struct Frozen: VectorFault {
  private var first: [VectorKind: Vector] = [:]

  init() {}

  mutating func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    if let known = first[kind] { return known }
    first[kind] = vector
    return vector
  }
}

/// Joins every gather with what it should have sent to the one before, step and all.
struct LateGather: Fault {
  private var last: (step: Int, vector: Vector)?

  init() {}

  mutating func rewrite(_ action: Action) -> [Action] {
    guard case .send(.vector(.gatherModel, let step, let vector), let receivers) = action else { return [action] }
    // Who asks again for a gather that is over gets what was sent to it.
    guard step > last?.step ?? -1 else { return [action] }
    defer { last = (step, vector) }
    return last.map { [.send(.vector(.gatherModel, step: $0.step, $0.vector), to: receivers)] } ?? []
  }
}
