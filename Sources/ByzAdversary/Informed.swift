import ByzNumerics
import ByzProtocol

/// A worker's fault that needs to know what honest workers send at a step: it makes one vector of several momentums, and
/// sends that.
///
/// If accomplices tell it of honest momentums, it speaks as soon as it knows enough of them, be its own gradient there or
/// not; and of those that it knows it takes the first, so that all who listen to one server forge the same. If its own comes
/// first, it asks for the next model meanwhile, like a silent node, to stay in step. After half of the grace that servers
/// give (or where they give none, of the time after which they ask again) it speaks with what it knows, or with its own
/// momentum alone if that is nothing. If nobody has told it anything for some steps, or ever will, it plays several honest
/// workers on mini-batches of its own share of the data, each with a momentum of its own.
struct Informed: Fault {
  /// What it has to know of a step before it speaks.
  enum Need {
    /// So many honest momentums.
    case any(Int)
    /// The momentum of one honest worker.
    case of(NodeID)
  }

  /// Makes what is sent at a step of at least one honest momentum; of its own, the node's is the first. What it makes of the
  /// aggregate that it foresees comes back to it at the next step.
  typealias Forge = @Sendable (_ samples: [Vector], _ step: Int, _ aggregate: inout Vector?) -> Vector

  /// nil if nothing can be overheard.
  private let need: Need?
  private let forge: Forge
  private let node: NodeID
  private let configuration: ProtocolConfiguration
  /// What was overheard of steps of which it has not spoken, in that order, and no more than it needs.
  private var overheard: [Int: [(sender: NodeID, vector: Vector)]] = [:]
  private var newestOverheard = -1
  /// A momentum that is due and waits for what has to be known.
  private var pending: (step: Int, own: Vector)?

  /// The honest workers that it plays beside the one that it would be, and their momentums of this step.
  private var played: [MomentumEstimator]
  private var momentums: [Vector?]
  private var parameters: Vector?
  private var isEstimating = false

  /// What was sent of recent steps, for servers that ask again.
  private var forged: [Int: Vector] = [:]
  /// The newest step of which it has spoken, and the newest of which its honest machine would have.
  private var (newestForged, newestOwn) = (-1, -1)
  private var foreseenAggregate: Vector?

  /// - Parameters:
  ///   - batches: k, from how many mini-batches it estimates; at least 1.
  init(
    need: Need?, batches: Int, node: NodeID, configuration: ProtocolConfiguration, forge: @escaping Forge
  ) {
    self.node = node
    self.need = need
    self.forge = forge
    self.configuration = configuration
    played = Array(repeating: MomentumEstimator(configuration.training), count: batches - 1)
    momentums = Array(repeating: nil, count: batches - 1)
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    switch action {
    case .computeGradient(let step, draw: 0, let flippingLabels, let parameters):
      self.parameters = parameters
      isEstimating = hearsNothing(of: step)
      guard isEstimating else { return [action] }
      // The honest batch comes last, so that the others are there when the honest machine sends its momentum.
      return played.indices.map {
        .computeGradient(step: step, draw: $0 + 1, flippingLabels: flippingLabels, at: parameters)
      } + [action]
    case .send(.vector(.momentum, let step, let momentum), let receivers):
      return send(step: step, own: momentum, to: receivers)
    default:
      return [action]
    }
  }

  mutating func intercept(_ event: Event) -> Interception {
    switch event {
    case .gradient(_, let draw, let gradient, _) where draw > 0:
      guard let parameters, played.indices.contains(draw - 1) else { return Interception() }
      momentums[draw - 1] = played[draw - 1].update(gradient: gradient, at: parameters)
      return Interception()
    case .overheard(.vector(.momentum, let step, let momentum), let sender):
      remember(momentum, of: sender, step: step)
      guard pending?.step == step || step > newestOwn, let samples = samples(of: step) else { return Interception() }
      return Interception(actions: speak(step: step, from: samples, areOverheard: true))
    case .timer(.fault(let step)):
      guard let pending, pending.step == step else { return Interception() }
      let known = (overheard[step] ?? []).map(\.vector)
      return Interception(
        actions: speak(
          step: step, from: known.isEmpty ? [pending.own] : known, areOverheard: !known.isEmpty))
    case .overheard:
      return Interception()
    default:
      return Interception(heard: [event])
    }
  }
}

// MARK: - Knowing

extension Informed {
  private var retainedSteps: Int { configuration.patience.retainedSteps }

  /// How long it waits for what it has to know: half of what others wait for it, at least.
  private var patienceMilliseconds: Int {
    let patience = configuration.patience
    let wait =
      configuration.training.mode.isSynchronous ? patience.delay.floorMilliseconds : patience.graceMilliseconds
    return (wait > 0 ? wait : patience.askAgainMilliseconds) / 2
  }

  /// Whether there is nobody to tell anything, or nobody has for some steps.
  private func hearsNothing(of step: Int) -> Bool { need == nil || step > newestOverheard + retainedSteps }

  private mutating func remember(_ momentum: Vector, of sender: NodeID, step: Int) {
    guard momentum.count == configuration.dimension, momentum.isFinite else { return }
    newestOverheard = max(newestOverheard, step)
    let known = overheard[step] ?? []
    guard step > newestForged, samples(of: step) == nil, !known.contains(where: { $0.sender == sender }) else { return }
    if case .of(let worker) = need, sender != worker { return }
    overheard[step] = known + [(sender, momentum)]
    // A node that is further behind jumps.
    let oldest = newestOverheard - 2 * retainedSteps
    overheard = overheard.filter { $0.key > oldest }
  }

  /// What the forgery of `step` is made of, if enough is known.
  private func samples(of step: Int) -> [Vector]? {
    guard let known = overheard[step] else { return nil }
    switch need {
    case .any(let count): return known.count >= count ? known.map(\.vector) : nil
    case .of, nil: return known.map(\.vector)
    }
  }
}

// MARK: - Speaking

extension Informed {
  /// What it does where its honest machine would send `own`.
  private mutating func send(step: Int, own: Vector, to receivers: [NodeID]) -> [Action] {
    guard step > newestOwn else {
      // A server asks again. Of a step that it has passed without a word it says nothing.
      return forged[step].map { [.send(.vector(.momentum, step: step, $0), to: receivers)] } ?? []
    }
    newestOwn = step
    pending = nil
    if step > newestForged {
      if let samples = samples(of: step) { return speak(step: step, from: samples, areOverheard: true) }
      if isEstimating {
        return speak(step: step, from: [own] + momentums.compactMap(\.self), areOverheard: false)
      }
      pending = (step, own)
    }
    let timer = Action.schedule(.fault(step), afterMilliseconds: patienceMilliseconds)
    return (pending == nil ? [] : [timer]) + askForModel(of: step + 1)
  }

  /// A momentum is at the same time the request for the next model, unless it was sent before that could be of use.
  private func askForModel(of step: Int) -> [Action] {
    guard step < configuration.training.steps else { return [] }
    return [.send(.request(.model, step: step), to: configuration.givers(to: node.index, at: step))]
  }

  private mutating func speak(step: Int, from samples: [Vector], areOverheard: Bool) -> [Action] {
    let vector = forge(samples, step, &foreseenAggregate)
    newestForged = step
    // Of a step that others have left nobody needs to hear.
    if let waiting = pending?.step, waiting <= step { pending = nil }
    overheard = overheard.filter { $0.key > step }
    forged[step] = vector
    forged = forged.filter { $0.key > step - retainedSteps }
    return [
      .send(.vector(.momentum, step: step, vector), to: configuration.quorums.serverIDs),
      .report(.forged(step: step, samples: samples.count, areOverheard: areOverheard)),
    ]
  }
}
