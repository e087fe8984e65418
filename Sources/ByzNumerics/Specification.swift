/// Something that a topology names, with numbers that it takes: a fault, an aggregation rule, as in `reversed:scale=10`.
public struct Specification: Hashable, Sendable {
  public let name: String
  /// The parameters that are given, by name.
  public let parameters: [String: Double]

  public init(name: String, parameters: [String: Double] = [:]) {
    self.name = name
    self.parameters = parameters
  }
}

extension Specification: CustomStringConvertible {
  public var description: String {
    let shown = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.asParameter)" }
    return shown.isEmpty ? name : "\(name):\(shown.joined(separator: ","))"
  }
}

/// A number that something named takes.
public struct Parameter: Sendable {
  public let name: String
  /// What it is when left out; nil if it must be given, or follows from other numbers as `explanation` says.
  public let standard: Double?
  public let isRequired: Bool
  public let explanation: String
  /// The values that make sense.
  public let range: ClosedRange<Double>
  public let isWhole: Bool

  /// A parameter that may be left out, unless `isRequired`.
  public init(
    name: String, standard: Double?, isRequired: Bool = false, explanation: String, range: ClosedRange<Double>,
    isWhole: Bool = false
  ) {
    self.name = name
    self.standard = standard
    self.isRequired = isRequired
    self.explanation = explanation
    self.range = range
    self.isWhole = isWhole
  }

  /// `standard`, as one would write it.
  public var standardText: String? { standard?.asParameter }
}

extension [Parameter] {
  /// `given`, and the standard values of those parameters that it leaves out and that have one.
  public func completed(_ given: [String: Double]) -> [String: Double] {
    reduce(into: given) { values, parameter in
      if let standard = parameter.standard, values[parameter.name] == nil { values[parameter.name] = standard }
    }
  }

  /// Why `given` does not fit these parameters of what is called `owner`, a sentence; nil if it does.
  public func violation(of given: [String: Double], for owner: String) -> String? {
    for name in given.keys.sorted() where !contains(where: { $0.name == name }) {
      let known = map(\.name).joined(separator: ", ")
      return "'\(owner)' has no parameter '\(name)'; it has \(known.isEmpty ? "none" : known)"
    }
    for parameter in self {
      guard let value = given[parameter.name] else {
        if parameter.isRequired {
          return "'\(owner)' needs '\(parameter.name)', \(parameter.explanation), as in '\(owner):\(parameter.name)=10'"
        }
        continue
      }
      if let violation = parameter.violation(of: value, for: owner) { return violation }
    }
    return nil
  }
}

extension Parameter {
  fileprivate func violation(of value: Double, for owner: String) -> String? {
    guard value.isFinite, !isWhole || Int(exactly: value) != nil else {
      let wanted = isWhole ? "a whole number" : "a finite number"
      return "'\(name)' of '\(owner)' must be \(wanted), not \(value.asParameter)"
    }
    guard range.contains(value) else {
      let (low, high) = (range.lowerBound.asParameter, range.upperBound.asParameter)
      return "'\(name)' of '\(owner)' must be from \(low) to \(high), not \(value.asParameter)"
    }
    return nil
  }
}

extension Double {
  /// This value of a parameter as one would write it: a whole number without a decimal point.
  fileprivate var asParameter: String { Int(exactly: self).map { "\($0)" } ?? "\(self)" }
}
