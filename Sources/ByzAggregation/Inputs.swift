import ByzNumerics

/// The length that all `inputs` have, of which there must be at least one.
func commonLength(of inputs: [Vector]) -> Int {
  precondition(!inputs.isEmpty, "there is nothing to aggregate")
  let length = inputs[0].count
  for input in inputs {
    precondition(input.count == length, "vectors of \(length) and of \(input.count) elements do not aggregate")
  }
  return length
}

/// Lets `body` read all `inputs` in place: a pointer to the first element of each, in their order, none of them nil.
func withElements<Result>(of inputs: [Vector], _ body: ([UnsafePointer<Float>?]) -> Result) -> Result {
  // A vector's memory stays where it is while the vector lives, so the pointers are good until `body` returns.
  withExtendedLifetime(inputs) { body(inputs.map { $0.withUnsafeBufferPointer(\.baseAddress) }) }
}
