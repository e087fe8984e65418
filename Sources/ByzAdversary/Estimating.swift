import ByzNumerics
import ByzProtocol

/// A worker's fault that needs to know what honest workers send: it makes one vector of several, and sends it.
///
/// It knows no honest worker's momentum: it plays several honest workers on mini-batches of its own share of the data, each
/// with a momentum of its own.
struct Estimating: Fault {
  private let forge: @Sendable ([Vector]) -> Vector
  /// The honest workers that it plays beside the one that it would be.
  private var played: [MomentumEstimator]
  private var momentums: [Vector?]
  private var parameters: Vector?
  /// What was sent of recent steps, for servers that ask again.
  private var forged: [Int: Vector] = [:]
  private let retainedSteps: Int

  /// - Parameters:
  ///   - batches: k, from how many mini-batches it estimates; at least 2.
  ///   - configuration: the run's, which says how honest workers compute momentums.
  ///   - forge: makes what is sent of k honest momentums, the node's own first.
  init(batches: Int, configuration: ProtocolConfiguration, forge: @escaping @Sendable ([Vector]) -> Vector) {
    self.forge = forge
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

  mutating func intercept(_ event: Event) -> Interception {
    guard case .gradient(_, let draw, let gradient, _) = event, draw > 0 else { return Interception(heard: [event]) }
    guard let parameters, played.indices.contains(draw - 1) else { return Interception() }
    momentums[draw - 1] = played[draw - 1].update(gradient: gradient, at: parameters)
    return Interception()
  }

  private mutating func forgery(of step: Int, own: Vector) -> Vector {
    if let known = forged[step] { return known }
    let vector = forge([own] + momentums.compactMap { $0 })
    forged[step] = vector
    forged = forged.filter { $0.key > step - retainedSteps }
    return vector
  }
}

extension Estimating {
  /// Fall of empires, or inner product manipulation: minus epsilon times the mean, so that the sum of what a server averages
  /// may point away from the true gradient while the vector itself is short.
  ///
  /// Source: Xie, Koyejo and Gupta, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product Manipulation" (UAI
  /// 2019, arXiv 1903.03936), section 3.
  static func fallOfEmpires(_ samples: [Vector], epsilon: Float) -> Vector { mean(of: samples).scaled(by: -epsilon) }

  /// Against rules that trust short vectors: the opposite of the mean, as long as the shortest of the samples.
  static func antiCGE(_ samples: [Vector]) -> Vector {
    let mean = mean(of: samples)
    let (length, shortest) = (mean.norm, samples.map(\.norm).min() ?? 0)
    return length > 0 ? mean.scaled(by: Float(-shortest / length)) : mean
  }

  private static func mean(of samples: [Vector]) -> Vector {
    let sum = samples.dropFirst().reduce(samples[0]) { $0.adding(1, times: $1) }
    return sum.scaled(by: 1 / Float(samples.count))
  }
}
