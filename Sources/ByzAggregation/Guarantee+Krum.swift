extension Guarantee {
  /// The guarantee of averaging the `kept` inputs with the smallest scores of ``Krum``, proven in
  /// Documentation/guarantees.md.
  static func ofKrum(inputs count: Int, tolerating f: Int, keeping kept: Int) -> Guarantee {
    // Of an input that is kept and the c others that its score counts, t at least are honest.
    let (h, c, t, m) = (Double(count - f), Double(count - f - 2), Double(count - 2 * f - 1), Double(kept))
    // A single input that is kept is bounded alike whether it is honest or not.
    let cases = (kept == 1 ? 1...1 : 0...min(f, kept)).map { byzantine in
      let b = Double(byzantine)
      let notKept = h - m + b
      // Each kept input by its score; the honest ones together also by how far a part of them may be from all.
      let lambda = (c / t).squareRoot() + (h - t) / h
      let kappa = (c * h * (1 + h / notKept) / ((h - 1) * t)).squareRoot() + ((h - t) / t).squareRoot()
      let honest = (m - b) * notKept
      let root = b * kappa + min(honest.squareRoot(), (m - b) * kappa)
      return (lambda: (b * lambda + min(honest / h, (m - b) * lambda)) / m, kappa: root * root / (m * m))
    }
    let (n, byzantine) = (Double(count), Double(f))
    let blanchard =
      2 * (h + (byzantine * (h - 2) + byzantine * byzantine * (h - 1)) / (n - 2 * byzantine - 2))
    return .derived(
      inputs: count, tolerating: f, lambda: cases.map(\.lambda).max(), kappa: cases.map(\.kappa).max(),
      varianceToNorm: 1 / blanchard.squareRoot(),
      remark: kept == 1 ? "it takes one input as it is, whatever noise is in it" : "it averages \(kept) inputs")
  }
}
