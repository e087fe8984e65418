/// What a run rests on besides its bounds: nothing, or that message delays are bounded.
public enum TrainingMode: Hashable, Sendable {
  /// Messages may take any time. Workers take the median of a quorum of models at every step.
  case asynchronous
  /// Messages, and the nodes that answer them, take at most Delta (`Patience.delay`). Workers pull one model a step.
  case synchronous(ModelPull)

  public var isSynchronous: Bool { self != .asynchronous }

  /// How workers get their models; nil where they take the median of a quorum at every step.
  public var pull: ModelPull? { if case .synchronous(let pull) = self { pull } else { nil } }
}

/// How a worker of a synchronous run convinces itself of the one model that it has pulled.
public enum ModelPull: Hashable, Sendable {
  /// By the Lipschitz and the outliers filter (El-Mhamdi et al., PODC 2020, the synchronous algorithm).
  case filtered(LipschitzBatch)
  /// By the digests of the other servers, and where they do not agree, by the filters.
  case certified(LipschitzBatch)

  public var isCertified: Bool { if case .certified = self { true } else { false } }

  public var lipschitzBatch: LipschitzBatch {
    switch self {
    case .filtered(let batch), .certified(let batch): batch
    }
  }
}

/// On which mini-batch the Lipschitz filter takes the gradient at a worker's previous model.
public enum LipschitzBatch: String, CaseIterable, Sendable {
  /// The one it was computed on then: it costs nothing, and most of what the filter sees is the noise of two mini-batches.
  case own
  /// The mini-batch of the gradient at the pulled model: a second gradient each step.
  case same
}

/// How a worker came by the parameters at which it estimated a gradient.
public enum ModelSource: String, CaseIterable, Sendable {
  /// The coordinate-wise median of a quorum of servers' models.
  case median
  /// One server's model that the filters let pass.
  case filtered
  /// A model that f_ps + 1 distinct servers have, by their digests or because all of them sent it.
  case certified
}
