import ByzNumerics
import ByzProtocol

/// What can be injected under one name.
public struct FaultDescription: Sendable {
  public let name: String
  public let roles: [Role]
  public let parameters: [Parameter]
  /// What the node does, in a sentence without its full stop.
  public let summary: String
  /// What is sent, y, where the node would send x, if that is a formula.
  public let formula: String?
  /// Where the fault was first described, or put to use.
  public let source: String?
  /// Whether those who play it are accomplices; those who stay honest in what they say are not.
  public let colludes: Bool
  /// Whether a worker that plays it uses what accomplices know of honest momentums.
  public let listens: Bool
  /// Why parameters, each of which is good, do not go together for a node of this role: a sentence.
  fileprivate let conflict: Conflict
  fileprivate let make: @Sendable (FaultSetting) -> any Fault

  typealias Conflict = @Sendable (_ role: Role, _ values: [String: Double]) -> String?

  /// A fault that can be played for a part of the steps, unless `isTimed`: then its own parameters say when.
  init(
    _ name: String, of roles: [Role] = Role.allCases, _ parameters: [Parameter] = [], isTimed: Bool = false,
    colludes: Bool = true, listens: Bool = false, summary: String, formula: String? = nil, source: String? = nil,
    conflict: @escaping Conflict = { _, _ in nil }, make: @escaping @Sendable (FaultSetting) -> any Fault
  ) {
    self.name = name
    self.roles = roles
    self.parameters = parameters + (isTimed ? [] : Self.schedule)
    self.summary = summary
    self.formula = formula
    self.source = source
    self.colludes = colludes
    self.listens = listens
    self.conflict = conflict
    if isTimed { self.make = make } else { self.make = { setting in Scheduled(make(setting), in: setting.steps) } }
  }

  /// Why there is no step in which a fault with these parameters is played: a sentence.
  fileprivate func emptySchedule(_ values: [String: Double]) -> String? {
    for (first, last) in [("from", "until"), ("step", "end")] {
      guard parameters.contains(where: { $0.name == last }), let end = values[last] else { continue }
      let begin = values[first] ?? 0
      if end <= begin { return "'\(last)' of '\(name)' must be above '\(first)', which is \(Int(begin))" }
    }
    return nil
  }

  private static let schedule = [
    Parameter(name: "from", standard: 0, explanation: "the first step of it", range: 0...1e9, isWhole: true),
    Parameter(
      name: "until", standard: nil, explanation: "the first step without it, or never", range: 0...1e9, isWhole: true),
  ]
}

/// What a fault is made from.
struct FaultSetting {
  let node: NodeID
  let configuration: ProtocolConfiguration
  let seed: UInt64
  let cast: Cast
  /// The parameters that were given, and the standards of those that were not.
  fileprivate let values: [String: Double]

  func number(_ name: String) -> Double {
    guard let value = values[name] else { preconditionFailure("no fault was checked that has no '\(name)'") }
    return value
  }

  func float(_ name: String) -> Float { Float(number(name)) }

  func whole(_ name: String) -> Int { Int(number(name)) }

  /// A parameter that has no standard.
  func optional(_ name: String) -> Double? { values[name] }

  fileprivate var steps: Range<Int> {
    let first = whole("from")
    return first..<max(first, optional("until").map { Int($0) } ?? .max)
  }
}

/// Every fault that can be injected.
public enum FaultCatalogue {
  /// Faults of vectors first, then those of nodes that stay honest in what they say.
  public static let all: [FaultDescription] = vectors + replays + faces + pulls + informed + silences + links + ends

  /// The description under `name`, if there is one.
  public static func named(_ name: String) -> FaultDescription? { all.first { $0.name == name } }

  /// Why `node` cannot play `fault`: a sentence that lists what exists; nil if it can.
  public static func violation(of fault: FaultSpecification, on node: NodeID) -> String? {
    let possible = all.filter { $0.roles.contains(node.role) }.map(\.name).joined(separator: ", ")
    for part in fault.parts {
      guard let description = named(part.name) else {
        let isJoined = part.name.isEmpty || part.name.contains("+") || part.name.contains(",")
        return "there is no fault '\(part.name)'"
          + (isJoined ? " (several are joined by ' + ', with a space on each side)" : "")
          + "; a \(node.role.rawValue) can play: \(possible)"
      }
      guard description.roles.contains(node.role) else {
        return "a \(node.role.rawValue) cannot play '\(part.name)'; it can play: \(possible)"
      }
      if let violation = description.parameters.violation(of: part.parameters, for: part.name)
        ?? description.emptySchedule(part.parameters) ?? description.conflict(node.role, part.parameters)
      {
        return violation
      }
    }
    return nil
  }

  /// `machine`, which has not begun, playing `specification`. What the fault draws follows from the run's `seed`; what it knows
  /// of other faulty nodes is in the `cast`.
  ///
  /// - Precondition: `violation(of:on:)` has nothing to say about the fault.
  public static func machine(
    _ machine: some Machine, playing specification: FaultSpecification, in configuration: ProtocolConfiguration,
    seed: UInt64, cast: Cast = Cast()
  ) -> any Machine {
    var faults = specification.parts.map { part -> any Fault in
      guard let description = named(part.name) else {
        preconditionFailure("the fault '\(part)' was not checked against the catalogue")
      }
      return description.make(
        FaultSetting(
          node: machine.id, configuration: configuration, seed: seed, cast: cast,
          values: description.parameters.completed(part.parameters)))
    }
    // Next to the machine, so that it hears what that hears.
    if case .bus = cast.channel, cast.tellers.contains(machine.id) { faults.insert(Telling(cast: cast), at: 0) }
    return ByzantineMachine(machine, playing: faults)
  }
}
