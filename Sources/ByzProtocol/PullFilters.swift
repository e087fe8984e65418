import ByzNumerics

/// Both filters of a worker in a synchronous run, and its last step, which they compare a pulled model with.
struct PullFilters {
  private struct Former {
    let step: Int
    let parameters: Vector
    let gradient: Vector
    let momentum: Vector
    let learningRate: Double
    /// |theta' - theta_(t-1)| = eta |m|, once it was needed.
    var stepLength: Double?
  }

  private let configuration: ProtocolConfiguration
  private var lipschitz: LipschitzFilter
  private var outliers: OutliersFilter
  private var former: Former?
  /// The gradient at the former model on the mini-batch of a later step.
  private var comparison: (step: Int, gradient: Vector)?

  init(_ configuration: ProtocolConfiguration) {
    self.configuration = configuration
    let (servers, workers) = (configuration.quorums.servers, configuration.quorums.workers)
    lipschitz = LipschitzFilter(servers: servers.count, byzantine: servers.byzantine)
    outliers = OutliersFilter(
      workers: workers.count, byzantine: workers.byzantine, gatherEvery: configuration.training.gatherEvery)
  }

  /// Whether one server's model of `step` will do: the worker knows the step before, and the run is one of digests, or the
  /// step none of those that the reference is made from.
  func canJudge(_ step: Int) -> Bool {
    guard let pull = configuration.training.mode.pull, let former, former.step == step - 1 else { return false }
    return pull.isCertified || !configuration.isReference(step)
  }

  private func former(of step: Int) -> Former? { former.flatMap { $0.step == step - 1 ? $0 : nil } }

  // MARK: What is taken note of

  /// Takes what the worker did at a step as what the next one is compared with.
  mutating func refer(to candidate: WorkerMachine.Candidate, gradient: Vector, momentum: Vector) {
    guard configuration.training.mode.isSynchronous else { return }
    let step = candidate.step
    let rate = configuration.training.learningRate.at(step)
    // A worker that has jumped begins anew.
    if configuration.isReference(step) || !outliers.hasReference || former?.step != step - 1 {
      outliers.refer(to: step, learningRate: rate, gradient: gradient.norm)
    }
    former = Former(
      step: step, parameters: candidate.parameters, gradient: gradient, momentum: momentum, learningRate: rate)
    comparison = nil
  }

  /// Takes note of the gradient at a pulled model that needs no filter: the next one is held against what is usual.
  mutating func observe(_ candidate: WorkerMachine.Candidate, gradient: Vector) {
    guard configuration.training.mode.pull?.lipschitzBatch == .own, former(of: candidate.step) != nil else { return }
    lipschitz.note(coefficient(of: gradient, at: candidate.step))
  }

  /// Takes note of a model that was turned away without a k: as of one whose k is above any other.
  mutating func observe(_ refusal: ModelRefusal) {
    switch refusal {
    case .outliers, .absent, .digest: lipschitz.note(.infinity)
    case .lipschitz: break
    }
  }

  /// The parameters at which the gradient of `step` is to be taken once more, if there are such.
  func toCompare(at step: Int) -> Vector? {
    guard configuration.training.mode.pull?.lipschitzBatch == .same, comparison?.step != step else { return nil }
    return former(of: step)?.parameters
  }

  /// Takes note of the gradient at the former model on the mini-batch of `step`.
  mutating func compare(with gradient: Vector, at step: Int) { comparison = (step, gradient) }

  // MARK: What is turned away

  /// Why the outliers filter turns away a `model` of `step`; nil if it passes.
  func refusal(ofModel model: Vector, at step: Int) -> ModelRefusal? {
    guard let former = former(of: step) else { return nil }
    let distance = former.parameters.distance(
      to: model, afterAdding: Float(-former.learningRate), times: former.momentum)
    return outliers.refusal(distance: distance, at: step).map { .outliers(value: $0.value, bound: $0.bound) }
  }

  /// Why the Lipschitz filter turns away a model of `step` for the `gradient` there; nil if it passes.
  mutating func refusal(ofGradient gradient: Vector, at step: Int) -> ModelRefusal? {
    guard configuration.quorums.servers.byzantine > 0 else { return nil }
    return lipschitz.refusal(of: coefficient(of: gradient, at: step))
      .map { .lipschitz(value: $0.value, bound: $0.bound) }
  }

  private mutating func coefficient(of gradient: Vector, at step: Int) -> Double? {
    guard let former = former(of: step) else { return nil }
    let length = former.stepLength ?? former.learningRate * former.momentum.norm
    self.former?.stepLength = length
    let reference = comparison.flatMap { $0.step == step ? $0.gradient : nil } ?? former.gradient
    return LipschitzFilter.coefficient(gradientChange: gradient.distance(to: reference), modelChange: length)
  }
}
