/// Why n = `count` breaks n >= `factor` f + `more`, a sentence about what is called `name`; nil if it does not.
func conditionViolation(of name: String, inputs count: Int, tolerating f: Int, factor: Int, more: Int) -> String? {
  if f < 0 { return "\(name) needs f >= 0, which f = \(f) breaks." }
  if count < more { return "\(name) needs n >= \(more), which n = \(count) breaks." }
  // The inequality without the product, which overflows for an absurd f.
  if f <= (count - more) / factor { return nil }
  return "\(name) needs n >= \(factor)f + \(more), which n = \(count) and f = \(f) break."
}

extension PreAggregation {
  /// The violation of a pre-aggregation that needs honest inputs to be the majority.
  func majorityViolation(inputs count: Int, tolerating f: Int) -> String? {
    conditionViolation(of: specification.name, inputs: count, tolerating: f, factor: 2, more: 1)
  }

  /// The violation of a pre-aggregation that needs an input and no more.
  func emptinessViolation(inputs count: Int) -> String? {
    count >= 1 ? nil : "\(specification.name) needs n >= 1, which n = \(count) breaks."
  }
}
