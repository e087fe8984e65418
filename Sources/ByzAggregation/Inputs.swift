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

/// The vector that `body` makes of `inputs` coordinate by coordinate, on up to `threads` threads.
///
/// `body` is called for parts of the coordinates: with a pointer to the first element of each input, none of them nil, the
/// number of elements, and where to write as many.
func coordinatewise(
  _ inputs: [Vector], threads: Int,
  _ body: @Sendable ([UnsafePointer<Float>?], Int, UnsafeMutablePointer<Float>?) -> Void
) -> Vector {
  let length = commonLength(of: inputs)
  return Vector(uncleared: length) { result in
    let target = Target(base: result.baseAddress)
    Parts.forEach(of: length, threads: threads) { _, part in
      withElements(of: inputs) { rows in
        body(rows.map { $0.map { $0 + part.lowerBound } }, part.count, target.base.map { $0 + part.lowerBound })
      }
    }
  }
}
