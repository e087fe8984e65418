import ByzAggregation
import ByzNumerics
import ByzProtocol

/// What a topology that leaves out a field of `training` gets: the values of the documented example, except that nothing
/// is clipped and no weight decays unless asked for.
enum TrainingDefaults {
  static let mode = "asynchronous"
  static let pull = "filtered"
  static let lipschitzBatch = "own"
  static let steps = 500
  static let batch = 32
  static let learningRate = LearningRate(initial: 0.5, decaySteps: 300)
  static let momentumForm = "dampened"
  static let momentumPlace = "worker"
  static let momentumCoefficient = 0.9
  static let weightDecay = 0.0
  static let gatherEvery = 10
  static let aggregation = MinimumDiameterAveraging()
  static let evaluateEvery = 50
}

enum TrainingKey: String, CaseIterable {
  case mode, pull
  case lipschitzBatch = "lipschitz_batch"
  case steps, batch
  case learningRate = "learning_rate"
  case momentum
  case gradientClip = "gradient_clip"
  case weightDecay = "weight_decay"
  case gatherEvery = "gather_every"
  case aggregation
  case evaluateEvery = "evaluate_every"
}

private enum LearningRateKey: String, CaseIterable {
  case initial
  case decaySteps = "decay_steps"
}

private enum MomentumKey: String, CaseIterable {
  case coefficient, form, at
}

private enum AggregationKey: String, CaseIterable {
  case rule, before
}

/// The values of the section `training`.
struct TrainingValues {
  let parameters: TrainingParameters
  let batch: Int
  let rule: any AggregationRule
  let evaluateEvery: Int
  /// For complaints about how the rule and the quorums go together.
  let aggregation: Field

  /// The values of `field`; nil, after a report, if the rule is not known.
  init?(_ field: Field) {
    let section = Section<TrainingKey>(field)
    let counts = 1...NumberBounds.largest
    let clip = section[.gradientClip]
    parameters = TrainingParameters(
      mode: section.mode(), steps: section[.steps].whole(in: counts, standard: TrainingDefaults.steps),
      gatherEvery: section[.gatherEvery].whole(in: counts, standard: TrainingDefaults.gatherEvery),
      learningRate: section[.learningRate].learningRate(),
      momentum: section[.momentum].momentum(),
      gradientClip: clip.value.map { _ in clip.number(in: .positive, standard: 1) },
      weightDecay: section[.weightDecay].number(in: .notNegative, standard: TrainingDefaults.weightDecay))
    batch = section[.batch].whole(in: 1...1_000_000, standard: TrainingDefaults.batch)
    evaluateEvery = section[.evaluateEvery].whole(in: counts, standard: TrainingDefaults.evaluateEvery)
    aggregation = section[.aggregation]
    guard let rule = aggregation.aggregationRule() else { return nil }
    self.rule = rule
  }
}

extension Section<TrainingKey> {
  /// What only a synchronous run needs is checked in any, but does not matter in an asynchronous one, so that one `--set`
  /// can switch.
  fileprivate func mode() -> TrainingMode {
    let batch = self[.lipschitzBatch].choice(
      of: LipschitzBatch.allCases.map { ($0.rawValue, $0) }, standard: TrainingDefaults.lipschitzBatch)
    let pulls: [(String, @Sendable (LipschitzBatch) -> ModelPull)] = [
      ("filtered", ModelPull.filtered), ("certified", ModelPull.certified),
    ]
    let pull = self[.pull].choice(of: pulls, standard: TrainingDefaults.pull)
    let isSynchronous = self[.mode].choice(
      of: [("asynchronous", false), ("synchronous", true)], standard: TrainingDefaults.mode)
    guard isSynchronous == true, let pull, let batch else { return .asynchronous }
    return .synchronous(pull(batch))
  }
}

extension Field {
  fileprivate func learningRate() -> LearningRate {
    guard let value else { return TrainingDefaults.learningRate }
    guard case .mapping = value.content else { return LearningRate(initial: number(in: .positive, standard: 1)) }
    let section = Section<LearningRateKey>(self)
    let (initial, decay) = (section[.initial], section[.decaySteps])
    if initial.value == nil { initial.reportMissing("the learning rate of step 0") }
    return LearningRate(
      initial: initial.number(in: .positive, standard: 1),
      decaySteps: decay.value.map { _ in decay.number(in: .positive, standard: 1) })
  }

  /// With `at: none` the other fields are checked but do not matter, so that one `--set` can switch momentum off.
  fileprivate func momentum() -> Momentum? {
    let section = Section<MomentumKey>(self)
    let coefficient = section[.coefficient].number(in: .belowOne, standard: TrainingDefaults.momentumCoefficient)
    let form = section[.form].choice(
      of: Momentum.Form.allCases.map { ($0.rawValue, $0) }, standard: TrainingDefaults.momentumForm)
    let place = section[.at].choice(
      of: Momentum.Place.allCases.map { ($0.rawValue, $0) } + [("none", nil)], standard: TrainingDefaults.momentumPlace)
    guard let form, let place = place ?? nil else { return nil }
    return Momentum(coefficient: coefficient, form: form, at: place)
  }

  /// The rule given as `mda`, `centered-clipping:radius=2`, or `{rule: trimmed-mean, before: [nnm, {clip: 2}]}`; nil after a
  /// report.
  func aggregationRule() -> (any AggregationRule)? {
    guard value != nil else { return TrainingDefaults.aggregation }
    guard let specification = aggregationSpecification() else { return nil }
    do {
      return try AggregationRules.rule(specification)
    } catch {
      report(error.description)
      return nil
    }
  }

  private func aggregationSpecification() -> AggregationSpecification? {
    guard case .mapping(let entries)? = value?.content,
      entries.contains(where: { AggregationKey(rawValue: $0.key) != nil })
    else {
      return namedRule().map { AggregationSpecification(rule: $0) }
    }
    let section = Section<AggregationKey>(self)
    let (rule, before) = (section[.rule], section[.before])
    if rule.value == nil { rule.reportMissing("the rule that comes last, such as mda") }
    let steps: [Specification?] =
      before.items()?.map { step in
        if step.value == nil { step.reportMissing("what comes before the rule, such as nnm") }
        return step.specification(
          called: "pre-aggregation", example: "clip", "norm", soleParameter: AggregationRules.soleParameter)
      } ?? []
    guard let rule = rule.namedRule(), !steps.contains(nil) else { return nil }
    return AggregationSpecification(rule: rule, before: steps.compactMap(\.self))
  }

  private func namedRule() -> Specification? {
    specification(
      called: "rule", example: "centered-clipping", "radius", soleParameter: AggregationRules.soleParameter)
  }
}
