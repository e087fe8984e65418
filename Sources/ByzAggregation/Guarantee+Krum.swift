extension Guarantee {
  /// The guarantee of averaging the `kept` inputs with the smallest scores of ``Krum``, proven in
  /// Documentation/guarantees.md.
  static func ofKrum(inputs count: Int, tolerating f: Int, keeping kept: Int) -> Guarantee {
    // Of an input that is kept and the c others that its score counts, t at least are honest.
    let (h, c, t, m) = (Double(count - f), Double(count - f - 2), Double(count - 2 * f - 1), Double(kept))
    // As if a share of one Byzantine input were kept, of two, ...; a single one that is kept may be honest as well.
    let cases = (0...min(f, kept)).map { byzantine in
      let b = Double(byzantine)
      let notKept = h - m + b
      // The honest ones that are kept, and how far their mean may be from that of all.
      let honest = (m - b) * notKept
      let score = c * h * (1 + h / notKept) / ((h - 1) * t)
      let lambda = (b * ((c / t).squareRoot() + (h - t) / h) + honest / h) / m
      let kappa = (b * (score.squareRoot() + ((h - t) / t).squareRoot()) + honest.squareRoot()) / m
      return (lambda: lambda, kappa: kappa * kappa)
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
