extension Message {
  /// Where this message waits for a peer that does not read; there a newer message takes the place of an older one.
  ///
  /// Vectors of one kind and of R steps in a row wait side by side. With one place for a kind, the oldest vector of a
  /// history would replace the newest that was sent before it, and over a link that is slow for long the newest would never
  /// arrive. Of requests of a kind the newest is enough.
  public func place(retaining retainedSteps: Int) -> Int {
    let kinds = VectorKind.allCases.count
    switch self {
    case .vector(let kind, let step, _): return Int(kind.rawValue - 1) * retainedSteps + step % retainedSteps
    case .request(let kind, _): return kinds * retainedSteps + Int(kind.rawValue - 1)
    case .done: return kinds * (retainedSteps + 1)
    }
  }
}
