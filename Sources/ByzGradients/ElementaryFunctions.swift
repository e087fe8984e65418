/// Exponential and logarithm from additions, multiplications and divisions, which IEEE 754 rounds in one way, so that
/// equal arguments give equal bits on every platform. Those of mathematics libraries differ in their last bits.
///
/// Both take a power of two out of the argument or the result and sum a power series of what remains (Muller, "Elementary Functions:
/// Algorithms and Implementation", 3rd edition 2016, chapters 4 and 11). Results are within a few units of the last place.
enum ElementaryFunctions {
  /// The leading 32 bits of ln 2, so that its product with an exponent is exact, and the rest (Cody and Waite).
  private static let ln2 = (high: 0x1.62e42feep-1, low: 0x1.a39ef35793c76p-33)
  private static let squareRootOf2 = 0x1.6a09e667f3bcdp0

  /// e to the power of `x`.
  static func exp(_ x: Double) -> Double {
    // Beyond these the result is infinite or 0 for certain; between them the scaling at the end decides.
    guard x <= 710 else { return x.isNaN ? x : .infinity }
    guard x >= -746 else { return 0 }
    // x = exponent * ln 2 + rest, |rest| <= 0.347. A conversion, because rounding functions may be a library's.
    let exponent = Int(x * 0x1.71547652b82fep0 + (x < 0 ? -0.5 : 0.5))
    let rest = x - Double(exponent) * ln2.high - Double(exponent) * ln2.low
    // The sum of rest^n / n! up to n = 14, by Horner's rule; what is left out is less than 2^-60.
    var sum = 1.0
    for n in stride(from: 14, through: 1, by: -1) { sum = 1 + sum * rest / Double(n) }
    return Double(sign: .plus, exponent: exponent, significand: sum)
  }

  /// The natural logarithm of `x`: minus infinity at 0, not a number below.
  static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
    // x = significand * 2^exponent with the significand between sqrt(1/2) and sqrt(2).
    let isUpper = x.significand > squareRootOf2
    let significand = isUpper ? x.significand / 2 : x.significand
    let exponent = Double(Int(x.exponent) + (isUpper ? 1 : 0))
    // log m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...) with |s| <= 0.172; what is left out is less than 2^-62.
    let s = (significand - 1) / (significand + 1)
    let square = s * s
    var sum = 0.0
    for n in stride(from: 23, through: 3, by: -2) { sum = (sum + 1 / Double(n)) * square }
    return exponent * ln2.high + (2 * s + (2 * s * sum + exponent * ln2.low))
  }

  /// log(1 + exp(x)): the logistic loss of a margin of -x. It neither overflows nor loses small results.
  static func softplus(_ x: Double) -> Double { max(x, 0) + log(onePlus: exp(-abs(x))) }

  /// log(1 + x) for x from 0 to 1: what 1 + x lost by rounding is made good (Goldberg, "What Every Computer Scientist
  /// Should Know About Floating-Point Arithmetic", ACM Computing Surveys 23(1), 1991, theorem 4).
  private static func log(onePlus x: Double) -> Double {
    let sum = 1 + x
    return sum == 1 ? x : log(sum) * x / (sum - 1)
  }
}
