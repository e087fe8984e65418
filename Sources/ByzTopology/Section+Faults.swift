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
  /// One fault, or several in a list or joined by plus signs between spaces; nil for nothing, and after a report.
  fileprivate func fault() -> FaultSpecification? {
    guard let value else { return nil }
    let fields: [Field]
    switch value.content {
    case .sequence:
      fields = items() ?? []
      if fields.isEmpty { report("must be one fault or a list of them, such as [reversed, slow:ms=5]") }
    case .scalar(let text, let isPlain):
      fields = text.split(separator: " + ", omittingEmptySubsequences: false).map { part in
        let tree = Tree(content: .scalar(String(part), isPlain: isPlain), origin: origin)
        return Field(path: path, origin: origin, value: tree, problems: problems)
      }
    case .mapping:
      fields = [self]
    }
    let parts = fields.map { field in
      if field.value == nil { field.reportMissing("a fault such as reversed") }
      return field.specification(called: "fault", example: "reversed", "scale")
    }
    let known = parts.compactMap(\.self)
    return known.isEmpty || known.count < parts.count ? nil : FaultSpecification(known)
  }
}
