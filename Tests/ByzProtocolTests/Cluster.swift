import ByzAggregation
import ByzNumerics
import ByzProtocol

/// All nodes of a small run in one place, under a schedule drawn from a seed: which message arrives next, and which timer
/// fires, is arbitrary. Nothing is lost; what a test wants lost or held back it takes out with `isDelivered`.
///
/// Gradients are those of |theta - 1|^2 / 2, so that the run has somewhere to go.
struct Cluster {
  let configuration: ProtocolConfiguration
  /// Whether a message may be delivered now. What is not stays on its way.
  var isDelivered: (Message, _ from: NodeID, _ to: NodeID) -> Bool = { _, _, _ in true }
  /// The nodes that say nothing at all.
  let silent: Set<NodeID>
  /// The nodes that send noise instead of every vector, to each receiver another one.
  let equivocating: Set<NodeID>
  private var machines: [NodeID: any Machine] = [:]
  private var generator: SeededGenerator
  private struct Entry {
    let event: Event
    let node: NodeID
    var sender: NodeID?
  }

  /// Messages and gradients on their way.
  private var pending: [Entry] = []
  private var timers: [Entry] = []
  private(set) var steps: [NodeID: Int] = [:]
  private(set) var parameters: [NodeID: Vector] = [:]
  /// The pre-gather models of honest servers by step, and what each gather made of them.
  private(set) var gathered: [Int: [NodeID: Vector]] = [:]
  private(set) var finished: Set<NodeID> = []
  /// What went wrong, in words; must stay empty.
  private(set) var violations: [String] = []

  init(_ configuration: ProtocolConfiguration, seed: UInt64, silent: Set<NodeID> = [], equivocating: Set<NodeID> = []) {
    self.configuration = configuration
    self.silent = silent
    self.equivocating = equivocating
    generator = SeededGenerator(seed: seed)
    for id in configuration.quorums.serverIDs + configuration.quorums.workerIDs where !silent.contains(id) {
      machines[id] = makeMachine(id)
    }
    for id in machines.keys.sorted() { feed(.start, to: id) }
  }

  var honest: [NodeID] { machines.keys.filter { !equivocating.contains($0) }.sorted() }

  /// Lets up to `limit` things happen; stops early when nothing is left to happen, or when `node` has reached `step`.
  mutating func run(atMost limit: Int, until node: NodeID? = nil, reaches step: Int = 0) {
    for _ in 0..<limit {
      if let node, let reached = steps[node], reached >= step { return }
      // A timer is slower than the network, mostly: one fires when nothing else can happen, or one time in fifty.
      if generator.index(below: 50) > 0, let next = Self.draw(from: &pending, where: isReady, using: &generator) {
        feed(next.event, to: next.node)
      } else if let next = Self.draw(from: &timers, where: isReady, using: &generator) {
        feed(next.event, to: next.node)
      } else if pending.isEmpty {
        return
      }
    }
  }

  /// Takes out one of the entries that are ready, if there is one.
  private static func draw(
    from entries: inout [Entry], where isReady: (Entry) -> Bool, using generator: inout SeededGenerator
  ) -> Entry? {
    guard !entries.isEmpty else { return nil }
    // Most are ready: a few tries find one without looking at all.
    for _ in 0..<8 {
      let index = generator.index(below: entries.count)
      if isReady(entries[index]) { return remove(index, from: &entries) }
    }
    let ready = entries.indices.filter { isReady(entries[$0]) }
    return ready.isEmpty ? nil : remove(ready[generator.index(below: ready.count)], from: &entries)
  }

  /// Takes out an entry; the last one takes its place, since the order means nothing.
  private static func remove(_ index: Int, from entries: inout [Entry]) -> Entry {
    entries.swapAt(index, entries.count - 1)
    return entries.removeLast()
  }

  /// Ends `node` and starts it again with nothing but theta_0; what was on its way to it is lost, and everyone notices.
  mutating func restart(_ node: NodeID) {
    pending.removeAll { $0.node == node || $0.sender == node }
    timers.removeAll { $0.node == node }
    steps[node] = nil
    machines[node] = makeMachine(node)
    feed(.start, to: node)
    for peer in honest where peer != node { pending.append(Entry(event: .reconnected(node), node: peer)) }
  }

  private func makeMachine(_ id: NodeID) -> any Machine {
    switch id.role {
    case .server: ServerMachine(id.index, configuration, model: Vector(repeating: 0, count: configuration.dimension))
    case .worker: WorkerMachine(id.index, configuration)
    }
  }

  mutating func feed(_ event: Event, to node: NodeID) {
    for action in machines[node]?.handle(event) ?? [] { perform(action, of: node) }
  }

  private func isReady(_ entry: Entry) -> Bool {
    switch entry.event {
    case .received(let message, let sender): isDelivered(message, sender, entry.node)
    // Lingering lasts long, compared with the network: nobody goes while others are on their way.
    case .timer(.linger): honest.allSatisfy(isThere)
    default: true
    }
  }

  /// Whether `node` has completed the last step.
  private func isThere(_ node: NodeID) -> Bool {
    (steps[node] ?? 0) >= configuration.training.steps - (node.role == .server ? 0 : 1)
  }

  private mutating func perform(_ action: Action, of node: NodeID) {
    switch action {
    case .send(let message, let receivers):
      if case .vector(.gatherModel, let step, let model) = message, !equivocating.contains(node) {
        gathered[step, default: [:]][node] = model
      }
      for receiver in receivers where machines[receiver] != nil {
        pending.append(
          Entry(event: .received(distort(message, by: node), from: node), node: receiver, sender: node))
      }
    case .computeGradient(let step, let draw, let parameters):
      let gradient = Vector(parameters.elements.map { $0 - 1 })
      pending.append(Entry(event: .gradient(step: step, draw: draw, gradient, loss: 0), node: node))
    case .schedule(let timer, _):
      timers.append(Entry(event: .timer(timer), node: node))
    case .report where equivocating.contains(node), .diverge where equivocating.contains(node):
      break
    case .report(.updated(let step, let parameters, let contributors, _)):
      note(step: step, of: node, contributors: contributors, quorum: configuration.quorums.workers.quorum)
      self.parameters[node] = parameters
      check(gatherBefore: step, of: node, parameters)
    case .report(.adopted(let step, let parameters, let contributors)):
      note(step: step, of: node, contributors: contributors, quorum: configuration.quorums.adoptionQuorum)
      self.parameters[node] = parameters
    case .report(.estimated(let step, _, let contributors)):
      note(step: step, of: node, contributors: contributors, quorum: configuration.quorums.servers.quorum)
    case .finish:
      finished.insert(node)
    case .diverge, .crash:
      violations.append("\(node) ended by itself")
    case .reject:
      break
    }
  }

  private mutating func distort(_ message: Message, by node: NodeID) -> Message {
    guard equivocating.contains(node), case .vector(let kind, let step, let vector) = message else { return message }
    let scale = [Float(0.01), 1, 1000][generator.index(below: 3)]
    return .vector(kind, step: step, Vector((0..<vector.count).map { _ in scale * generator.normal() }))
  }

  /// A node's step never decreases, and every step rests on a quorum of distinct peers.
  private mutating func note(step: Int, of node: NodeID, contributors: [NodeID], quorum: Int) {
    if let former = steps[node], step <= former { violations.append("\(node) went from step \(former) to \(step)") }
    if Set(contributors).count < quorum { violations.append("\(node) went on with \(contributors) at step \(step)") }
    steps[node] = step
  }

  /// After a gather every coordinate lies between honest pre-gather values.
  private mutating func check(gatherBefore step: Int, of node: NodeID, _ result: Vector) {
    guard step % configuration.training.gatherEvery == 0, let models = gathered[step - 1] else { return }
    for index in 0..<result.count {
      let values = models.values.map { $0[index] }
      guard let low = values.min(), let high = values.max(), low <= result[index], result[index] <= high else {
        violations.append("\(node) left the range of honest models in the gather after step \(step - 1)")
        return
      }
    }
  }
}
