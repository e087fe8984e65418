/// What is proven of an aggregation rule for given numbers of inputs, Byzantine inputs and elements.
///
/// A coefficient that is nil was not proven, and may not exist. Smaller is better for `lambda` and `kappa`, larger for
/// `varianceToNorm`.
public struct Guarantee: Hashable, Sendable {
  /// The coefficient lambda of (f, lambda)-resilient averaging: for every set S of n - f inputs,
  /// |F(x_1, ..., x_n) - mean of S| <= lambda max |x_i - x_j| over i, j in S.
  ///
  /// Farhadkhani et al., "Byzantine Machine Learning Made Easy by Resilient Averaging of Momentums" (RESAM), ICML 2022,
  /// arXiv 2205.12173, definition 1.
  public var lambda: Double?

  /// The coefficient kappa of (f, kappa)-robustness: for every set S of n - f inputs,
  /// |F(x_1, ..., x_n) - mean of S|^2 <= kappa times the mean of |x_i - mean of S|^2 over i in S.
  ///
  /// Allouah et al., "Fixing by Mixing: A Recipe for Optimal Byzantine ML under Heterogeneity", AISTATS 2023,
  /// arXiv 2302.01772, definition 2.
  public var kappa: Double?

  /// The rule is proven to lead downhill where the standard deviation of an honest vector, divided by the norm of its
  /// mean, stays below this: infinite if it may be anything.
  ///
  /// El-Mhamdi, Guerraoui and Rouault, "Distributed Momentum for Byzantine-resilient Stochastic Gradient Descent",
  /// ICLR 2021, section 2.2.
  public var varianceToNorm: Double?

  /// Where it is proven, or a small example of why nothing is; a sentence without its full stop.
  public var remark: String

  public init(lambda: Double? = nil, kappa: Double? = nil, varianceToNorm: Double? = nil, remark: String) {
    self.lambda = lambda
    self.kappa = kappa
    self.varianceToNorm = varianceToNorm
    self.remark = remark
  }
}
