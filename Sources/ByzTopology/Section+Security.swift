import ByzKeys
import ByzProtocol

/// The value of `security`, which has to go together with the nodes' addresses and keys.
struct SecurityValues {
  private let field: Field
  /// What was asked for; nil if that was left to the nodes' keys.
  private let wanted: Security?

  init(_ field: Field) {
    self.field = field
    wanted =
      field.value == nil ? nil : field.choice(of: Security.allCases.map { ($0.rawValue, $0) }, standard: nil)
  }

  /// What protects the links: keys if there are any, unless it is said that nothing does. Reports keys that are missing.
  func check(_ populations: PopulationValues...) -> Security {
    if wanted == Security.none { return .none }
    let listings = populations.flatMap(\.listing)
    let hasKeys = listings.contains { $0.place.publicKey != nil }
    if hasKeys || wanted == .curve {
      reportMissingKeys(populations)
      reportSharedKeys(listings.map { ($0.id, $0.place.publicKey, $0.section[.publicKey]) })
      return .curve
    }
    for entry in listings where entry.id.role == .server {
      let reachable = [(entry.place.address, NodeKey.address), (entry.place.bind, .bind)]
      for case (let address?, let key) in reachable where !Endpoint.isLocal(address) {
        entry.section[key].report(
          "'\(address.shown())' can be reached from other machines, and \(entry.id) would believe whoever reaches it: "
            + "make keys with byzsgd keys, or say security: none")
        return .none
      }
    }
    return .none
  }

  private func reportMissingKeys(_ populations: [PopulationValues]) {
    let keyless = populations.flatMap(\.places).filter { $0.value.publicKey == nil }.map(\.key).sorted()
    guard let first = keyless.first else { return }
    let names = keyless.count == 1 ? "\(first) has" : "\(first) and \(keyless.count - 1) more nodes have"
    field.report(
      "\(names) no public_key; with keys each node, listed under nodes, needs one: make them with byzsgd keys, or say "
        + "security: none")
  }

  private func reportSharedKeys(_ keys: [(id: NodeID, key: PublicKey?, field: Field)]) {
    var owners: [PublicKey: NodeID] = [:]
    for case (let id, let key?, let field) in keys {
      if let owner = owners.updateValue(id, forKey: key) { field.report("this is already the key of \(owner)") }
    }
  }
}
