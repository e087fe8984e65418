import ByzNumerics

/// The smallest and the largest value of some vectors in every coordinate.
struct CoordinateRange {
  private var low: [Float]
  private var high: [Float]

  init(_ vector: Vector) {
    low = vector.elements
    high = low
  }

  mutating func include(_ vector: Vector) {
    vector.withUnsafeBufferPointer { elements in
      for index in elements.indices {
        low[index] = min(low[index], elements[index])
        high[index] = max(high[index], elements[index])
      }
    }
  }

  /// A coordinate in which `vector` lies outside; nil if there is none.
  func coordinate(outside vector: Vector) -> Int? {
    vector.withUnsafeBufferPointer { elements in
      elements.indices.first { elements[$0] < low[$0] || elements[$0] > high[$0] }
    }
  }

  /// The values between which coordinate `index` lies, for messages.
  func text(_ index: Int) -> String { "\(low[index]) to \(high[index])" }
}
