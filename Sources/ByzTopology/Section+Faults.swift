import ByzAdversary
import ByzNumerics
import ByzProtocol

/// The values of the section `faults`: who really misbehaves, and where that is written.
struct FaultValues {
  /// What stands for no fault at all, so that an override or a value of a grid can say it.
  static let honest = "none"

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
  /// One fault, or several in a list or joined by plus signs between spaces; nil for nothing, for an honest node, and after
  /// a report.
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
    guard !known.isEmpty, known.count == parts.count, !isHonest(known) else { return nil }
    return FaultSpecification(known)
  }

  /// Whether `parts` say that the node is honest, and not a fault; reports what cannot go with that.
  private func isHonest(_ parts: [Specification]) -> Bool {
    guard let honest = parts.first(where: { $0.name == FaultValues.honest }) else { return false }
    if parts.count > 1 || !honest.parameters.isEmpty {
      report("'\(FaultValues.honest)' means that the node is honest; it stands alone and has no parameters")
    }
    return true
  }
}
