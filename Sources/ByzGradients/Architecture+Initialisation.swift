import ByzNumerics

extension Architecture {
  /// The parameters theta_0 that every honest node starts from: uniform in ±1 / sqrt(fan-in), weights and biases alike,
  /// which is the distribution that PyTorch's `nn.Linear` draws from.
  ///
  /// Honest nodes must start from the same bits, whatever machines they run on. libtorch's own initialisation may differ
  /// between its versions, builds and the instructions that a processor offers; this one uses only operations that
  /// IEEE 754 rounds in one way, so equal seeds give equal bits on every platform.
  public func initialParameters(seed: UInt64) -> Vector { parameters.initialParameters(seed: seed) }
}

extension [ParameterShape] {
  /// The number of elements of all tensors together.
  public var dimension: Int { reduce(0) { $0 + $1.count } }

  /// Every element drawn uniformly from ±1 / sqrt(fan-in) of its tensor.
  func initialParameters(seed: UInt64) -> Vector {
    var generator = SeededGenerator(seed: seed, path: [RandomPurpose.initialParameters])
    return Vector(uncleared: dimension) { elements in
      var index = 0
      for parameter in self {
        let bound = 1 / Float(parameter.fanIn).squareRoot()
        for _ in 0..<parameter.count {
          // 2u - 1 is exact, so that the product is the only rounding.
          elements[index] = (2 * generator.uniform() - 1) * bound
          index += 1
        }
      }
    }
  }
}
