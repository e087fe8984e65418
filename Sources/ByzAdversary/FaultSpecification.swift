import ByzNumerics

/// What a node plays, as a topology or `--fault` spells it: one fault, `reversed:scale=10`, or several at once, joined by
/// plus signs, the first of which changes a message first: `reversed:until=100 + sign-flip:from=100`.
public struct FaultSpecification: Hashable, Sendable {
  public let parts: [Specification]

  /// Several faults at once, at least one.
  public init(_ parts: [Specification]) {
    precondition(!parts.isEmpty, "a fault has at least one part")
    self.parts = parts
  }

  /// One fault.
  public init(name: String, parameters: [String: Double] = [:]) {
    self.init([Specification(name: name, parameters: parameters)])
  }

  /// Whether a part of it is called `name`.
  public func contains(_ name: String) -> Bool { parts.contains { $0.name == name } }
}

extension FaultSpecification: CustomStringConvertible {
  public var description: String { parts.map(\.description).joined(separator: " + ") }
}
