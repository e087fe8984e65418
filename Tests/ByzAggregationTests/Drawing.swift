import ByzNumerics

/// What the elements of drawn vectors look like; each kind tries what another one never meets.
enum Elements: CaseIterable {
  /// Whole numbers from -2 to 2, both zeros among them: many exact ties.
  case grid
  /// Zeros of both signs, and now and then something else.
  case zeros
  /// Nearly normal numbers.
  case normal
  /// Up to the largest finite magnitude.
  case huge
  /// A few of the smallest denormals.
  case denormal
  /// Normal numbers on top of an offset that is large compared with them.
  case offset
  /// Any of the above, element by element.
  case mixed
}

extension SeededGenerator {
  mutating func element(_ kind: Elements) -> Float {
    switch kind {
    case .grid: sign(Float(index(below: 3)))
    case .zeros: index(below: 8) == 0 ? normal() : sign(0)
    case .normal: normal()
    case .huge: sign(index(below: 4) == 0 ? .greatestFiniteMagnitude : 3e38 * uniform())
    case .denormal: sign(Float(index(below: 5)) * .leastNonzeroMagnitude)
    case .offset: 1e6 + normal()
    case .mixed: element(Elements.allCases[index(below: Elements.allCases.count - 1)])
    }
  }

  /// The value or its opposite.
  mutating func sign(_ value: Float) -> Float { index(below: 2) == 0 ? value : -value }

  mutating func vectors(_ count: Int, length: Int, _ kind: Elements) -> [Vector] {
    (0..<count).map { _ in Vector((0..<length).map { _ in element(kind) }) }
  }

  /// Replaces some vectors by copies of others, as colluding nodes do.
  mutating func duplicateSome(of vectors: inout [Vector]) {
    for target in vectors.indices where index(below: 3) == 0 {
      vectors[target] = vectors[index(below: vectors.count)]
    }
  }
}

/// The mean as its documentation defines it: f64 sums in index order, one division, one rounding.
func naiveMean(of vectors: [Vector]) -> Vector {
  Vector(
    (0..<vectors[0].count).map { coordinate in
      var sum = Double(vectors[0][coordinate])
      for vector in vectors.dropFirst() { sum += Double(vector[coordinate]) }
      return Float(sum / Double(vectors.count))
    })
}
