import ByzNumerics
import ByzProtocol

/// Serves models that lie uphill of the true one, as far from where workers expect them as the outliers filter lets pass: at
/// every step a share of its bound.
///
/// Uphill is where the true model came from. The bound grows with the norm that a worker's gradient had right after the last
/// gather; servers see the workers' momentums, of which they can make that out. A clipped gradient is shorter than the one in
/// the filter, which is to the liar's disadvantage. What the Lipschitz filter lets pass it cannot know.
struct Drift: Fault {
  private let share: Double
  private let configuration: ProtocolConfiguration
  /// Accomplices, whose momentums say nothing.
  private let ignored: Set<NodeID>
  private let filter: OutliersFilter
  /// The true models of the last two steps.
  private var models: [(step: Int, vector: Vector)] = []
  private var momentums: [NodeID: (step: Int, vector: Vector)] = [:]
  /// eta_s times the shortest gradient of step s.
  private var reference: (step: Int, length: Double)?

  init(share: Double, configuration: ProtocolConfiguration, ignoring ignored: Set<NodeID>) {
    self.share = share
    self.configuration = configuration
    self.ignored = ignored
    let workers = configuration.quorums.workers
    filter = OutliersFilter(
      workers: workers.count, byzantine: workers.byzantine, gatherEvery: configuration.training.gatherEvery)
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    switch action {
    case .report(.updated(let step, let model, _, _)), .report(.adopted(let step, let model, _)):
      models = models.suffix(1) + [(step, model)]
      return [action]
    case .send(.vector(.model, let step, let model), let receivers):
      return [.send(.vector(.model, step: step, drifted(model, step)), to: receivers)]
    case .send(.digest(let step, let digest), let receivers):
      return [.send(.digest(step: step, digest.complement), to: receivers)]
    default:
      return [action]
    }
  }

  private func drifted(_ model: Vector, _ step: Int) -> Vector {
    guard let reference, let index = models.firstIndex(where: { $0.step == step }), index > 0 else { return model }
    let uphill = models[index - 1].vector.adding(-1, times: model)
    let length = uphill.norm
    guard length > 0 else { return model }
    return model.adding(Float(share * filter.steps(at: step) * reference.length / length), times: uphill)
  }

  mutating func intercept(_ event: Event) -> Interception {
    if case .received(.vector(.momentum, let step, let momentum), let worker) = event, momentum.isFinite,
      momentum.count == configuration.dimension, !ignored.contains(worker)
    {
      learn(momentum, of: step, from: worker)
    }
    return Interception(heard: [event])
  }

  private mutating func learn(_ momentum: Vector, of step: Int, from worker: NodeID) {
    let former = momentums[worker]
    // What comes late, or once more, says nothing new.
    guard former?.step ?? -1 < step else { return }
    momentums[worker] = (step, momentum)
    guard configuration.isReference(step), step == 0 || former?.step == step - 1 else { return }
    let length =
      configuration.training.learningRate.at(step) * gradient(momentum, after: step == 0 ? nil : former?.vector).norm
    reference = (step, reference.map { $0.step == step ? min($0.length, length) : length } ?? length)
  }

  /// The gradient that has led from one momentum to the next; of Nesterov's only about so.
  private func gradient(_ momentum: Vector, after former: Vector?) -> Vector {
    guard let recursion = configuration.training.momentum, recursion.place == .worker else { return momentum }
    let beta = Float(recursion.coefficient)
    let added = former.map { momentum.adding(-beta, times: $0) } ?? momentum
    return recursion.form == .dampened ? added.scaled(by: 1 / (1 - beta)) : added
  }
}

/// Is honest until right before a gather: the model of the step that a gather ends, and the pre-gather model, are a multiple of
/// the true ones.
struct BeforeGather: Fault {
  let factor: Float
  let configuration: ProtocolConfiguration

  func rewrite(_ action: Action) -> [Action] {
    switch action {
    case .send(.vector(let kind, let step, let vector), let receivers) where configuration.gathers(after: step):
      return [.send(.vector(kind, step: step, vector.scaled(by: factor)), to: receivers)]
    case .send(.digest(let step, let digest), let receivers) where configuration.gathers(after: step):
      return [.send(.digest(step: step, digest.complement), to: receivers)]
    default:
      return [action]
    }
  }
}

/// Answers workers of even index well, and the others badly.
struct Unfair: Fault {
  let factor: Float

  func rewrite(_ action: Action) -> [Action] {
    guard let (message, receivers) = action.transmission else { return [action] }
    let disfavoured = receivers.filter { $0.role == .worker && $0.index % 2 == 1 }
    let bad: Message
    switch message {
    case .vector(.model, let step, let model): bad = .vector(.model, step: step, model.scaled(by: factor))
    case .digest(let step, let digest): bad = .digest(step: step, digest.complement)
    default: return [action]
    }
    let others = receivers.filter { !disfavoured.contains($0) }
    return (others.isEmpty ? [] : [action.sent(to: others)])
      + (disfavoured.isEmpty ? [] : [.send(bad, to: disfavoured)])
  }
}
