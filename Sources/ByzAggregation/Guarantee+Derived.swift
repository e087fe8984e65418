// The formulas, here and at the rules, are proven in Documentation/guarantees.md.
extension Guarantee {
  /// What follows for n = `count` inputs, up to `f` of them Byzantine, from the coefficients that are proven directly.
  ///
  /// With h = n - f, D the diameter of a set of h vectors and V the mean of their squared distances from their mean:
  /// - V <= D^2 (h - 1) / (2 h), with equality for a regular simplex, so kappa gives lambda = sqrt(kappa (h - 1) / (2 h));
  /// - D^2 <= 2 h V, so lambda gives kappa = 2 h lambda^2;
  /// - where honest vectors are independent with mean g and standard deviation s, the mean of |F - g|^2 is at most
  ///   (sqrt(kappa (h - 1) / h) + 1 / sqrt(h))^2 s^2, so F leads downhill where s / |g| is below the reciprocal root.
  ///
  /// - Parameter varianceToNorm: a bound that is proven in another way; the larger one counts.
  static func derived(
    inputs count: Int, tolerating f: Int, lambda: Double? = nil, kappa: Double? = nil, varianceToNorm: Double? = nil,
    remark: String
  ) -> Guarantee {
    let h = Double(count - f)
    let fromKappa = kappa.map { ($0 * (h - 1) / (2 * h)).squareRoot() }
    let fromLambda = lambda.map { 2 * h * $0 * $0 }
    let lambda = [lambda, fromKappa].compactMap(\.self).min()
    let kappa = [kappa, fromLambda].compactMap(\.self).min()
    let ratio = kappa.map { 1 / (($0 * (h - 1) / h).squareRoot() + 1 / h.squareRoot()) }
    return Guarantee(
      lambda: lambda, kappa: kappa, varianceToNorm: [varianceToNorm, ratio].compactMap(\.self).max(), remark: remark)
  }

  /// The guarantee of a rule that averages all inputs when nobody may be Byzantine.
  static let ofPlainAverage = Guarantee(
    lambda: 0, kappa: 0, varianceToNorm: .infinity, remark: "with f = 0 it is the average of all inputs")

  /// The guarantee of averaging, in every coordinate, the n - f values nearest to a centre that lies between honest values
  /// and has the coefficient `centreKappa` itself.
  static func ofNearest(
    inputs count: Int, tolerating f: Int, dimension: Int, centreKappa: Double
  ) -> Guarantee {
    let (h, byzantine) = (Double(count - f), Double(f))
    let root = 1 + (byzantine * centreKappa / h).squareRoot()
    let factor = dimensionFactor(inputs: count, tolerating: f, dimension: dimension)
    return .derived(
      inputs: count, tolerating: f, lambda: 2 * byzantine / h * factor,
      kappa: 4 * byzantine / h * min(root * root, 1 + centreKappa),
      remark: "it averages n - f values of every coordinate")
  }

  /// The factor by which a coefficient lambda for single coordinates grows in `dimension` of them: the smaller one of
  /// sqrt(d) and sqrt(n - f - 1).
  ///
  /// The diameter D_k in coordinate k is at most D; and D_k^2 is at most twice the sum of the squared deviations there,
  /// which add up to h V <= D^2 (h - 1) / 2 over all coordinates.
  static func dimensionFactor(inputs count: Int, tolerating f: Int, dimension: Int) -> Double {
    Double(min(dimension, max(1, count - f - 1))).squareRoot()
  }
}
