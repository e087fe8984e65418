import ByzAdversary
import ByzAggregation
import ByzKeys
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
  /// What protects the links between nodes.
  public let security: Security
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
  /// these can play; that `name` is fit to name a folder; that with `.curve` every node has a public key of its own; and
  /// that every number lies within the bounds of its field.
  ///
  /// Of nodes that `nodes` leaves out, nothing is known of where they run.
  public init(
    name: String, seed: UInt64, model: Model, training: TrainingParameters, batch: Int, evaluateEvery: Int,
    quorums: Quorums, patience: Patience = Patience(), security: Security = .none, nodes: [NodeID: NodePlace] = [:],
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
    self.security = security
    self.nodes = Dictionary(
      uniqueKeysWithValues: quorums.nodeIDs.map { ($0, nodes[$0] ?? NodePlace()) })
    self.faults = faults
    self.schedule = schedule
    self.namedRule = NamedRule(rule: rule)
  }
}

/// What protects the links between nodes.
public enum Security: String, Sendable, CaseIterable {
  /// Every node has a key pair; links are encrypted, and both ends prove who they are (CurveZMQ, ZeroMQ RFC 26).
  case curve
  /// Nothing: who can reach a server can speak in any node's name.
  case none
}

/// Where a node runs, as far as a topology says, and what it is known by.
public struct NodePlace: Hashable, Sendable {
  /// The machine that it runs on, by the name that ssh knows it by.
  public var host: String?
  /// Where the others reach it: `tcp://host:port` or `ipc://path`.
  public var address: String?
  /// Where it listens, if that is not its address.
  public var bind: String?
  /// What it proves to be the owner of, where links are protected.
  public var publicKey: PublicKey?
  /// The folder of its own copy of the data, from the root.
  public var dataPath: String?
  /// Where a Byzantine server's accomplices hear from it; honest nodes have no use for it.
  public var bus: String?

  /// A place; one of which nothing is known unless something is given.
  public init(
    host: String? = nil, address: String? = nil, bind: String? = nil, publicKey: PublicKey? = nil,
    dataPath: String? = nil, bus: String? = nil
  ) {
    self.host = host
    self.address = address
    self.bind = bind
    self.publicKey = publicKey
    self.dataPath = dataPath
    self.bus = bus
  }

  /// The machine that it runs on: the one that it names, or of a server that names none, the one in its address.
  package var machine: String? { host ?? address.flatMap { Endpoint.host(in: $0).map(String.init) } }
}

/// A rule that is equal to another of the same specification.
struct NamedRule: Sendable, Equatable {
  let rule: any AggregationRule

  static func == (left: NamedRule, right: NamedRule) -> Bool {
    left.rule.specification == right.rule.specification
  }
}

extension Topology {
  /// The same run with its nodes at other places, as a launcher does that chose them.
  ///
  /// Give every server an address, and with `.curve` every node a key: what is written for a topology in which only some
  /// have one cannot be read.
  public func placing(_ places: [NodeID: NodePlace], security: Security) -> Topology {
    Topology(
      name: name, seed: seed, model: model, training: training, batch: batch, evaluateEvery: evaluateEvery,
      quorums: quorums, patience: patience, security: security, nodes: nodes.merging(places) { $1 }, faults: faults,
      schedule: schedule, rule: rule)
  }

  /// The same run with the nodes' addresses filled in.
  public func placing(_ addresses: [NodeID: String]) -> Topology {
    let placed = addresses.map { id, address in
      var place = nodes[id] ?? NodePlace()
      place.address = address
      return (id, place)
    }
    return placing(Dictionary(uniqueKeysWithValues: placed), security: security)
  }

  /// The public key of every node; empty where links are not protected.
  public var publicKeys: [NodeID: PublicKey] { security == .curve ? nodes.compactMapValues(\.publicKey) : [:] }

  /// What the machines of this run have to know.
  public var protocolConfiguration: ProtocolConfiguration {
    ProtocolConfiguration(
      quorums: quorums, training: training, patience: patience, rule: rule, dimension: model.dimension,
      seed: seed, topologyDigest: digest)
  }

  /// What this run leaves unprotected, a sentence each; it is permitted all the same.
  public var warnings: [String] {
    exposures + quorums.warnings(under: rule, in: training.mode, delay: patience.delay)
      + excesses.map { role, faulty, bound in
        "\(faulty) \(role.rawValue)\(faulty == 1 ? " has a fault" : "s have faults") but \(role.rawValue)s.byzantine is "
          + "\(bound): this run goes beyond the bounds, and nothing is promised of it"
      }
  }

  /// The servers that anybody on their network can speak to in any name.
  private var exposures: [String] {
    let exposed = nodes.filter { _, place in
      [place.address, place.bind].compactMap(\.self).contains { !Endpoint.isLocal($0) }
    }
    guard security == .none, let first = exposed.keys.min() else { return [] }
    return [
      "security: none: LINKS ARE NEITHER AUTHENTICATED NOR ENCRYPTED, and \(first) can be reached from other machines: "
        + "whoever reaches it can speak in every node's name, and the bounds on Byzantine nodes mean nothing"
    ]
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
