import ByzProtocol
import ByzTopology
import Foundation

/// A machine that runs nodes, and which.
package struct RemoteHost: Codable, Equatable {
  /// The name by which ssh or Slurm knows it.
  package let name: String
  /// What its files are called: fit to name a file, and like no other host's.
  package let label: String
  /// Its nodes, as text.
  private let nodeNames: [String]

  package var nodes: [NodeID] { nodeNames.compactMap { NodeID($0) } }

  /// Whether `text` is fit to name a file, in its folder and no other.
  static func isFileName(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text != "." && text != ".." && text.allSatisfy(isPlain)
  }

  private static func isPlain(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
  }

  init(name: String, label: String, nodes: [NodeID]) {
    self.name = name
    self.label = label
    nodeNames = nodes.map(\.description)
  }

  /// The hosts of a run.
  ///
  /// - Parameter names: where each node runs.
  package static func hosts(of names: [NodeID: String]) -> [RemoteHost] {
    let groups = Dictionary(grouping: names.keys, by: { names[$0] ?? "" })
    var labels: Set<String> = []
    return groups.mapValues { $0.sorted() }.sorted { ($0.value[0], $0.key) < ($1.value[0], $1.key) }.map {
      name, nodes in
      let plain = String(name.map { isPlain($0) ? $0 : "_" })
      let label = plain.hasPrefix(".") ? "_\(plain)" : plain
      let numbered = [label] + (2...(names.count + 2)).map { "\(label)-\($0)" }
      let unique = numbered.first { labels.insert($0).inserted } ?? label
      return RemoteHost(name: name, label: unique, nodes: nodes)
    }
  }
}

extension Topology {
  /// What keeps a topology from being run on hosts, and what to do.
  package struct Unplaced: Error, CustomStringConvertible {
    package let description: String
  }

  /// The hosts of the nodes.
  package func hosts() throws(Unplaced) -> [RemoteHost] {
    var names: [NodeID: String] = [:]
    for node in quorums.nodeIDs { names[node] = nodes[node]?.machine }
    let homeless = quorums.nodeIDs.filter { names[$0] == nil }
    guard homeless.isEmpty else {
      throw Unplaced(
        description:
          "no host is given for \(homeless.map(\.description).joined(separator: ", ")): list the nodes under "
          + "servers.nodes and workers.nodes, and give each a host (a server with a tcp address runs on the host in it)"
      )
    }
    let hosts = RemoteHost.hosts(of: names)
    let local = quorums.serverIDs.filter { nodes[$0]?.address?.hasPrefix("tcp://") != true }
    guard hosts.count == 1 || local.isEmpty else {
      throw Unplaced(
        description:
          "\(local.map(\.description).joined(separator: ", ")) cannot be reached from other hosts: give each an "
          + "address, as tcp://HOST:PORT")
    }
    return hosts
  }
}
