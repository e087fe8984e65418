import ByzAdversary
import ByzProtocol

/// The values of the section `faults`: who really misbehaves, and where that is written.
struct FaultValues {
  private(set) var specifications: [NodeID: FaultSpecification] = [:]
  private var fields: [(id: NodeID, field: Field)] = []

  init(_ field: Field) {
    for entry in field.entries(wanted: "a mapping from nodes to faults, such as {worker-0: reversed}") {
      let member = field.member(entry)
      guard let id = NodeID(entry.key) else {
        member.report("'\(entry.key.shown())' is not the name of a node, such as server-0 or worker-0")
        continue
      }
      fields.append((id, member))
      guard let fault = member.fault() else { continue }
      if let violation = FaultCatalogue.violation(of: fault, on: id) { member.report(violation) }
      specifications[id] = fault
    }
  }

  /// Reports the nodes that do not exist.
  func check(_ quorums: Quorums) {
    for (id, field) in fields where !quorums.contains(id) {
      let count = id.role == .server ? quorums.servers.count : quorums.workers.count
      let existing = id.role.range(count)
      field.report("there is no \(id); \(count == 1 ? "the only \(id.role.rawValue) is" : "there are") \(existing)")
    }
  }
}

extension Field {
  /// The fault that is given as `name`, `name:parameter=number,...` or `{name: {parameter: number}}`; nil for none.
  fileprivate func fault() -> FaultSpecification? {
    guard let value else { return nil }
    switch value.content {
    case .scalar(let text, _): return fault(spelled: text)
    case .mapping(let entries) where entries.count == 1: return fault(member(entries[0]), named: entries[0].key)
    default:
      report("must be one fault, such as reversed, reversed:scale=10 or {reversed: {scale: 10}}")
      return nil
    }
  }

  private func fault(_ parameters: Field, named name: String) -> FaultSpecification {
    var values: [String: Double] = [:]
    for entry in parameters.entries(wanted: "a mapping from parameters to numbers, such as {scale: 10}") {
      values[entry.key.shown()] = parameters.member(entry).number(in: .finite, standard: 0)
    }
    return FaultSpecification(name: name.shown(), parameters: values)
  }

  private func fault(spelled text: String) -> FaultSpecification? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return FaultSpecification(name: text.shown()) }
    var values: [String: Double] = [:]
    for assignment in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let sides = assignment.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let number = Field.decimal(String(sides[1])),
        values.updateValue(number, forKey: String(sides[0]).shown()) == nil
      else {
        report("'\(String(assignment).shown())' is not PARAMETER=NUMBER, as in reversed:scale=10")
        return nil
      }
    }
    return FaultSpecification(name: String(parts[0]).shown(), parameters: values)
  }
}
