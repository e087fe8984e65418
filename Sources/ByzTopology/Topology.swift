import ByzAdversary
import ByzAggregation
import ByzGradients
import ByzProtocol

/// A run as its topology describes it: checked, complete, and without a path that depends on where one stands.
///
/// A value of this type can run: every field was read, every default filled in, every inequality of the protocol holds,
/// and every fault fits the node that plays it. Whether files exist is for those to find out who open them.
///
/// ```swift
/// let topology = try Topology(file: "topologies/mnist.yaml", overriding: ["training.steps=200"])
/// for warning in topology.warnings { print(warning) }
/// ```
public struct Topology: Sendable, Equatable {
  /// What the run is called, and the beginning of its folder's name: ASCII letters, digits, `.`, `_` and `-`.
  public let name: String
  /// What all randomness of the run comes from.
  public let seed: UInt64
  /// The model.
  public let architecture: Architecture
  /// Where the examples come from.
  public let data: DataConfiguration
  /// What servers and workers compute.
  public let training: TrainingParameters
  /// How many examples a worker draws for a gradient.
  public let batch: Int
  /// After how many steps a server measures its accuracy.
  public let evaluateEvery: Int
  /// How many nodes there are, how many may be Byzantine, and of how many one waits.
  public let quorums: Quorums
  /// How long nodes wait, and how much they keep.
  public let patience: Patience
  /// Every node of the run, with what is known of where it runs.
  public let nodes: [NodeID: NodePlace]
  /// Who really misbehaves, and how; who is not named is honest.
  public let faults: [NodeID: FaultSpecification]

  let namedRule: NamedRule

  /// How servers aggregate momentums.
  public var rule: any AggregationRule { namedRule.rule }

  /// The name of `rule`.
  public var aggregation: String { rule.name }
}

/// Where the examples of a run come from.
public struct DataConfiguration: Hashable, Sendable {
  /// A data set that can be named in a topology.
  public enum Dataset: String, CaseIterable, Sendable {
    /// Handwritten digits: 28 x 28 pixels, ten classes.
    case mnist
  }

  /// Which data set it is.
  public let dataset: Dataset
  /// The folder of its files, from the root; a node may have its own, `NodePlace.dataPath`.
  public let path: String
}

/// Where a node runs, as far as a topology says.
public struct NodePlace: Hashable, Sendable {
  /// Where the others reach it: `tcp://host:port` or `ipc://path`.
  public let address: String?
  /// Where it listens, if that is not its address.
  public let bind: String?
  /// The folder of its own copy of the data, from the root.
  public let dataPath: String?

  /// A place; one of which nothing is known unless something is given.
  public init(address: String? = nil, bind: String? = nil, dataPath: String? = nil) {
    self.address = address
    self.bind = bind
    self.dataPath = dataPath
  }
}

/// A rule that is equal to another of the same name.
struct NamedRule: Sendable, Equatable {
  let rule: any AggregationRule

  static func == (left: NamedRule, right: NamedRule) -> Bool { left.rule.name == right.rule.name }
}

extension Topology {
  /// The same run with the nodes' addresses filled in, as a launcher does that chose them.
  ///
  /// Give every server one: what is written for a topology in which only some servers have an address cannot be read.
  public func placing(_ addresses: [NodeID: String]) -> Topology {
    let placed = nodes.map { id, place in
      (id, NodePlace(address: addresses[id] ?? place.address, bind: place.bind, dataPath: place.dataPath))
    }
    return Topology(
      name: name, seed: seed, architecture: architecture, data: data, training: training, batch: batch,
      evaluateEvery: evaluateEvery, quorums: quorums, patience: patience,
      nodes: Dictionary(uniqueKeysWithValues: placed), faults: faults, namedRule: namedRule)
  }

  /// What this run leaves unprotected, a sentence each; it is permitted all the same.
  public var warnings: [String] {
    var found = quorums.warnings(under: rule)
    for (role, group) in [(Role.server, quorums.servers), (.worker, quorums.workers)] {
      let faulty = faults.keys.count { $0.role == role }
      guard faulty > group.byzantine else { continue }
      found.append(
        "\(faulty) \(role.rawValue)\(faulty == 1 ? " has a fault" : "s have faults") but \(role.rawValue)s.byzantine is "
          + "\(group.byzantine): this run goes beyond the bounds, and nothing is promised of it")
    }
    return found
  }
}
