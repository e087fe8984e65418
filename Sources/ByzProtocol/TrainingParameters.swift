/// The learning rate of a step: eta_t = initial / (1 + t / decaySteps).
public struct LearningRate: Hashable, Sendable {
  public let initial: Double
  /// After how many steps the rate has halved; nil keeps it constant.
  public let decaySteps: Double?

  public init(initial: Double, decaySteps: Double? = nil) {
    self.initial = initial
    self.decaySteps = decaySteps
  }

  /// eta_t for t = `step`.
  public func at(_ step: Int) -> Double {
    guard let decaySteps else { return initial }
    return initial / (1 + Double(step) / decaySteps)
  }
}

/// How stochastic gradients, or what servers aggregate of them, add up over the steps; m is zero before the first.
///
/// The papers on robust aggregation claim what they claim for momentum at the workers: it lowers the variance of what a
/// rule gets. At the server, after the aggregation, it is there to compare with.
public struct Momentum: Hashable, Sendable {
  public enum Form: String, CaseIterable, Sendable {
    /// m <- beta m + (1 - beta) g; m is used (RESAM: Farhadkhani et al., ICML 2022, algorithm 1).
    case dampened
    /// m <- beta m + g; m is used (El-Mhamdi et al., ICLR 2021, section 2.3). At equal eta it steps up to 1 / (1 - beta)
    /// times as far.
    case classical
    /// m <- beta m + g; g + beta m is used: Nesterov's momentum in terms of the point at which the gradient was taken
    /// (Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013, section 2).
    case nesterov
  }

  public enum Place: String, CaseIterable, Sendable {
    /// Of a worker's own gradients, before it sends anything.
    case worker
    /// Of the aggregates of a server.
    case server
  }

  /// beta, from 0 to below 1.
  public let coefficient: Double
  public let form: Form
  public let place: Place

  public init(coefficient: Double, form: Form, at place: Place = .worker) {
    self.coefficient = coefficient
    self.form = form
    self.place = place
  }
}

/// What all nodes of a run must agree on in order to train together.
public struct TrainingParameters: Hashable, Sendable {
  /// Whether the run rests on bounded delays.
  public let mode: TrainingMode
  /// How many updates a server makes.
  public let steps: Int
  /// T: servers gather after every T-th update.
  public let gatherEvery: Int
  public let learningRate: LearningRate
  /// nil for plain stochastic gradients.
  public let momentum: Momentum?
  /// The Euclidean norm to which a gradient is shortened before it enters the momentum; nil for no clipping.
  public let gradientClip: Double?
  /// The coefficient lambda of the term lambda * theta that is added to a gradient before it is clipped.
  public let weightDecay: Double

  public init(
    mode: TrainingMode = .asynchronous, steps: Int, gatherEvery: Int, learningRate: LearningRate, momentum: Momentum?,
    gradientClip: Double? = nil, weightDecay: Double = 0
  ) {
    self.mode = mode
    self.steps = steps
    self.gatherEvery = gatherEvery
    self.learningRate = learningRate
    self.momentum = momentum
    self.gradientClip = gradientClip
    self.weightDecay = weightDecay
  }
}

/// How long a node waits, and how much it keeps; times in milliseconds.
public struct Patience: Hashable, Sendable {
  /// How long a node that has its quorum waits for the rest.
  public let graceMilliseconds: Int
  /// The same at step 0, where processes come up one after the other.
  public let startGraceMilliseconds: Int
  /// Delta, which takes the place of the grace in a synchronous run.
  public let delay: DelayBound
  /// After how long a waiting node asks again for what it lacks.
  public let askAgainMilliseconds: Int
  /// How long a node that has reached the last step goes on serving those that have not.
  public let lingerMilliseconds: Int
  /// R: for how many recent steps a node keeps and serves what others may still need.
  public let retainedSteps: Int

  public init(
    graceMilliseconds: Int = 50, startGraceMilliseconds: Int = 10_000, delay: DelayBound = DelayBound(),
    askAgainMilliseconds: Int = 250, lingerMilliseconds: Int = 3_000, retainedSteps: Int = 3
  ) {
    self.graceMilliseconds = graceMilliseconds
    self.startGraceMilliseconds = startGraceMilliseconds
    self.delay = delay
    self.askAgainMilliseconds = askAgainMilliseconds
    self.lingerMilliseconds = lingerMilliseconds
    self.retainedSteps = retainedSteps
  }

  func with(lingerMilliseconds: Int? = nil, retainedSteps: Int? = nil) -> Patience {
    Patience(
      graceMilliseconds: graceMilliseconds, startGraceMilliseconds: startGraceMilliseconds, delay: delay,
      askAgainMilliseconds: askAgainMilliseconds, lingerMilliseconds: lingerMilliseconds ?? self.lingerMilliseconds,
      retainedSteps: retainedSteps ?? self.retainedSteps)
  }
}
