import ByzNumerics
import ByzProtocol

/// "A little is enough": mean - z deviations, coordinate by coordinate, of what honest workers send.
///
/// The vector stays so close to the honest ones that distances hardly tell it apart, and pulls every coordinate the same
/// way in every step. It knows no honest worker's momentum here: it plays several honest workers on mini-batches of its own
/// share of the data, each with a momentum, and estimates mean and deviation (divisor k - 1) from them.
///
/// Source: Baruch, Baruch and Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed Learning" (NeurIPS
/// 2019, arXiv 1902.06156), section 3.
struct LittleIsEnough: Fault {
  let deviations: Float
  /// The honest workers that it plays beside the one that it would be.
  private var played: [MomentumEstimator]
  private var momentums: [Vector?]
  private var parameters: Vector?
  /// What was sent of recent steps, for servers that ask again.
  private var forged: [Int: Vector] = [:]
  private let retainedSteps: Int

  /// - Parameter batches: k, from how many mini-batches it estimates; at least 2.
  init(deviations: Float, batches: Int, configuration: ProtocolConfiguration) {
    self.deviations = deviations
    played = Array(repeating: MomentumEstimator(configuration.training), count: batches - 1)
    momentums = Array(repeating: nil, count: batches - 1)
    retainedSteps = configuration.patience.retainedSteps
  }

  mutating func rewrite(_ action: Action) -> [Action] {
    switch action {
    case .computeGradient(let step, draw: 0, let parameters):
      self.parameters = parameters
      // The honest batch comes last, so that the others are there when the honest machine sends its momentum.
      return played.indices.map { .computeGradient(step: step, draw: $0 + 1, at: parameters) } + [action]
    case .send(.vector(.momentum, let step, let momentum), let receivers):
      return [.send(.vector(.momentum, step: step, forgery(of: step, own: momentum)), to: receivers)]
    default:
      return [action]
    }
  }

  mutating func intercept(_ event: Event) -> Event? {
    guard case .gradient(_, let draw, let gradient, _) = event, draw > 0 else { return event }
    guard let parameters, played.indices.contains(draw - 1) else { return nil }
    momentums[draw - 1] = played[draw - 1].update(gradient: gradient, at: parameters)
    return nil
  }

  private mutating func forgery(of step: Int, own: Vector) -> Vector {
    if let known = forged[step] { return known }
    let vector = Self.shiftedMean(of: [own] + momentums.compactMap { $0 }, by: deviations)
    forged[step] = vector
    forged = forged.filter { $0.key > step - retainedSteps }
    return vector
  }

  /// mean - z deviation of `samples` in every coordinate.
  static func shiftedMean(of samples: [Vector], by deviations: Float) -> Vector {
    guard let first = samples.first, samples.count > 1 else { return samples[0] }
    let count = Float(samples.count)
    var mean = first
    for sample in samples.dropFirst() { mean = mean.adding(1, times: sample) }
    mean = mean.scaled(by: 1 / count)
    return Vector(count: first.count) { result in
      mean.withUnsafeBufferPointer { mean in
        for sample in samples {
          sample.withUnsafeBufferPointer { sample in
            for index in 0..<mean.count {
              result[index] += (sample[index] - mean[index]) * (sample[index] - mean[index])
            }
          }
        }
        for index in 0..<mean.count {
          result[index] = mean[index] - deviations * (result[index] / (count - 1)).squareRoot()
        }
      }
    }
  }

  /// z_max: the largest z at which enough honest workers lie further out than the forgeries for these to pass as the
  /// majority's: the quantile of (n - f - s) / (n - f), where s = floor(n / 2 + 1) - f honest workers have to be beaten.
  ///
  /// At least 0, where the attack sends the mean, and at most 3.
  static func largestHiddenShift(among workers: Group) -> Double {
    let honest = workers.count - workers.byzantine
    let needed = workers.count / 2 + 1 - workers.byzantine
    return normalQuantile(Double(honest - needed) / Double(honest))
  }

  /// The z from 0 to 3 below which a standard normal variable falls with `probability`; 0 and 3 for those beyond.
  private static func normalQuantile(_ probability: Double) -> Double {
    var (low, high) = (0.0, 3.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if normalDistribution(middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Phi(z) by its power series, which needs no platform's mathematics library and converges well for |z| <= 3.
  private static func normalDistribution(_ z: Double) -> Double {
    var term = z
    var sum = z
    for k in 1...60 {
      term *= -z * z / (2 * Double(k))
      sum += term / Double(2 * k + 1)
    }
    return 0.5 + sum / (2 * Double.pi).squareRoot()
  }
}
