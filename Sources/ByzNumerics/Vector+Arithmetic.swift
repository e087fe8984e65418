import CKernels

extension Vector {
  /// Whether no element is a NaN or an infinity.
  public var isFinite: Bool {
    withUnsafeBufferPointer { byz_is_finite(byz_best_instructions(), $0.baseAddress, $0.count) }
  }

  /// The Euclidean norm, its squares summed in f64 so that elements up to the largest finite `Float` do not overflow.
  public var norm: Double {
    withUnsafeBufferPointer { elements in
      sumOfSquares(count: count) { Double(elements[$0]) }.squareRoot()
    }
  }

  /// The norm of `self + factor * other`, the same as that of ``adding(_:times:)`` without making that vector.
  package func norm(adding factor: Float, times other: Vector) -> Double {
    precondition(count == other.count, "a sum needs vectors of one length, not \(count) and \(other.count)")
    return withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        sumOfSquares(count: count) { Double(left[$0] + factor * right[$0]) }.squareRoot()
      }
    }
  }

  /// The Euclidean distance to `other`, which must have the same length: differences and squares in f64.
  public func distance(to other: Vector) -> Double {
    precondition(count == other.count, "a distance needs vectors of one length, not \(count) and \(other.count)")
    return withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        sumOfSquares(count: count) { Double(left[$0]) - Double(right[$0]) }.squareRoot()
      }
    }
  }

  /// The Euclidean distance of `self + factor * third` to `other`, without making that sum; all have the same length.
  package func distance(to other: Vector, afterAdding factor: Float, times third: Vector) -> Double {
    precondition(
      count == other.count && count == third.count,
      "a distance needs vectors of one length, not \(count), \(other.count) and \(third.count)")
    return withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        third.withUnsafeBufferPointer { added in
          sumOfSquares(count: count) { Double(left[$0] + factor * added[$0]) - Double(right[$0]) }.squareRoot()
        }
      }
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

/// The sum of the squares of `count` numbers: of every fourth one, then of these four sums, then with the rest.
///
/// Each addition waits for the one before, which more instructions at a time would not change.
@inline(__always)
private func sumOfSquares(count: Int, of number: (Int) -> Double) -> Double {
  var sums = SIMD4<Double>.zero
  var index = 0
  while index + 4 <= count {
    let four = SIMD4(number(index), number(index + 1), number(index + 2), number(index + 3))
    sums += four * four
    index += 4
  }
  var sum = sums.sum()
  while index < count {
    let last = number(index)
    sum += last * last
    index += 1
  }
  return sum
}
