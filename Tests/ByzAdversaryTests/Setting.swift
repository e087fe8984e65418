import ByzAdversary
import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

/// The run that the faulty nodes of these tests belong to, unless a test says otherwise: one trusted server, so that a
/// worker's median is that server's model, and 7 workers of which 2 may be Byzantine.
func configuration(
  servers: (Int, Int) = (1, 0), workers: (Int, Int) = (7, 2),
  momentum: Momentum = Momentum(coefficient: 0.9, form: .dampened),
  weightDecay: Double = 0
) -> ProtocolConfiguration {
  ProtocolConfiguration(
    quorums: Quorums(servers: servers, workers: workers),
    training: TrainingParameters(
      steps: 100, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: momentum, weightDecay: weightDecay),
    patience: Patience(retainedSteps: 3), rule: MinimumDiameterAveraging(), dimension: 3)
}

/// A machine that does what a test tells it, whatever happens: the next actions of its script.
struct Puppet: Machine {
  let id: NodeID
  var script: [[Action]]

  mutating func handle(_ event: Event) -> [Action] { script.isEmpty ? [] : script.removeFirst() }
}

/// What a node really does whose honest machine would do `actions`.
func play(
  _ specification: FaultSpecification, on node: NodeID, seed: UInt64 = 1, instead actions: [Action]
) -> [Action] {
  var machine = FaultCatalogue.machine(
    Puppet(id: node, script: [actions]), playing: specification, in: configuration(), seed: seed)
  return machine.handle(.start)
}

/// The vector that `specification` sends instead of `vector`.
func forged(
  _ vector: Vector, by specification: FaultSpecification, on node: NodeID, kind: VectorKind, step: Int = 3,
  seed: UInt64 = 1
) throws -> Vector {
  let actions = play(
    specification, on: node, seed: seed, instead: [.send(.vector(kind, step: step, vector), to: [.server(0)])])
  return try #require(sent(actions).first?.vector)
}

/// The vectors that are sent, with all that is said about them.
func sent(_ actions: [Action]) -> [(kind: VectorKind, step: Int, vector: Vector, receivers: [NodeID])] {
  actions.compactMap { action in
    guard case .send(.vector(let kind, let step, let vector), let receivers) = action else { return nil }
    return (kind, step, vector, receivers)
  }
}

/// One of each action that sends no vector. Those that hold vectors show all their elements when they are printed, so
/// that two of them are the same if their texts are.
let otherActions: [Action] = [
  .send(.request(.model, step: 4), to: [.server(0), .server(1)]), .send(.done, to: [.worker(2)]),
  .computeGradient(step: 4, draw: 0, at: Vector([1, -2, 3])), .computeGradient(step: 4, draw: 1, at: Vector([1, 2])),
  .schedule(.grace(.model, step: 4), afterMilliseconds: 50), .schedule(.linger, afterMilliseconds: 5),
  .report(.updated(step: 4, parameters: Vector([1, 2]), contributors: [.worker(0)], selected: [.worker(0)])),
  .report(.adopted(step: 4, parameters: Vector([1, 2]), contributors: [.server(1)])),
  .report(.estimated(step: 4, loss: 0.5, contributors: [.server(0)])),
  .report(.refused(step: 4, server: .server(1), .outliers(value: 3, bound: 2))), .reject(from: .worker(1), .late),
  .diverge(step: 4), .finish,
]

func texts(_ actions: [Action]) -> [String] { actions.map { "\($0)" } }
