import ByzGradients
import Foundation

/// The formulas of the models, written down one scalar at a time in f64: linear layers, a ReLU between each two, softmax
/// and cross-entropy.
struct NaiveClassifier {
  let widths: [Int]

  var dimension: Int { zip(widths, widths.dropFirst()).reduce(0) { $0 + ($1.0 + 1) * $1.1 } }

  /// Gradient of the mean loss over the batch, and that loss.
  func gradient(at parameters: [Double], on batch: Batch) -> (gradient: [Double], loss: Double) {
    var gradient = [Double](repeating: 0, count: dimension)
    var loss = 0.0
    for row in 0..<batch.count {
      let label = Int(batch.labels[row])
      let activations = self.activations(at: parameters, of: batch, row: row)
      let probabilities = softmax(activations[activations.count - 1])
      loss -= log(probabilities[label]) / Double(batch.count)
      var delta = probabilities.enumerated().map { ($1 - ($0 == label ? 1 : 0)) / Double(batch.count) }
      for layer in (0..<widths.count - 1).reversed() {
        delta = backward(layer, delta, activations[layer], parameters, &gradient)
      }
    }
    return (gradient, loss)
  }

  /// How many examples are classified rightly, and their mean loss.
  func evaluate(_ parameters: [Double], on batch: Batch) -> (correct: Int, loss: Double) {
    var correct = 0
    for row in 0..<batch.count {
      let outputs = activations(at: parameters, of: batch, row: row)[widths.count - 1]
      if outputs[Int(batch.labels[row])] == outputs.max() { correct += 1 }
    }
    return (correct, gradient(at: parameters, on: batch).loss)
  }

  /// The inputs of every layer, and at the end the outputs of the last.
  private func activations(at parameters: [Double], of batch: Batch, row: Int) -> [[Double]] {
    var result = [(0..<batch.width).map { Double(batch.inputs[row * batch.width + $0]) }]
    for layer in 0..<widths.count - 1 {
      let x = result[layer]
      let weight = offset(of: layer)
      let bias = weight + widths[layer] * widths[layer + 1]
      result.append(
        (0..<widths[layer + 1]).map { output in
          var sum = parameters[bias + output]
          for input in 0..<x.count { sum += parameters[weight + output * x.count + input] * x[input] }
          return layer < widths.count - 2 ? max(sum, 0) : sum
        })
    }
    return result
  }

  /// Adds a layer's part of the gradient for one example; returns the derivatives by the layer's inputs, through the ReLU
  /// that made them.
  private func backward(
    _ layer: Int, _ delta: [Double], _ x: [Double], _ parameters: [Double], _ gradient: inout [Double]
  ) -> [Double] {
    let weight = offset(of: layer)
    let bias = weight + widths[layer] * widths[layer + 1]
    var inputDelta = [Double](repeating: 0, count: x.count)
    for output in 0..<delta.count {
      gradient[bias + output] += delta[output]
      for input in 0..<x.count {
        gradient[weight + output * x.count + input] += delta[output] * x[input]
        if x[input] > 0 { inputDelta[input] += delta[output] * parameters[weight + output * x.count + input] }
      }
    }
    return inputDelta
  }

  /// Where a layer's weight begins in the flat vector; `layer` may be one too many, for the end.
  func offset(of layer: Int) -> Int { (0..<layer).reduce(0) { $0 + (widths[$1] + 1) * widths[$1 + 1] } }

  private func softmax(_ outputs: [Double]) -> [Double] {
    let largest = outputs.max() ?? 0
    let powers = outputs.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
