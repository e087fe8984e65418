import ByzNumerics

/// A worker's search for one server's model of a step.
struct PullAttempt {
  /// What the digests at hand say of a model.
  enum Agreement {
    /// f_ps + 1 distinct servers have it, the one that sent it among them.
    case agreed
    /// f_ps + 1 distinct servers have another one.
    case otherwise
    /// Digests that have not come can still bring about either.
    case open
    case none
  }

  /// A model that a filter has turned away.
  struct Rejected {
    let model: Vector
    let refusal: ModelRefusal
    /// The gradient there and the loss, if it took that to turn it away.
    let gradient: (vector: Vector, loss: Double)?
    /// The servers that have sent it.
    var holders: Set<NodeID>
  }

  let step: Int
  /// The servers in the order in which they are asked.
  private let order: [NodeID]
  /// The server whose model is waited for or being looked at.
  private(set) var server: NodeID
  /// The parts of the time that a server has.
  private let parts: [Int]
  /// How many of them have passed for `server`.
  private(set) var passed = 0
  /// Whether the model of `server` was seen to be here.
  private var isHere = false
  /// Whether `server` has had its time.
  private(set) var isOverdue = false
  /// Whether those that send digests have.
  private(set) var areDigestsOverdue = false
  /// How often it has turned to another server.
  private var turns = 0
  private var refused: Set<NodeID> = []
  /// The servers that have had their time for nothing. Perhaps nobody has the model of this step yet.
  private var overdue: Set<NodeID> = []
  private var rejected: [Rejected] = []
  /// The digests of models that have come, computed here.
  private var computed: [NodeID: ModelDigest] = [:]

  init(step: Int, order: [NodeID], waitingInParts parts: [Int]) {
    self.step = step
    self.parts = parts
    self.order = order
    server = order[0]
  }

  var timer: Timer { .pull(step: step, attempt: turns) }

  /// The next part of the time that `server` has.
  var startPart: Action { .schedule(timer, afterMilliseconds: parts[passed]) }

  /// A part has passed; whether there is another.
  mutating func passPart() -> Bool {
    passed += 1
    return passed < parts.count
  }

  /// Whether the model of `server` has come only now.
  mutating func hasJustCome() -> Bool {
    defer { isHere = true }
    return !isHere
  }

  /// Takes note that the time is up: of the server, or if its model is here, of those that send digests.
  mutating func expire(isModelHere: Bool) {
    if isModelHere { areDigestsOverdue = true } else { isOverdue = true }
  }

  /// Takes note that `server` was not worth waiting for, or was waited for in vain.
  mutating func giveUp() { overdue.insert(server) }

  /// The servers that have had their time for nothing, once.
  mutating func takeOverdue() -> Set<NodeID> {
    defer { overdue = [] }
    return overdue
  }

  /// Turns to the next server, one of `preferred` if such are left, and else none of those that are `leftOut`; false if
  /// none is left.
  mutating func turnToNext(preferring preferred: Set<NodeID>, leavingOut leftOut: Set<NodeID>) -> Bool {
    refused.insert(server)
    let left = order.filter { !refused.contains($0) }
    guard let next = left.first(where: preferred.contains) ?? left.first(where: { !leftOut.contains($0) }) else {
      return false
    }
    turn(to: next)
    return true
  }

  /// Turns back to the first server that has had its time and is now one of `givers`, whose model is here; whether there is
  /// one. Where all wait for a slow worker, what was asked next comes no sooner.
  mutating func turnBack(toOneOf givers: Set<NodeID>) -> Bool {
    guard let late = order.first(where: { overdue.contains($0) && givers.contains($0) }) else { return false }
    overdue.remove(late)
    turn(to: late)
    // How late it is was taken note of when its time was up.
    self.isHere = true
    return true
  }

  private mutating func turn(to next: NodeID) {
    server = next
    turns += 1
    (passed, isHere, isOverdue) = (0, false, false)
  }

  /// Remembers that a filter has turned away the `model` of `server`.
  mutating func reject(_ model: Vector, _ refusal: ModelRefusal, gradient: (vector: Vector, loss: Double)?) {
    rejected.append(Rejected(model: model, refusal: refusal, gradient: gradient, holders: [server]))
  }

  /// If `model`, to the bit, has been turned away before: what is known of it, `server` now among those that have it.
  mutating func recall(_ model: Vector) -> Rejected? {
    guard let index = rejected.firstIndex(where: { $0.model == model }) else { return nil }
    rejected[index].holders.insert(server)
    return rejected[index]
  }

  /// What `digests`, and those computed here, say of the `model` of `server`.
  mutating func agreement(
    on model: Vector, _ digests: [NodeID: (step: Int, digest: ModelDigest)], in configuration: ProtocolConfiguration
  ) -> Agreement {
    let needed = configuration.quorums.servers.byzantine + 1
    // The only server that counts.
    if needed == 1 { return .agreed }
    let own =
      computed[server] ?? ModelDigest(of: model, step: step, topologyDigest: configuration.topologyDigest)
    computed[server] = own
    let holders = holders(digests)
    if holders[own, default: []].count >= needed { return .agreed }
    if holders.values.contains(where: { $0.count >= needed }) { return .otherwise }
    let known = holders.values.reduce(0) { $0 + $1.count }
    let most = holders.values.map(\.count).max() ?? 0
    return most + configuration.quorums.servers.count - known >= needed ? .open : .none
  }

  /// The servers that have a model which f_ps + 1 distinct servers have.
  func certifiedHolders(
    _ digests: [NodeID: (step: Int, digest: ModelDigest)], in configuration: ProtocolConfiguration
  ) -> Set<NodeID> {
    let needed = configuration.quorums.servers.byzantine + 1
    return holders(digests).values.filter { $0.count >= needed }.reduce(into: []) { $0.formUnion($1) }
  }

  /// Who has which model: what was computed from a model counts, whatever its sender says.
  private func holders(_ digests: [NodeID: (step: Int, digest: ModelDigest)]) -> [ModelDigest: Set<NodeID>] {
    let told = digests.filter { $0.value.step == step }.mapValues(\.digest)
    return told.merging(computed) { $1 }.reduce(into: [:]) { $0[$1.value, default: []].insert($1.key) }
  }
}
