/// Why a worker of a synchronous run went on to another server's model.
public enum ModelRefusal: Hashable, Sendable {
  /// The Lipschitz filter: k was `value`, above the `bound` that recent steps set.
  case lipschitz(value: Double, bound: Double)
  /// The outliers filter: the model lies `value` from where it is expected, further than `bound`.
  case outliers(value: Double, bound: Double)
  /// The digest of f_ps + 1 distinct servers is another one than this model's.
  case digest
  /// No model of the step came in time, or only one of a newer step.
  case absent

  /// A short name to count by.
  public var name: String {
    switch self {
    case .lipschitz: "lipschitz"
    case .outliers: "outliers"
    case .digest: "digest"
    case .absent: "absent"
    }
  }

  /// What the filter measured, and its bound; nil where no filter did.
  public var figures: (value: Double, bound: Double)? {
    switch self {
    case .lipschitz(let value, let bound), .outliers(let value, let bound): (value, bound)
    case .digest, .absent: nil
    }
  }

  /// By how much a filter refused the model: its value divided by the bound, above 1; nil where there is no such figure.
  public var excess: Double? { figures.flatMap { $0.bound > 0 ? $0.value / $0.bound : nil } }
}
