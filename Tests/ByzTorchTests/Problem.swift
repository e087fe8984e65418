import ByzGradients
import ByzNumerics

/// A model, parameters and examples drawn from a seed.
struct Problem: CustomStringConvertible, Sendable {
  let widths: [Int]
  let count: Int
  let seed: UInt64

  var description: String { "\(widths), \(count) examples, seed \(seed)" }

  var naive: NaiveClassifier { NaiveClassifier(widths: widths) }

  /// Uniform in ±1 / sqrt(fan-in), so that no layer saturates.
  var parameters: Vector {
    var generator = SeededGenerator(seed: seed, path: [1])
    var elements: [Float] = []
    for (from, to) in zip(widths, widths.dropFirst()) {
      let bound = 1 / Float(from).squareRoot()
      for _ in 0..<(from + 1) * to { elements.append((2 * generator.uniform() - 1) * bound) }
    }
    return Vector(elements)
  }

  var dataset: Dataset {
    var generator = SeededGenerator(seed: seed, path: [2])
    return Dataset(
      pixels: (0..<count * widths[0]).map { _ in UInt8(generator.index(below: 256)) },
      labels: (0..<count).map { _ in UInt8(generator.index(below: widths[widths.count - 1])) },
      pixelsPerImage: widths[0])
  }

  var batch: Batch {
    var batch = Batch()
    batch.fill(from: dataset, at: 0..<count)
    return batch
  }
}
