import ByzNumerics
import CKernels

/// The means of sorted values as the rules define them, one coordinate after the other.
func naiveFold(_ fold: byz_fold, of inputs: [Vector], dropping f: Int) -> Vector {
  Vector(
    (0..<inputs[0].count).map { coordinate in
      let sorted = inputs.map { Double($0[coordinate]) }.sorted()
      switch fold {
      case .middle: return Float(meanOfMiddle(of: sorted, dropping: f))
      case .around_median: return Float(mean(around: median(of: sorted), of: sorted, dropping: f))
      case .around_middle: return Float(mean(around: meanOfMiddle(of: sorted, dropping: f), of: sorted, dropping: f))
      }
    })
}

private func mean(of values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

private func median(of sorted: [Double]) -> Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }

private func meanOfMiddle(of sorted: [Double], dropping f: Int) -> Double {
  mean(of: Array(sorted.dropFirst(f).dropLast(f)))
}

/// Drops the value furthest from `center`, which is the first or the last one, until f are dropped.
private func mean(around center: Double, of sorted: [Double], dropping f: Int) -> Double {
  var kept = sorted
  for _ in 0..<f {
    let isFirstFurther = center - kept[0] > kept[kept.count - 1] - center
    kept.remove(at: isFirstFurther ? 0 : kept.count - 1)
  }
  return mean(of: kept)
}

extension SeededGenerator {
  /// How many of `count` inputs may be Byzantine: nobody, as many as can be, or any number between.
  mutating func tolerated(of count: Int) -> Int {
    let most = (count - 1) / 2
    return [0, most, index(below: most + 1)][index(below: 3)]
  }
}
