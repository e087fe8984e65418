/// The Lipschitz filter of the synchronous algorithm: a gradient must not change faster from a worker's previous model to a
/// pulled one than the gradient has usually changed.
///
/// For a model pulled at step t, with g the gradient there, g_(t-1) the one at the worker's previous model theta_(t-1), and
/// theta' = theta_(t-1) - eta_(t-1) m_(t-1) where the worker expects it,
///
///     k = |g - g_(t-1)| / |theta' - theta_(t-1)| = |g - g_(t-1)| / (eta_(t-1) |m_(t-1)|)
///
/// must not exceed the (n_ps - f_ps) / n_ps quantile of the recent k. The k of models that were turned away count, too: with
/// those alone that passed, the quantile would go down until nothing passes. A model that was turned away before its gradient
/// was computed counts as one of infinite k. So about f_ps / n_ps of all models are turned away, by construction: models of
/// honest servers where all are honest, and hardly any of them where f_ps servers send what the filters can tell.
///
/// While no k is known every model passes. Where the denominator is zero there is no k, and the model passes. With f_ps = 0
/// there is nobody to turn away.
///
/// Source: El-Mhamdi et al., PODC 2020 (arXiv 1905.03853), the synchronous algorithm; the window and the cases above are this
/// project's.
public struct LipschitzFilter: Sendable {
  /// How many k are recent.
  public static let window = 50

  private let servers: Int
  private let byzantine: Int
  /// A ring.
  private var recent: [Double] = []
  private var next = 0

  /// The filter of a worker with n_ps = `servers`, of which f_ps = `byzantine` may be Byzantine, that knows no k yet.
  public init(servers: Int, byzantine: Int) {
    self.servers = servers
    self.byzantine = byzantine
  }

  /// k, from |g - g_(t-1)| and |theta' - theta_(t-1)|; nil if there is none.
  public static func coefficient(gradientChange: Double, modelChange: Double) -> Double? {
    let coefficient = gradientChange / modelChange
    return modelChange > 0 && !coefficient.isNaN ? coefficient : nil
  }

  /// The largest k that passes: of m recent ones in order the one in place ceil(m (n_ps - f_ps) / n_ps), from 1; infinity while
  /// there is none, or nobody may be Byzantine.
  public var bound: Double {
    guard !recent.isEmpty, byzantine > 0 else { return .infinity }
    let place = (recent.count * (servers - byzantine) + servers - 1) / servers
    return recent.sorted()[max(place, 1) - 1]
  }

  /// Takes note of the k of a model, which is compared with those before it: nil if it passes, else k and the bound that it
  /// exceeds.
  public mutating func refusal(of coefficient: Double?) -> (value: Double, bound: Double)? {
    guard let coefficient else { return nil }
    let bound = bound
    note(coefficient)
    return coefficient > bound ? (coefficient, bound) : nil
  }

  /// Takes note of a k that need not pass.
  public mutating func note(_ coefficient: Double?) {
    guard let coefficient else { return }
    if recent.count < Self.window {
      recent.append(coefficient)
    } else {
      recent[next] = coefficient
      next = (next + 1) % Self.window
    }
  }
}
