import ByzAdversary
import ByzAggregation
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
  /// What is trained, and on what.
  public let model: Model
  /// What servers and workers compute.
  public let training: TrainingParameters
  /// How many examples a worker draws for a gradient.
  public let batch: Int
  /// After how many steps a server evaluates its model.
  public let evaluateEvery: Int
  /// How many nodes there are, how many may be Byzantine, and of how many one waits.
  public let quorums: Quorums
  /// How long nodes wait, and how much they keep.
  public let patience: Patience
  /// Every node of the run, with what is known of where it runs.
  public let nodes: [NodeID: NodePlace]
  /// Who really misbehaves, and how; who is not named is honest.
  public let faults: [NodeID: FaultSpecification]
  /// How network and nodes behave when the run is simulated; real ones do as they do.
  public let schedule: Schedule

  let namedRule: NamedRule

  /// How servers aggregate momentums.
  public var rule: any AggregationRule { namedRule.rule }

  /// `rule` as a topology spells it.
  public var aggregation: AggregationSpecification { rule.specification }

  /// A topology from its parts, for a program that makes its runs itself.
  ///
  /// Nothing is checked here. The caller guarantees what reading a file would have found out: that `quorums` violate
  /// nothing under `rule`, which `AggregationRules` offers; that `faults` name nodes of the run, and faults that
  /// these can play; that `name` is fit to name a folder; and that every number lies within the bounds of its field.
  ///
  /// Of nodes that `nodes` leaves out, nothing is known of where they run.
  public init(
    name: String, seed: UInt64, model: Model, training: TrainingParameters, batch: Int, evaluateEvery: Int,
    quorums: Quorums, patience: Patience = Patience(), nodes: [NodeID: NodePlace] = [:],
    faults: [NodeID: FaultSpecification] = [:], schedule: Schedule = Schedule(), rule: any AggregationRule
  ) {
    self.name = name
    self.seed = seed
    self.model = model
    self.training = training
    self.batch = batch
    self.evaluateEvery = evaluateEvery
    self.quorums = quorums
    self.patience = patience
    self.nodes = Dictionary(
      uniqueKeysWithValues: (quorums.serverIDs + quorums.workerIDs).map { ($0, nodes[$0] ?? NodePlace()) })
    self.faults = faults
    self.schedule = schedule
    self.namedRule = NamedRule(rule: rule)
  }
}

/// Where a node runs, as far as a topology says.
public struct NodePlace: Hashable, Sendable {
  /// Where the others reach it: `tcp://host:port` or `ipc://path`.
  public let address: String?
  /// Where it listens, if that is not its address.
  public let bind: String?
  /// The folder of its own copy of the data, from the root.
  public let dataPath: String?
  /// Where a Byzantine server's accomplices hear from it; honest nodes have no use for it.
  public let bus: String?

  /// A place; one of which nothing is known unless something is given.
  public init(address: String? = nil, bind: String? = nil, dataPath: String? = nil, bus: String? = nil) {
    self.address = address
    self.bind = bind
    self.dataPath = dataPath
    self.bus = bus
  }
}

/// A rule that is equal to another of the same specification.
struct NamedRule: Sendable, Equatable {
  let rule: any AggregationRule

  static func == (left: NamedRule, right: NamedRule) -> Bool {
    left.rule.specification == right.rule.specification
  }
}

extension Topology {
  /// The same run with the nodes' addresses filled in, as a launcher does that chose them.
  ///
  /// Give every server one: what is written for a topology in which only some servers have an address cannot be read.
  public func placing(_ addresses: [NodeID: String]) -> Topology {
    let placed = nodes.map { id, place in
      (
        id,
        NodePlace(
          address: addresses[id] ?? place.address, bind: place.bind, dataPath: place.dataPath, bus: place.bus)
      )
    }
    return Topology(
      name: name, seed: seed, model: model, training: training, batch: batch, evaluateEvery: evaluateEvery,
      quorums: quorums, patience: patience, nodes: Dictionary(uniqueKeysWithValues: placed), faults: faults,
      schedule: schedule,
      rule: rule)
  }

  /// What the machines of this run have to know.
  public var protocolConfiguration: ProtocolConfiguration {
    ProtocolConfiguration(
      quorums: quorums, training: training, patience: patience, rule: rule, dimension: model.dimension,
      seed: seed)
  }

  /// What this run leaves unprotected, a sentence each; it is permitted all the same.
  public var warnings: [String] {
    quorums.warnings(under: rule)
      + excesses.map { role, faulty, bound in
        "\(faulty) \(role.rawValue)\(faulty == 1 ? " has a fault" : "s have faults") but \(role.rawValue)s.byzantine is "
          + "\(bound): this run goes beyond the bounds, and nothing is promised of it"
      }
  }

  /// Whether more nodes are faulty than are declared.
  public var isBeyondBounds: Bool { !excesses.isEmpty }

  /// The roles that have more faulty nodes than are declared, with both numbers.
  private var excesses: [(role: Role, faulty: Int, bound: Int)] {
    [(Role.server, quorums.servers), (.worker, quorums.workers)].compactMap { role, group in
      let faulty = faults.keys.count { $0.role == role }
      return faulty > group.byzantine ? (role, faulty, group.byzantine) : nil
    }
  }
}
