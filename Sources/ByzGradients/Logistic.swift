import ByzNumerics

/// Labelled examples of a logistic problem, each of which its index alone decides.
struct LogisticExamples: Sendable {
  enum Part: UInt64 {
    case training, test
  }

  /// One label in so many is turned round.
  static let labelsPerError = 20

  let dimension: Int
  /// Row-major: a row of `dimension` inputs for each example.
  let inputs: [Float]
  /// 1 or -1.
  let labels: [Double]

  var count: Int { labels.count }

  init(dimension: Int, inputs: [Float], labels: [Double]) {
    (self.dimension, self.inputs, self.labels) = (dimension, inputs, labels)
  }

  /// Draws the examples of `part` that have these indices.
  init(_ part: Part, at indices: some Collection<Int>, dimension: Int, seed: UInt64) {
    var solution = SeededGenerator(seed: seed, path: [RandomPurpose.solution])
    let weights = (0..<dimension).map { _ in Double(solution.normal()) }
    var inputs: [Float] = []
    inputs.reserveCapacity(indices.count * dimension)
    let labels = indices.map { index in
      var generator = SeededGenerator(seed: seed, path: [RandomPurpose.example, part.rawValue, UInt64(index)])
      var product = 0.0
      for weight in weights {
        inputs.append(generator.normal())
        product += weight * Double(inputs[inputs.count - 1])
      }
      let isTurned = generator.index(below: Self.labelsPerError) == 0
      return (product < 0) != isTurned ? -1.0 : 1.0
    }
    self.init(dimension: dimension, inputs: inputs, labels: labels)
  }

  /// The same examples with all labels turned round.
  var flipped: LogisticExamples { LogisticExamples(dimension: dimension, inputs: inputs, labels: labels.map { -$0 }) }

  /// The label of example `index` times the product of its inputs and `parameters`: positive if they classify it rightly.
  func margin(of index: Int, at parameters: Vector) -> Double {
    precondition(
      parameters.count == dimension, "\(parameters.count) parameters are not the \(dimension) of the problem")
    return parameters.withUnsafeBufferPointer { parameters in
      inputs.withUnsafeBufferPointer { inputs in
        var product = 0.0
        for element in 0..<dimension {
          product += Double(parameters[element]) * Double(inputs[index * dimension + element])
        }
        return labels[index] * product
      }
    }
  }

  /// The gradient of the mean of log(1 + exp(-margin)) over the examples at `indices`, and that mean.
  func gradient(at parameters: Vector, on indices: [Int]) -> GradientSample {
    var sums = [Double](repeating: 0, count: dimension)
    var loss = 0.0
    for index in indices {
      let margin = margin(of: index, at: parameters)
      loss += ElementaryFunctions.softplus(-margin)
      // The loss's derivative by the product; an infinite exponential makes it 0.
      let slope = -labels[index] / (1 + ElementaryFunctions.exp(margin))
      for element in 0..<dimension { sums[element] += slope * Double(inputs[index * dimension + element]) }
    }
    let count = Double(indices.count)
    return GradientSample(
      gradient: Vector(uncleared: dimension) { gradient in
        for element in gradient.indices { gradient[element] = Float(sums[element] / count) }
      },
      loss: loss / count)
  }
}

/// A worker's gradients: mini-batches of its share of the training examples.
struct LogisticGradientSource: GradientSource, Sendable {
  let share: LogisticExamples
  let sampler: BatchSampler

  var dimension: Int { share.dimension }

  init(share: LogisticExamples, sampler: BatchSampler) {
    precondition(share.count > 0, "worker-\(sampler.worker) has no training examples")
    self.share = share
    self.sampler = sampler
  }

  func gradient(at parameters: Vector, step: Int, draw: Int, flippingLabels: Bool) -> GradientSample {
    let examples = flippingLabels ? share.flipped : share
    return examples.gradient(at: parameters, on: sampler.indices(below: share.count, step: step, draw: draw))
  }
}

/// Accuracy and mean loss on a test set.
struct LogisticEvaluator: Evaluator, Sendable {
  let examples: LogisticExamples

  func evaluate(_ parameters: Vector) -> Evaluation {
    var correct = 0
    var loss = 0.0
    for index in 0..<examples.count {
      let margin = examples.margin(of: index, at: parameters)
      if margin > 0 { correct += 1 }
      loss += ElementaryFunctions.softplus(-margin)
    }
    return Evaluation(accuracy: Double(correct) / Double(examples.count), loss: loss / Double(examples.count))
  }
}
