import ByzNumerics

/// The average of every coordinate's values but `count`, those furthest from the coordinate's median.
///
/// Of n sorted values v_0, ..., v_n-1 with the median c, of an even n the mean of the two middle ones in f64, these are the
/// m = n - `count` from v_s on, where s is the number of j < `count` with c - v_j > v_j+m - c. They are summed in f64 in
/// ascending order, from +0 on; the sum is divided in f64 and rounded to f32 once.
func meanAroundMedian(of inputs: [Vector], leavingOut count: Int, threads: Int) -> Vector {
  precondition(count >= 0 && count < inputs.count, "\(count) of \(inputs.count) values cannot be left out")
  return coordinatewise(inputs, threads: threads) { rows, length, result in
    guard let result else { return }
    var values = [Double](repeating: 0, count: rows.count)
    for index in 0..<length {
      for (row, elements) in rows.enumerated() { values[row] = elements.map { Double($0[index]) } ?? 0 }
      values.sort()
      result[index] = meanAroundMedian(ofSorted: values, leavingOut: count)
    }
  }
}

private func meanAroundMedian(ofSorted values: [Double], leavingOut count: Int) -> Float {
  let kept = values.count - count
  let median = (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  let start = (0..<count).reduce(0) { $0 + (median - values[$1] > values[$1 + kept] - median ? 1 : 0) }
  return Float(values[start..<start + kept].reduce(0, +) / Double(kept))
}
