import ByzNumerics

/// An aggregation rule and what goes before it, as a topology spells them.
public struct AggregationSpecification: Hashable, Sendable {
  public let rule: Specification
  /// What is done to the inputs first, in this order.
  public let before: [Specification]

  public init(rule: Specification, before: [Specification] = []) {
    self.rule = rule
    self.before = before
  }

  /// The specification of a rule by its name and parameters alone.
  init(_ name: String, _ parameters: [String: Double] = [:]) {
    self.init(rule: Specification(name: name, parameters: parameters))
  }
}

extension AggregationSpecification: CustomStringConvertible {
  /// Such as `mda`, or `trimmed-mean after nnm, clip:norm=2`.
  public var description: String {
    before.isEmpty ? rule.description : "\(rule) after \(before.map(\.description).joined(separator: ", "))"
  }
}
