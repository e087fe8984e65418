import ByzNumerics
import ByzProtocol

/// The digests of the vectors that nodes send, computed once for a vector that is sent many times in a row.
struct Fingerprints {
  private var latest: [(vector: Vector, fingerprint: UInt64)?]

  init(nodes: Int) { latest = Array(repeating: nil, count: nodes * (VectorKind.allCases.count + 1)) }

  /// The digest of the vector that `action` sends; nil if it sends none.
  mutating func of(_ action: Action, by node: Int) -> UInt64? {
    guard case .send(.vector(let kind, _, let vector), _) = action else { return nil }
    let place = node * (VectorKind.allCases.count + 1) + Int(kind.rawValue)
    if let known = latest[place], known.vector === vector { return known.fingerprint }
    let fingerprint = TraceDigest.of(vector)
    latest[place] = (vector, fingerprint)
    return fingerprint
  }
}
