import ByzGradients
import ByzNumerics
import Testing

@Suite struct ArchitectureTests {
  @Test func parametersHavePyTorchsNamesAndShapes() {
    #expect(Architecture.logistic.parameters.map(\.name) == ["linear1.weight", "linear1.bias"])
    #expect(Architecture.logistic.parameters.map(\.shape) == [[10, 784], [10]])
    #expect(
      Architecture.mlp.parameters.map(\.name) == ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"])
    #expect(Architecture.mlp.parameters.map(\.shape) == [[100, 784], [100], [10, 100], [10]])
  }

  @Test func dimensions() {
    #expect(Architecture.logistic.dimension == 7_850)
    #expect(Architecture.mlp.dimension == 79_510)
    #expect(Architecture.allCases.allSatisfy { $0.inputs == 784 && $0.classes == 10 })
  }

  /// theta_0 from raw random bits: 24 of them are a number of steps of 2^-23 above -1.
  @Test func initialParametersAreUniformNumbersTimesTheBound() {
    var generator = SeededGenerator(seed: 5, path: [RandomPurpose.initialParameters])
    let expected = (0..<79_510).map { index in
      let uniform = Double(Int(generator.next() >> 40) - (1 << 23)) / Double(1 << 23)
      // 1/28 and 1/10 with the 24 bits of a Float.
      return Float(uniform * Double(index < 78_500 ? Float(1) / 28 : Float(1) / 10))
    }
    #expect(Architecture.mlp.initialParameters(seed: 5).elements == expected)
  }

  @Test(arguments: Architecture.allCases) func initialParametersFillTheirRange(architecture: Architecture) {
    let elements = architecture.initialParameters(seed: 3).elements
    var start = 0
    for parameter in architecture.parameters {
      let bound = 1 / Double(parameter.fanIn).squareRoot()
      let piece = elements[start..<start + parameter.count].map(Double.init)
      start += parameter.count
      #expect(piece.allSatisfy { abs($0) <= bound * (1 + 1e-7) })
      // The mean of n uniform numbers has a standard deviation of bound / sqrt(3 n).
      let mean = piece.reduce(0, +) / Double(piece.count)
      #expect(abs(mean) < 4 * bound / (3 * Double(piece.count)).squareRoot())
      if piece.count >= 1_000 {
        #expect(piece.max()! > 0.98 * bound)
        #expect(piece.min()! < -0.98 * bound)
      }
    }
    #expect(start == elements.count)
  }

  @Test func initialParametersDependOnTheSeedAlone() {
    #expect(Architecture.mlp.initialParameters(seed: 1) == Architecture.mlp.initialParameters(seed: 1))
    #expect(Architecture.mlp.initialParameters(seed: 1) != Architecture.mlp.initialParameters(seed: 2))
  }
}
