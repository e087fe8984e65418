import CKernels

extension Vector {
  /// Whether no element is a NaN or an infinity.
  public var isFinite: Bool {
    withUnsafeBufferPointer { byz_is_finite(byz_best_instructions(), $0.baseAddress, $0.count) }
  }

  /// The Euclidean norm, its squares summed in f64 so that elements up to the largest finite `Float` do not overflow.
  public var norm: Double {
    withUnsafeBufferPointer { elements in
      var sums = SIMD4<Double>.zero
      var index = 0
      while index + 4 <= elements.count {
        let four = SIMD4<Double>(
          Double(elements[index]), Double(elements[index + 1]),
          Double(elements[index + 2]), Double(elements[index + 3]))
        sums += four * four
        index += 4
      }
      var sum = sums.sum()
      while index < elements.count {
        sum += Double(elements[index]) * Double(elements[index])
        index += 1
      }
      return sum.squareRoot()
    }
  }

  /// The Euclidean distance to `other`, which must have the same length: differences and squares in f64.
  public func distance(to other: Vector) -> Double {
    precondition(count == other.count, "a distance needs vectors of one length, not \(count) and \(other.count)")
    return withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        var sums = SIMD4<Double>.zero
        var index = 0
        while index + 4 <= left.count {
          let difference = SIMD4<Double>(
            Double(left[index]) - Double(right[index]), Double(left[index + 1]) - Double(right[index + 1]),
            Double(left[index + 2]) - Double(right[index + 2]), Double(left[index + 3]) - Double(right[index + 3]))
          sums += difference * difference
          index += 4
        }
        var sum = sums.sum()
        while index < left.count {
          let difference = Double(left[index]) - Double(right[index])
          sum += difference * difference
          index += 1
        }
        return sum.squareRoot()
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
