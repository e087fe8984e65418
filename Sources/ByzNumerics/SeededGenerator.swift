/// A seeded generator of random bits: xoshiro256** 1.0 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number
/// Generators", ACM Transactions on Mathematical Software 47(4), 2021), its state filled by SplitMix64.
///
/// All randomness of a run comes from such generators, and a generator is never shared: whoever needs one derives it from
/// the run's seed and the *path* of what it is for, so that a draw depends on nothing that happened before it. Worker 3's
/// batch of step 17 is the same whether the worker started with the run or jumped there after a restart.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// The generator of what `path` names under `seed`; other seeds and other paths give unrelated generators.
  public init(seed: UInt64, path: [UInt64] = []) {
    var mixer = SplitMix64(state: seed)
    for part in path {
      // Mixing each part into a fresh output, instead of adding parts, keeps [1, 2] apart from [2, 1] and from [3].
      mixer = SplitMix64(state: mixer.next() ^ (part &* 0xD134_2543_DE82_EF95 &+ 1))
    }
    state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  public mutating func next() -> UInt64 {
    func rotate(_ value: UInt64, _ by: UInt64) -> UInt64 { (value << by) | (value >> (64 - by)) }
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// A number drawn uniformly from 0 ..< 1 in steps of 2^-24, every one of which a `Float` holds exactly.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number drawn from 0 ..< `bound`, every one equally likely.
  ///
  /// Unlike `Int.random(in:using:)` its way from bits to number is fixed here, not in a version of the standard library.
  public mutating func index(below bound: Int) -> Int {
    precondition(bound > 0, "there is no index below \(bound)")
    let bound = UInt64(bound)
    // Multiply and shift, drawing again in the few cases that would favour some numbers (Lemire, "Fast Random Integer
    // Generation in an Interval", ACM Transactions on Modeling and Computer Simulation 29(1), 2019).
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// A nearly normal number of mean 0 and variance 1: the sum of twelve uniform numbers less six (Irwin-Hall).
  ///
  /// It ends at plus or minus 6, where a normal number would be once in 500 million draws, and needs no logarithm, whose
  /// last bit differs from one platform's mathematics library to the next.
  public mutating func normal() -> Float {
    var sum: Float = 0
    for _ in 0..<12 { sum += uniform() }
    return sum - 6
  }

  /// The indices 0 ..< `count` in an order drawn uniformly (Fisher-Yates).
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, index(below: last + 1)) }
    return order
  }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), which turns any seed into well mixed bits.
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
