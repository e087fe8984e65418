import CKernels

extension Vector {
  /// Whether no element is a NaN or an infinity.
  public var isFinite: Bool {
    withUnsafeBufferPointer { byz_is_finite(byz_best_instructions(), $0.baseAddress, $0.count) }
  }

  /// The Euclidean norm, its squares summed in f64 so that elements up to the largest finite `Float` do not overflow.
  public var norm: Double { norm(adding: 0, times: nil, subtracting: nil) }

  /// The norm of `self + factor * other`, the same as that of ``adding(_:times:)`` without making that vector.
  package func norm(adding factor: Float, times other: Vector) -> Double {
    norm(adding: factor, times: other, subtracting: nil)
  }

  /// The Euclidean distance to `other`, which must have the same length: differences and squares in f64.
  public func distance(to other: Vector) -> Double { norm(adding: 0, times: nil, subtracting: other) }

  /// The Euclidean distance of `self + factor * third` to `other`, without making that sum; all have the same length.
  package func distance(to other: Vector, afterAdding factor: Float, times third: Vector) -> Double {
    norm(adding: factor, times: third, subtracting: other)
  }

  private func norm(adding factor: Float, times second: Vector?, subtracting third: Vector?) -> Double {
    for other in [second, third].compactMap(\.self) {
      precondition(count == other.count, "a norm needs vectors of one length, not \(count) and \(other.count)")
    }
    return withExtendedLifetime((self, second, third)) {
      let sum = byz_sum(
        first: withUnsafeBufferPointer(\.baseAddress), second: second?.withUnsafeBufferPointer(\.baseAddress),
        subtracted: third?.withUnsafeBufferPointer(\.baseAddress), factor: factor)
      return byz_squared_norm(byz_best_instructions(), sum, count).squareRoot()
    }
  }

  /// This vector times `factor`.
  public func scaled(by factor: Float) -> Vector {
    Vector(uncleared: count) { result in
      withUnsafeBufferPointer { elements in
        for index in 0..<count { result[index] = factor * elements[index] }
      }
    }
  }

  /// `self + factor * other`, element by element; both vectors have the same length.
  public func adding(_ factor: Float, times other: Vector) -> Vector {
    scaled(by: 1, adding: factor, times: other)
  }

  /// `ownFactor * self + factor * other`, element by element; both vectors have the same length.
  public func scaled(by ownFactor: Float, adding factor: Float, times other: Vector) -> Vector {
    precondition(count == other.count, "a sum needs vectors of one length, not \(count) and \(other.count)")
    return Vector(uncleared: count) { result in
      withUnsafeBufferPointer { left in
        other.withUnsafeBufferPointer { right in
          for index in 0..<count { result[index] = ownFactor * left[index] + factor * right[index] }
        }
      }
    }
  }
}
