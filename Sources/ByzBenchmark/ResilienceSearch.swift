import ByzAggregation
import ByzNumerics

/// Looks for vectors with which a rule breaks what is proven of it, and tells how near it came.
///
/// Of n vectors the first n - f are honest, the others Byzantine, and all of them stand in an order drawn anew. The search
/// draws honest vectors and several kinds of Byzantine ones, then climbs from the worst it has found by changing a few
/// vectors at a time by less and less, honest ones too: lambda and kappa hold whatever they are.
public struct ResilienceSearch {
  /// The largest coefficients that were needed, beside those that are proven.
  public struct Finding: Codable, Sendable {
    public let rule: String
    /// n
    public let inputs: Int
    /// f
    public let byzantine: Int
    /// d
    public let dimension: Int
    /// The coefficient lambda that is proven, if any.
    public let lambda: Double?
    /// The largest |F - mean of S| / diameter of S; nil if the rule left honest vectors that were all equal.
    public let worstLambda: Double?
    public let kappa: Double?
    /// The largest |F - mean of S|^2 / mean of |x_i - mean of S|^2; nil like `worstLambda`.
    public let worstKappa: Double?

    /// Whether something that is proven does not hold, beyond what rounding explains.
    public var isBroken: Bool {
      func isBroken(_ proven: Double?, by worst: Double?) -> Bool {
        proven.map { (worst ?? .infinity) > $0 * (1 + 1e-4) } ?? false
      }
      return isBroken(lambda, by: worstLambda) || isBroken(kappa, by: worstKappa)
    }
  }

  /// What a choice of vectors makes necessary.
  private struct Need {
    var lambda = 0.0
    var kappa = 0.0
  }

  private let rule: any AggregationRule
  private let count: Int
  private let f: Int
  private let dimension: Int
  private var generator: SeededGenerator

  /// A search against `rule` for n = `count`, f and d, whose draws follow from `seed`.
  public init(_ rule: any AggregationRule, inputs count: Int, tolerating f: Int, dimension: Int, seed: UInt64 = 1) {
    self.rule = rule
    self.count = count
    self.f = f
    self.dimension = dimension
    generator = SeededGenerator(seed: seed, path: [UInt64(count), UInt64(f), UInt64(dimension)])
  }

  /// What is searched against.
  var title: String { "\(rule.specification), n = \(count), f = \(f), d = \(dimension)" }

  /// Tries `choices` choices of all vectors: a quarter of them drawn, the others climbing from the worst so far.
  public mutating func run(choices: Int) -> Finding {
    var worst = Need()
    // Climbing towards a larger lambda and towards a larger kappa in turn.
    var starts: [(need: Double, vectors: [[Float]])] = [(-1, []), (-1, [])]
    for choice in 0..<choices {
      let goal = choice % 2
      let isDrawn = choice % 1000 < 250 || starts[goal].vectors.isEmpty
      let vectors = isDrawn ? drawnVectors() : changed(starts[goal].vectors, step: choice % 1000)
      let need = need(of: vectors)
      worst.lambda = max(worst.lambda, need.lambda)
      worst.kappa = max(worst.kappa, need.kappa)
      let reached = goal == 0 ? need.lambda : need.kappa
      // Each thousand begins anew with what it draws, so that one hill does not hide the others.
      if reached > starts[goal].need || choice % 1000 == goal { starts[goal] = (reached, vectors) }
    }
    let proven = rule.guarantee(inputs: count, tolerating: f, dimension: dimension)
    return Finding(
      rule: rule.specification.description, inputs: count, byzantine: f, dimension: dimension, lambda: proven.lambda,
      worstLambda: worst.lambda.isFinite ? worst.lambda : nil, kappa: proven.kappa,
      worstKappa: worst.kappa.isFinite ? worst.kappa : nil)
  }
}

extension ResilienceSearch {
  private mutating func need(of vectors: [[Float]]) -> Need {
    let order = generator.permutation(of: count)
    let aggregate = rule.aggregate(
      order.map { Vector(vectors[$0]) }, tolerating: f, in: Round(seed: generator.next())
    ).vector.elements.map(Double.init)
    let honest = vectors.prefix(count - f).map { $0.map(Double.init) }
    let mean = (0..<dimension).map { axis in honest.reduce(0) { $0 + $1[axis] } / Double(honest.count) }
    let error = squaredDistance(aggregate, mean)
    var diameter = 0.0
    for first in honest { for second in honest { diameter = max(diameter, squaredDistance(first, second)) } }
    let spread = honest.reduce(0) { $0 + squaredDistance($1, mean) } / Double(honest.count)
    // Rounding the aggregate to a float counts for nothing, and equal vectors have no spread to measure it by.
    let rounding = 1e-12 * mean.reduce(1) { $0 + $1 * $1 }
    guard error > rounding else { return Need() }
    return Need(lambda: (error / diameter).squareRoot(), kappa: error / spread)
  }

  private func squaredDistance(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// Honest vectors of several shapes, and Byzantine ones that collude, or do not, near them or far away.
  private mutating func drawnVectors() -> [[Float]] {
    let shape = generator.index(below: 4)
    let honest = (0..<count - f).map { index -> [Float] in
      switch shape {
      case 0: drawnVector(1)
      case 1: drawnVector(index % 2 == 0 ? 1 : 0.01)
      case 2: index == 0 ? drawnVector(1) : Array(repeating: 0, count: dimension)
      default: (0..<dimension).map { _ in Float(generator.index(below: 3)) - 1 }
      }
    }
    let scale = [0.1, 1, 3, 30, 1e4][generator.index(below: 5)] as Float
    let common = generator.index(below: 2) == 0 ? honest[generator.index(below: honest.count)] : drawnVector(scale)
    let doCollude = generator.index(below: 3) > 0
    let byzantine = (0..<f).map { _ in doCollude ? common : drawnVector(scale) }
    return honest + byzantine
  }

  private mutating func drawnVector(_ scale: Float) -> [Float] {
    (0..<dimension).map { _ in scale * generator.normal() }
  }

  /// `vectors` with one to three of them moved, by less the later `step` is; Byzantine ones that are equal often move
  /// together.
  private mutating func changed(_ vectors: [[Float]], step: Int) -> [[Float]] {
    var vectors = vectors
    let size = Float(2) / Float(1 + generator.index(below: 1 + step))
    for _ in 0...generator.index(below: 3) {
      let index = generator.index(below: count)
      let former = vectors[index]
      let move = drawnVector(size)
      let moved = zip(former, move).map { $0 + $1 }
      if index >= count - f, generator.index(below: 2) == 0 {
        for other in count - f..<count where vectors[other] == former { vectors[other] = moved }
      }
      vectors[index] = generator.index(below: 8) == 0 ? vectors[generator.index(below: count)] : moved
    }
    return vectors
  }
}

extension ResilienceSearch.Finding {
  private enum EncodingKeys: String, CodingKey {
    case rule, inputs, byzantine, dimension, lambda, worstLambda, kappa, worstKappa, isBroken
  }

  /// With null for what is not proven, or has no bound.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: EncodingKeys.self)
    try container.encode(rule, forKey: .rule)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(byzantine, forKey: .byzantine)
    try container.encode(dimension, forKey: .dimension)
    try container.encode(lambda, forKey: .lambda)
    try container.encode(worstLambda, forKey: .worstLambda)
    try container.encode(kappa, forKey: .kappa)
    try container.encode(worstKappa, forKey: .worstKappa)
    try container.encode(isBroken, forKey: .isBroken)
  }
}
