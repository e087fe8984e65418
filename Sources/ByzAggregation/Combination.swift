import ByzNumerics
import CKernels

/// The combination w_1 x_1 + ... + w_n x_n of at least one vector: products and sums in f64, rounded to f32 once.
///
/// An input of weight 0 is not read. The weights of an average must sum up to 1.
func combination(of inputs: [Vector], weights: [Double], threads: Int) -> Vector {
  precondition(inputs.count == weights.count, "\(weights.count) weights do not fit \(inputs.count) inputs")
  let used = inputs.indices.filter { weights[$0] != 0 }
  let usedWeights = used.map { weights[$0] }
  precondition(!used.isEmpty, "a combination needs a weight that is not zero")
  return coordinatewise(used.map { inputs[$0] }, threads: threads) { rows, length, result in
    byz_combine(byz_best_instructions(), rows, usedWeights, rows.count, length, result)
  }
}

/// The squared distances of all inputs from their combination with these `weights`, or from zero without any.
///
/// The combination itself is never written to memory, let alone rounded to f32, so this takes one pass over the inputs.
/// Since the distances are summed up from differences, inputs of 1e30 do not spoil those of the others. O(n d) time.
func squaredDistances(of inputs: [Vector], fromCombination weights: [Double]?, threads: Int) -> [Double] {
  precondition(weights == nil || inputs.count == weights?.count, "every input needs a weight")
  let count = inputs.count
  return Parts.sums(of: commonLength(of: inputs), count: count, threads: threads) { part, squares in
    withElements(of: inputs) { rows in
      byz_squared_distances_to_combination(
        byz_best_instructions(), rows.map { $0.map { $0 + part.lowerBound } }, weights, count, part.count, squares)
    }
  }
}

/// The squared norms of all inputs, each in f64.
func squaredNorms(of inputs: [Vector], threads: Int) -> [Double] {
  squaredDistances(of: inputs, fromCombination: nil, threads: threads)
}

/// `input` times `factor`: each product in f64, rounded to f32 once.
func scaled(_ input: Vector, by factor: Double, threads: Int) -> Vector {
  coordinatewise([input], threads: threads) { rows, length, result in
    byz_scale(byz_best_instructions(), factor, rows[0], length, result)
  }
}
