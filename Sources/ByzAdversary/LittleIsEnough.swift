import ByzNumerics
import ByzProtocol

/// "A little is enough": mean - z deviations, coordinate by coordinate, of what honest nodes send.
///
/// The vector stays so close to the honest ones that distances hardly tell it apart, and pulls every coordinate the same
/// way in every step. A worker takes mean and deviation (divisor k - 1) of k momentums, see ``Informed``; a server takes the
/// models that it got in the last gather, and moves from its own.
///
/// Source: Baruch, Baruch and Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed Learning" (NeurIPS
/// 2019, arXiv 1902.06156), section 3.
enum LittleIsEnough {
  /// mean - z deviations of `samples` in every coordinate.
  static func shiftedMean(of samples: [Vector], by deviations: Float) -> Vector {
    let mean = Forgery.mean(of: samples)
    return mean.adding(-deviations, times: deviation(of: samples, from: mean))
  }

  /// The standard deviation of `samples` in every coordinate; zeros for a single one.
  static func deviation(of samples: [Vector], from mean: Vector) -> Vector {
    let divisor = Float(max(samples.count - 1, 1))
    return Vector(count: mean.count) { result in
      mean.withUnsafeBufferPointer { mean in
        for sample in samples {
          sample.withUnsafeBufferPointer { sample in
            for index in 0..<mean.count {
              result[index] += (sample[index] - mean[index]) * (sample[index] - mean[index])
            }
          }
        }
      }
      for index in result.indices { result[index] = (result[index] / divisor).squareRoot() }
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

/// "A little is enough" on models.
struct LittleIsEnoughOnModels: VectorFault {
  let deviations: Float
  /// The models of the last gather, the node's own included.
  private var models: [NodeID: Vector] = [:]
  private var step = -1
  private let node: NodeID

  init(deviations: Float, node: NodeID) {
    self.deviations = deviations
    self.node = node
  }

  mutating func intercept(_ event: Event) -> Interception {
    if case .received(.vector(.gatherModel, let step, let model), let sender) = event, model.isFinite {
      learn(model, of: sender, step: step)
    }
    return Interception(heard: [event])
  }

  mutating func forged(_ vector: Vector, _ kind: VectorKind, step: Int) -> Vector? {
    if kind == .gatherModel { learn(vector, of: node, step: step) }
    let samples = models.sorted { $0.key < $1.key }.map(\.value).filter { $0.count == vector.count }
    guard samples.count > 1 else { return vector }
    // mean - z deviations of them, moved from their mean to the node's own vector.
    return vector.adding(
      -deviations, times: LittleIsEnough.deviation(of: samples, from: Forgery.mean(of: samples)))
  }

  private mutating func learn(_ model: Vector, of sender: NodeID, step: Int) {
    if step > self.step { (self.step, models) = (step, [:]) }
    if step == self.step { models[sender] = model }
  }
}
