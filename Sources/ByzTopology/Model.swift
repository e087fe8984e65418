import ByzGradients
import ByzNumerics

/// What a run trains, and on what.
public enum Model: Hashable, Sendable {
  /// A network of the catalogue on the examples of a data set.
  case network(Architecture, DataConfiguration)
  /// A problem whose gradients are formulas, which needs no data.
  case analytic(AnalyticProblem)

  /// The number d of parameters.
  public var dimension: Int { tensors.dimension }

  /// The parameter tensors, in the order in which they lie in the flat vector.
  public var tensors: [ParameterShape] {
    switch self {
    case .network(let architecture, _): architecture.parameters
    case .analytic(let problem): problem.parameters
    }
  }

  /// The parameters theta_0 that every honest node starts from.
  public func initialParameters(seed: UInt64) -> Vector {
    switch self {
    case .network(let architecture, _): architecture.initialParameters(seed: seed)
    case .analytic(let problem): problem.initialParameters(seed: seed)
    }
  }
}

/// Where the examples of a run come from.
public struct DataConfiguration: Hashable, Sendable {
  /// A data set that can be named in a topology.
  public enum Dataset: String, CaseIterable, Sendable {
    /// Handwritten digits: 28 x 28 pixels, ten classes.
    case mnist
  }

  /// Which data set it is.
  public let dataset: Dataset
  /// The folder of its files, from the root; a node may have its own, `NodePlace.dataPath`.
  public let path: String

  /// The data set `dataset`, whose files lie in the folder `path`.
  public init(dataset: Dataset, path: String) {
    self.dataset = dataset
    self.path = path
  }
}
