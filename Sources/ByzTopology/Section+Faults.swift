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
      guard let fault = member.specification(called: "fault", example: "reversed", "scale") else { continue }
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
