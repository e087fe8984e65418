import ByzNumerics

/// A problem whose gradients are formulas: it needs neither data files nor libtorch, and equal arguments give equal bits
/// on every platform, because it uses only operations that IEEE 754 rounds in one way.
public enum AnalyticProblem: Hashable, Sendable {
  /// The loss |theta - theta*|^2 / 2, its minimum theta* drawn from the seed: elements are nearly normal, of variance 1.
  ///
  /// A stochastic gradient is theta - theta* + `noise` * z / sqrt(batch) with z nearly normal, of variance 1, which is how
  /// a mean over a batch behaves: `noise` is the standard deviation of one example's gradient, element by element.
  case quadratic(dimension: Int, noise: Double)

  /// Binary logistic regression without a bias on `examples` training examples, shared out among the workers.
  ///
  /// Inputs are nearly normal. A label, 1 or -1, is the sign of the input's product with parameters drawn from the seed,
  /// and is turned round for one example in twenty: the accuracy comes near 0.95 and stays there.
  case logistic(dimension: Int, examples: Int)

  /// The number d of parameters.
  public var dimension: Int {
    switch self {
    case .quadratic(let dimension, _), .logistic(let dimension, _): dimension
    }
  }

  /// The parameter tensors: a single one.
  public var parameters: [ParameterShape] {
    switch self {
    case .quadratic: [ParameterShape(name: "theta", shape: [dimension], fanIn: dimension)]
    case .logistic: [ParameterShape(name: "linear1.weight", shape: [1, dimension], fanIn: dimension)]
    }
  }

  /// The parameters theta_0 that every honest node starts from: uniform in ±1 / sqrt(d).
  public func initialParameters(seed: UInt64) -> Vector { parameters.initialParameters(seed: seed) }

  /// The gradients of one worker.
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - worker: the worker's index, from 0.
  ///   - batch: the number of examples for a gradient, at least 1.
  ///   - workers: the number of workers, Byzantine ones included; a logistic problem has an example for each of them.
  public func gradientSource(
    seed: UInt64, worker: Int, batch: Int, workers: Int
  ) -> any GradientSource & Sendable {
    switch self {
    case .quadratic(_, let noise):
      QuadraticGradientSource(
        minimum: Quadratic.minimum(dimension: dimension, seed: seed), noise: noise, seed: seed, worker: worker,
        batch: batch)
    case .logistic(_, let examples):
      LogisticGradientSource(
        share: LogisticExamples(
          .training, at: Partition.independent(of: examples, among: workers, seed: seed)[worker], dimension: dimension,
          seed: seed),
        sampler: BatchSampler(seed: seed, worker: worker, batchSize: batch))
    }
  }

  /// The number of examples on which models of a logistic problem are evaluated.
  public static let testExamples = 1_000

  /// The evaluation of models: on `testExamples` examples that no worker has, or by the quadratic's formula, which knows
  /// no accuracy.
  public func evaluator(seed: UInt64) -> any Evaluator & Sendable {
    switch self {
    case .quadratic:
      QuadraticEvaluator(minimum: Quadratic.minimum(dimension: dimension, seed: seed))
    case .logistic:
      LogisticEvaluator(
        examples: LogisticExamples(.test, at: 0..<Self.testExamples, dimension: dimension, seed: seed))
    }
  }
}
