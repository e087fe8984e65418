/// The outliers filter of the synchronous algorithm: a pulled model must not lie further from where the worker expects it than
/// honest servers can have moved since the last gather.
///
/// For a model theta pulled at step t, with theta' = theta_(t-1) - eta_(t-1) m_(t-1), and s the step right after the last gather,
///
///     |theta' - theta| < eta_s |g_s| ( (3 T + 2) (n_w - f_w) / (4 f_w) + 2 ((t - 1) mod T) )
///
/// where g_s is the gradient that the worker had at step s. With f_w = 0 the first term is taken with f_w = 1.
///
/// Source: El-Mhamdi et al., PODC 2020 (arXiv 1905.03853), the synchronous algorithm. It is a loose bound: with T = 10, n_w = 7 and
/// f_w = 2 a model may lie 20 to 38 whole steps away.
public struct OutliersFilter: Sendable {
  private let workers: Int
  private let byzantine: Int
  private let gatherEvery: Int
  /// eta_s |g_s|, and the step that it was taken at; nil before the first.
  private var reference: (step: Int, length: Double)?

  /// The filter of a worker among n_w = `workers`, of which f_w = `byzantine` may be Byzantine, with a gather every T =
  /// `gatherEvery` steps, that has no reference yet.
  public init(workers: Int, byzantine: Int, gatherEvery: Int) {
    self.workers = workers
    self.byzantine = byzantine
    self.gatherEvery = gatherEvery
  }

  /// Whether there is something to compare with.
  public var hasReference: Bool { reference != nil }

  /// Takes the gradient of step s = `step`, whose norm is `gradient`, as the one to compare with from now on.
  public mutating func refer(to step: Int, learningRate: Double, gradient: Double) {
    reference = (step, learningRate * gradient)
  }

  /// The distance that a model of step t = `step` must stay below; infinity without a reference.
  public func bound(at step: Int) -> Double {
    guard let reference else { return .infinity }
    return reference.length * steps(at: step)
  }

  /// How many steps like that of s a model of `step` may lie away.
  public func steps(at step: Int) -> Double {
    let f = Double(max(byzantine, 1))
    let spread = Double(3 * gatherEvery + 2) * (Double(workers) - f) / (4 * f)
    // Before step 0 there is none.
    return spread + 2 * Double(max(step - 1, 0) % gatherEvery)
  }

  /// Nil if a model of `step` at `distance` from where it is expected passes, else the distance and the bound.
  public func refusal(distance: Double, at step: Int) -> (value: Double, bound: Double)? {
    let bound = bound(at: step)
    return distance < bound ? nil : (distance, bound)
  }
}
