import ByzProtocol
import ByzTopology

/// Nodes of a role that are more than the topology declares as possibly Byzantine, so that one of them at least is honest.
struct Excess {
  let role: Role
  /// How many may be Byzantine.
  let bound: Int
  /// More than that, in order.
  let nodes: [NodeID]

  /// Says that these nodes were lost, and why that is too many.
  var lossSentence: String {
    "lost \(nodes.map(\.description).joined(separator: ", ")): more \(role.rawValue)s than the \(bound) that the topology "
      + "declares as possibly Byzantine"
  }
}

extension Topology {
  /// The roles of which `nodes` has more than may be Byzantine: what so many say or have come to, an honest one has, too.
  func excess(of nodes: some Collection<NodeID>) -> [Excess] {
    [(Role.server, quorums.servers), (.worker, quorums.workers)].compactMap { role, group in
      let nodes = nodes.filter { $0.role == role }.sorted()
      return nodes.count > group.byzantine ? Excess(role: role, bound: group.byzantine, nodes: nodes) : nil
    }
  }
}
