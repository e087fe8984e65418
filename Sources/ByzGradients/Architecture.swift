/// One parameter tensor of a model, as it lies in the flat parameter vector.
public struct ParameterShape: Equatable, Sendable {
  /// What PyTorch would call it, such as `linear1.weight`.
  public let name: String
  /// Its sizes, row-major, with PyTorch's meaning: a weight of [100, 784] has a row for each of 100 outputs.
  public let shape: [Int]
  /// The number of inputs that one output of its layer sums over; decides the range of the initial values.
  public let fanIn: Int

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
}

/// A model of the catalogue: linear layers with a ReLU between each two, and softmax with cross-entropy as the loss.
///
/// The flat vector of d parameters holds the layers one after the other, weight before bias.
public enum Architecture: String, CaseIterable, Sendable {
  /// Logistic regression: 784-10, d = 7,850.
  case logistic
  /// A perceptron with one hidden layer: 784-100-10, d = 79,510.
  case mlp

  /// The widths of the layers' ends: inputs, hidden units, classes.
  public var layerWidths: [Int] {
    switch self {
    case .logistic: [784, 10]
    case .mlp: [784, 100, 10]
    }
  }

  /// The number of floats in one example.
  public var inputs: Int { layerWidths[0] }

  /// The number of classes that labels name, from 0.
  public var classes: Int { layerWidths[layerWidths.count - 1] }

  /// The parameter tensors, in the order in which they lie in the flat vector.
  public var parameters: [ParameterShape] {
    zip(layerWidths, layerWidths.dropFirst()).enumerated().flatMap { index, widths in
      let (inputs, outputs) = widths
      return [
        ParameterShape(name: "linear\(index + 1).weight", shape: [outputs, inputs], fanIn: inputs),
        ParameterShape(name: "linear\(index + 1).bias", shape: [outputs], fanIn: inputs),
      ]
    }
  }

  /// The number d of parameters.
  public var dimension: Int { parameters.dimension }
}
