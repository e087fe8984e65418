import ByzAggregation
import ByzNumerics
import ByzProtocol

/// Chooses how far an attack goes, in each step, so that the rule in use is led furthest astray.
///
/// Of the forgeries v(x) for x > 0 it takes the one that maximises |F(honest, v(x), ..., v(x)) - mean(honest)|, with a copy
/// of v(x) for each accomplice: first among powers of two, then closer and closer around the best.
///
/// Source: El-Mhamdi, Guerraoui and Rouault, "Distributed Momentum for Byzantine-resilient SGD" (ICLR 2021), and Shejwalkar
/// and Houmansadr, "Manipulating the Byzantine" (NDSS 2021), who choose the factors of known attacks in such a way.
///
/// The rule is used as servers use it: with the draws of the step, and from the aggregate of the step before as far as it was
/// foreseen.
struct LineSearch: Sendable {
  private let configuration: ProtocolConfiguration
  /// How many copies of a forgery the rule gets.
  let copies: Int
  /// How many honest momentums it gets.
  let honest: ClosedRange<Int>

  private static let coarse: [Double] = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]
  /// The square, fourth and eighth root of 2.
  private static let fine = [1.414_213_562_373_095, 1.189_207_115_002_721, 1.090_507_732_665_258]

  /// The search for an attack of all workers of `cast` that play the fault `name`.
  init(for name: String, in configuration: ProtocolConfiguration, cast: Cast) {
    self.configuration = configuration
    let workers = configuration.quorums.workers
    copies = max(1, configuration.quorums.workerIDs.count { cast.faults[$0]?.contains(name) == true })
    let least = max(1, workers.quorum - copies)
    honest = least...max(least, workers.count - copies)
  }

  /// The best of the forgeries `vector(x)` at `step`, knowing `samples` and their `mean`.
  ///
  /// - Parameter aggregate: what servers are thought to have made of the step before, and then of this one.
  func forgery(
    at step: Int, knowing samples: [Vector], mean: Vector, after aggregate: inout Vector?,
    _ vector: (Double) -> Vector
  ) -> Vector {
    // Too few are repeated, so that the rule gets as many as it needs.
    let count = min(max(samples.count, honest.lowerBound), honest.upperBound)
    let known = (0..<count).map { samples[$0 % samples.count] }
    let (rule, byzantine) = (configuration.rule, configuration.quorums.workers.byzantine)
    let round = configuration.round(at: step, after: aggregate)
    func damage(_ x: Double) -> (damage: Double, x: Double, vector: Vector, aggregate: Vector?) {
      let forgery = vector(x)
      let inputs = known + Array(repeating: forgery, count: copies)
      // What overflows is dropped by every receiver.
      guard forgery.isFinite, rule.violation(inputs: inputs.count, tolerating: byzantine) == nil else {
        return (-1, x, forgery, nil)
      }
      let result = rule.aggregate(inputs, tolerating: byzantine, in: round).vector
      return (result.distance(to: mean), x, forgery, result)
    }
    var best = damage(1)
    for x in Self.coarse where x != 1 { best = max(best, damage(x)) { $0.damage } }
    for factor in Self.fine {
      let middle = best.x
      for x in [middle * factor, middle / factor] { best = max(best, damage(x)) { $0.damage } }
    }
    aggregate = best.aggregate
    return best.vector
  }
}

/// The one of which `value` is larger; the first if they are equal.
private func max<Element>(_ first: Element, _ second: Element, by value: (Element) -> Double) -> Element {
  value(second) > value(first) ? second : first
}
