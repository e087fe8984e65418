import ByzKeys
import ByzProtocol

private enum PopulationKey: String, CaseIterable {
  case count, byzantine, nodes
}

enum NodeKey: String, CaseIterable {
  case id, host, address, bind
  case publicKey = "public_key"
  case data, bus
}

/// The values of the section `servers` or `workers`.
struct PopulationValues {
  static let counts = 1...1000

  let count: Int
  let byzantine: Int
  let places: [NodeID: NodePlace]
  /// The addresses in the order of the file, for complaints about shared ones.
  let addresses: [(address: String, id: NodeID, field: Field)]
  /// The entries of a list of nodes, in the order of the file.
  let listing: [(id: NodeID, place: NodePlace, section: Section<NodeKey>)]
  /// The fields that give nodes a folder of data of their own.
  let dataFields: [Field]
  /// The field that gives the number of nodes, for complaints: `count` or `nodes`.
  let countField: Field
  let byzantineField: Field

  /// - Parameter folder: what paths in the topology are relative to.
  init(_ field: Field, role: Role, folder: String) {
    let section = Section<PopulationKey>(field)
    byzantineField = section[.byzantine]
    byzantine = byzantineField.whole(in: 0...PopulationValues.counts.upperBound, standard: 0)
    let (counted, listed) = (section[.count], section[.nodes])
    countField = listed.value == nil ? counted : listed
    switch (counted.value, listed.value) {
    case (nil, nil):
      counted.reportMissing("the number of \(role.rawValue)s, or list them under nodes")
      (count, places, listing, addresses, dataFields) = (1, [:], [], [], [])
    case (_, nil):
      count = counted.whole(in: PopulationValues.counts, standard: 1)
      places = Dictionary(uniqueKeysWithValues: (0..<count).map { (NodeID(role, $0), NodePlace()) })
      (listing, addresses, dataFields) = ([], [], [])
    case (nil, _):
      listing = listed.nodeListing(role: role, folder: folder)
      places = Dictionary(listing.map { ($0.id, $0.place) }) { first, _ in first }
      count = places.count
      addresses = listing.flatMap { entry in
        [
          entry.place.address.map { ($0, entry.id, entry.section[.address]) },
          entry.place.bus.map { ($0, entry.id, entry.section[.bus]) },
        ].compactMap(\.self)
      }
      dataFields = listing.map { $0.section[.data] }.filter { $0.value != nil }
    default:
      // The later of the two is more likely the mistake, and an override comes last.
      (counted.origin.isOption ? counted : listed).report("give either count or nodes, not both")
      (count, places, listing, addresses, dataFields) = (1, [:], [], [], [])
    }
  }

  /// Reports every address that an earlier node of the run has, too.
  static func checkAddresses(_ populations: PopulationValues...) {
    var owners: [String: NodeID] = [:]
    for (address, id, field) in populations.flatMap(\.addresses) {
      if let owner = owners[address] { field.report("'\(address.shown())' is already the address of \(owner)") }
      owners[address] = owners[address] ?? id
    }
  }

  /// What to cite when the numbers do not go together: what the command line changed, else the number of nodes.
  var culprit: Field { byzantineField.origin.isOption && byzantineField.value != nil ? byzantineField : countField }
}

extension Field {
  /// The nodes of a list that gives each node of `role` once.
  fileprivate func nodeListing(
    role: Role, folder: String
  ) -> [(id: NodeID, place: NodePlace, section: Section<NodeKey>)] {
    guard let items = items() else { return [] }
    guard PopulationValues.counts.contains(items.count) else {
      report("must list 1 to \(PopulationValues.counts.upperBound) nodes, not \(items.count)")
      return []
    }
    var seen: Set<NodeID> = []
    return items.compactMap { item in
      let section = Section<NodeKey>(item)
      let place = NodePlace(section, role: role, folder: folder)
      guard let id = section[.id].nodeID(of: role, among: items.count) else { return nil }
      if !seen.insert(id).inserted { section[.id].report("'\(id)' is listed twice") }
      return (id, place, section)
    }
  }

  private func nodeID(of role: Role, among count: Int) -> NodeID? {
    guard value != nil else {
      reportMissing("the node's name, such as \(NodeID(role, 0))")
      return nil
    }
    guard let name = text() else { return nil }
    if let id = NodeID(name), id.role == role, id.index < count { return id }
    report("'\(name.shown())' is not \(role.range(count)), which a list of \(count) must name")
    return nil
  }

  fileprivate func endpoint(folder: String, binding: Bool) -> String? {
    guard let text = text() else { return nil }
    switch Endpoint.parse(text, folder: folder, binding: binding) {
    case .success(let endpoint): return endpoint
    case .failure(let reason):
      report("\(reason.message), not '\(text.shown())'")
      return nil
    }
  }

  /// The name of a machine, if one is given; a user's name may stand before it, as in `ada@host`.
  fileprivate func host() -> String? {
    guard let name = text() else { return nil }
    let isGood = (1...253).contains(name.utf8.count) && !name.hasPrefix("-") && name.utf8.allSatisfy(Endpoint.isOfHost)
    if !isGood { report("must be the name of a machine, or USER@NAME, not '\(name.shown())'") }
    return name
  }

  fileprivate func publicKey() -> PublicKey? {
    guard let text = text() else { return nil }
    if let key = PublicKey(text) { return key }
    report("must be the 40 characters that byzsgd keys prints, in double quotes, not '\(text.shown())'")
    return nil
  }

  /// A path from the root, if one is given.
  func optionalPath(in folder: String) -> String? {
    guard let path = text() else { return nil }
    guard !path.isEmpty, !path.unicodeScalars.contains("\0") else {
      report("must be a path, not '\(path.shown())'")
      return nil
    }
    return TopologyFile.absolute(path, in: folder)
  }
}

extension NodePlace {
  fileprivate init(_ section: Section<NodeKey>, role: Role, folder: String) {
    // Workers only dial out; nobody needs to find them.
    if role == .server, section[.address].value == nil {
      section[.address].reportMissing("where the others reach this server, as tcp://HOST:PORT")
    }
    if role == .worker, section[.bus].value != nil {
      section[.bus].report("only a server tells others what it gets; leave it out")
    }
    self.init(
      host: section[.host].host(), address: section[.address].endpoint(folder: folder, binding: false),
      bind: section[.bind].endpoint(folder: folder, binding: true), publicKey: section[.publicKey].publicKey(),
      dataPath: section[.data].optionalPath(in: folder),
      bus: section[.bus].endpoint(folder: folder, binding: false))
  }
}

extension Role {
  /// `worker-0 to worker-6`, for messages.
  func range(_ count: Int) -> String {
    count == 1 ? "\(NodeID(self, 0))" : "\(NodeID(self, 0)) to \(NodeID(self, count - 1))"
  }
}
