extension Message {
  /// How many places vectors have; they are the first ones.
  public static func vectorPlaces(retaining retainedSteps: Int) -> Int { VectorKind.allCases.count * retainedSteps }

  /// Where this message waits for a peer that does not read; there a newer message takes the place of an older one.
  ///
  /// Vectors of one kind and of R steps in a row wait side by side. With one place for a kind, the oldest vector of a
  /// history would replace the newest that was sent before it, and over a link that is slow for long the newest would never
  /// arrive. Of requests of a kind, and of
  /// digests, the newest is enough.
  public func place(retaining retainedSteps: Int) -> Int {
    let vectors = Self.vectorPlaces(retaining: retainedSteps)
    switch self {
    case .vector(let kind, let step, _): return Int(kind.rawValue - 1) * retainedSteps + step % retainedSteps
    case .request(let kind, _): return vectors + Int(kind.rawValue - 1)
    case .done: return vectors + VectorKind.allCases.count
    case .digest: return vectors + VectorKind.allCases.count + 1
    }
  }
}
