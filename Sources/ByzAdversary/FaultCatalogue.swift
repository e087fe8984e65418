import ByzNumerics
import ByzProtocol

/// A fault to inject, as a topology or `--fault` spells it: `reversed:scale=10`.
public typealias FaultSpecification = Specification

/// What can be injected under one name.
public struct FaultDescription: Sendable {
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
          name: "scale", standard: 100,
          explanation: "the factor whose negative multiplies the vector", range: 0...1e30)
      ],
      summary: "sends every vector times -scale: a server its models, a worker its momentums"),
    FaultDescription(
      name: "random", roles: [.server, .worker],
      parameters: [
        .init(
          name: "scale", standard: 1, explanation: "the standard deviation of every coordinate",
          range: 0...1e30)
      ],
      summary: "sends independent, nearly normal noise instead of every vector, anew for each step"),
    FaultDescription(
      name: "arbitrary", roles: [.server, .worker],
      parameters: [
        .init(
          name: "share", standard: 0.5, explanation: "how many of its messages it tampers with",
          range: 0...1)
      ],
      summary:
        "sends anything, differently to each: messages as they are, with other vectors from tiny to NaN, for other "
        + "steps, twice, unasked for, or not at all"),
    FaultDescription(
      name: "partial", roles: [.server, .worker],
      parameters: [
        .init(
          name: "share", standard: 0.5, explanation: "how many of the nodes it favours",
          range: 0...1),
        .init(
          name: "step", standard: 0,
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
          name: "z", standard: nil,
          explanation: "how many standard deviations to move; if left out, the most that n_w and f_w let hide",
          range: -1e6...1e6),
        .init(
          name: "batches", standard: 5,
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
    return description.parameters.violation(of: fault.parameters, for: fault.name)
  }
}
