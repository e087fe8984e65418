import ByzProtocol

/// A fault to inject, as a topology or `--fault` spells it: a name and its parameters, `reversed:scale=10`.
public struct FaultSpecification: Hashable, Sendable {
  public let name: String
  public let parameters: [String: Double]

  public init(name: String, parameters: [String: Double] = [:]) {
    self.name = name
    self.parameters = parameters
  }
}

extension FaultSpecification: CustomStringConvertible {
  public var description: String {
    let shown = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.asParameter)" }
    return shown.isEmpty ? name : "\(name):\(shown.joined(separator: ","))"
  }
}

extension Double {
  /// This value of a parameter as one would write it: a whole number without a decimal point.
  fileprivate var asParameter: String { Int(exactly: self).map { "\($0)" } ?? "\(self)" }
}

/// What can be injected under one name.
public struct FaultDescription: Sendable {
  public struct Parameter: Sendable {
    public let name: String
    /// What it is when left out; nil if it must be given, or follows from other numbers as `explanation` says.
    public let standard: Double?
    public let isRequired: Bool
    public let explanation: String
    /// The values that make sense.
    public let range: ClosedRange<Double>
    public let isWhole: Bool

    /// `standard`, as one would write it.
    public var standardText: String? { standard?.asParameter }
  }

  public let name: String
  public let roles: [Role]
  public let parameters: [Parameter]
  /// What the node does, in a sentence.
  public let summary: String
}

/// Every fault that can be injected.
public enum FaultCatalogue {
  public static let all: [FaultDescription] = [
    FaultDescription(
      name: "reversed", roles: [.server, .worker],
      parameters: [
        .init(
          name: "scale", standard: 100, isRequired: false,
          explanation: "the factor whose negative multiplies the vector", range: 0...1e30, isWhole: false)
      ],
      summary: "sends every vector times -scale: a server its models, a worker its momentums"),
    FaultDescription(
      name: "random", roles: [.server, .worker],
      parameters: [
        .init(
          name: "scale", standard: 1, isRequired: false, explanation: "the standard deviation of every coordinate",
          range: 0...1e30, isWhole: false)
      ],
      summary: "sends independent, nearly normal noise instead of every vector, anew for each step"),
    FaultDescription(
      name: "arbitrary", roles: [.server, .worker],
      parameters: [
        .init(
          name: "share", standard: 0.5, isRequired: false, explanation: "how many of its messages it tampers with",
          range: 0...1, isWhole: false)
      ],
      summary:
        "sends anything, differently to each: messages as they are, with other vectors from tiny to NaN, for other "
        + "steps, twice, unasked for, or not at all"),
    FaultDescription(
      name: "partial", roles: [.server, .worker],
      parameters: [
        .init(
          name: "share", standard: 0.5, isRequired: false, explanation: "how many of the nodes it favours",
          range: 0...1, isWhole: false),
        .init(
          name: "step", standard: 0, isRequired: false,
          explanation: "the step of the first vector that only they get", range: 0...1e9, isWhole: true),
      ],
      summary:
        "speaks, from a step on, to some nodes only, the same for all that play this, and to them like an honest node"),
    FaultDescription(
      name: "crash", roles: [.server, .worker],
      parameters: [
        .init(
          name: "step", standard: nil, isRequired: true,
          explanation: "the step whose first vector is not sent any more", range: 0...1e9, isWhole: true)
      ],
      summary: "ends without a word when it is about to send its first vector of a step"),
    FaultDescription(
      name: "sign-flip", roles: [.worker], parameters: [],
      summary: "sends its momentum times -1"),
    FaultDescription(
      name: "little-is-enough", roles: [.worker],
      parameters: [
        .init(
          name: "z", standard: nil, isRequired: false,
          explanation: "how many standard deviations to move; if left out, the most that n_w and f_w let hide",
          range: -1e6...1e6, isWhole: false),
        .init(
          name: "batches", standard: 5, isRequired: false,
          explanation: "from how many mini-batches of its own it estimates mean and deviation",
          range: 2...1000, isWhole: true),
      ],
      summary: "sends mean - z deviations, coordinate by coordinate, of momentums that it estimates from several "
        + "mini-batches (Baruch, Baruch and Goldberg, NeurIPS 2019)"),
  ]

  /// The description under `name`, if there is one.
  public static func named(_ name: String) -> FaultDescription? { all.first { $0.name == name } }

  /// Why `node` cannot play `fault`: a sentence that lists what exists; nil if it can.
  public static func violation(of fault: FaultSpecification, on node: NodeID) -> String? {
    let possible = all.filter { $0.roles.contains(node.role) }.map(\.name).joined(separator: ", ")
    guard let description = named(fault.name) else {
      return "there is no fault '\(fault.name)'; a \(node.role.rawValue) can play: \(possible)"
    }
    guard description.roles.contains(node.role) else {
      return "a \(node.role.rawValue) cannot play '\(fault.name)'; it can play: \(possible)"
    }
    return description.violation(of: fault.parameters)
  }
}

extension FaultDescription {
  /// `given`, and the standard values of those parameters that it leaves out and that have one.
  func completed(_ given: [String: Double]) -> [String: Double] {
    parameters.reduce(into: given) { values, parameter in
      if let standard = parameter.standard, values[parameter.name] == nil { values[parameter.name] = standard }
    }
  }

  /// Why `given` does not fit this fault's parameters; nil if it does.
  func violation(of given: [String: Double]) -> String? {
    for name in given.keys.sorted() where !parameters.contains(where: { $0.name == name }) {
      let known = parameters.map(\.name).joined(separator: ", ")
      return "'\(self.name)' has no parameter '\(name)'; it has \(known.isEmpty ? "none" : known)"
    }
    for parameter in parameters {
      guard let value = given[parameter.name] else {
        if parameter.isRequired {
          return "'\(name)' needs '\(parameter.name)', \(parameter.explanation), as in '\(name):\(parameter.name)=10'"
        }
        continue
      }
      guard value.isFinite, !parameter.isWhole || Int(exactly: value) != nil else {
        let wanted = parameter.isWhole ? "a whole number" : "a finite number"
        return "'\(parameter.name)' of '\(name)' must be \(wanted), not \(value.asParameter)"
      }
      guard parameter.range.contains(value) else {
        let (low, high) = (parameter.range.lowerBound.asParameter, parameter.range.upperBound.asParameter)
        return "'\(parameter.name)' of '\(name)' must be from \(low) to \(high), not \(value.asParameter)"
      }
    }
    return nil
  }
}
