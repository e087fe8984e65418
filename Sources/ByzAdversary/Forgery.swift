import ByzNumerics

/// What is made of honest momentums, known or estimated.
enum Forgery {
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

  /// The mean of at least one vector.
  static func mean(of samples: [Vector]) -> Vector {
    let sum = samples.dropFirst().reduce(samples[0]) { $0.adding(1, times: $1) }
    return sum.scaled(by: 1 / Float(samples.count))
  }
}
