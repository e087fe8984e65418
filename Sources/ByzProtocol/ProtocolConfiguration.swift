import ByzAggregation
import ByzNumerics

/// What a machine has to know of its run.
public struct ProtocolConfiguration: Sendable {
  public let quorums: Quorums
  public let training: TrainingParameters
  public let patience: Patience
  /// F: how servers aggregate momentums, with f = f_w however many came in.
  public let rule: any AggregationRule
  /// d: the number of parameters.
  public let dimension: Int
  /// The run's seed, from which a rule draws if it draws.
  public let seed: UInt64
  /// The digest of the run's topology, which digests of models cover.
  public let topologyDigest: [UInt8]
  /// How many *other* servers' models of one step a server needs in order to adopt their median
  /// (`Quorums.adoptionQuorum`).
  private(set) var adoptionQuorum: Int
  /// By how many steps a server may be behind without rejoining.
  private(set) var toleratedLag = 0
  /// A mistake to make; nil in every real node.
  package private(set) var plantedBug: PlantedBug?

  public init(
    quorums: Quorums, training: TrainingParameters, patience: Patience, rule: any AggregationRule, dimension: Int,
    seed: UInt64 = 0, topologyDigest: [UInt8] = []
  ) {
    self.quorums = quorums
    self.training = training
    // One server's model a step lets servers run ahead of others until a worker's turn comes to one of these: with more than
    // f_ps behind, not enough may be ahead to rejoin with, and the momentums of so many steps bring them there.
    self.patience =
      training.mode.isSynchronous
      ? patience.with(retainedSteps: max(patience.retainedSteps, 3 * quorums.servers.byzantine + 2)) : patience
    self.rule = rule
    self.dimension = dimension
    self.seed = seed
    self.topologyDigest = topologyDigest
    adoptionQuorum = quorums.adoptionQuorum
  }

  /// The same with a mistake in it, which tests have the simulator find.
  package func planting(_ bug: PlantedBug) -> ProtocolConfiguration {
    var servers = quorums.servers
    var patience = patience
    switch bug {
    case .oneRetainedStep: patience = patience.with(retainedSteps: 1)
    case .noLingering: patience = patience.with(lingerMilliseconds: 0)
    case .noHonestMajority:
      servers = Group(count: servers.count, byzantine: servers.byzantine, quorum: max(1, 2 * servers.byzantine))
    default: break
    }
    var planted = ProtocolConfiguration(
      quorums: Quorums(servers: servers, workers: quorums.workers), training: training, patience: patience, rule: rule,
      dimension: dimension, seed: seed, topologyDigest: topologyDigest)
    planted.plantedBug = bug
    if bug == .minorityRejoin { planted.adoptionQuorum = servers.byzantine + 1 }
    if bug == .lateRejoin { planted.toleratedLag = patience.retainedSteps }
    return planted
  }

  /// What a server's rule may use at `step` besides momentums: draws that are the same on all servers, and the `aggregate` of
  /// the step before.
  public func round(at step: Int, after aggregate: Vector?) -> Round {
    var generator = SeededGenerator(seed: seed, path: [RandomPurpose.aggregation, UInt64(step)])
    return Round(seed: generator.next(), previous: aggregate)
  }

  /// For how long a node that has its quorum of `step` waits for the rest, at most.
  public func graceMilliseconds(at step: Int) -> Int {
    let usual = training.mode.isSynchronous ? patience.delay.milliseconds : patience.graceMilliseconds
    return step > 0
      ? usual
      : training.mode.isSynchronous
        ? max(usual, patience.startGraceMilliseconds)
        : patience.startGraceMilliseconds
  }

  /// Whether servers gather after the update of `step`: when T divides t + 1. A single server has nobody to gather with.
  public func gathers(after step: Int) -> Bool {
    (step + 1) % training.gatherEvery == 0 && quorums.servers.count > 1
  }

  /// The first step at or after `step` whose update is followed by a gather.
  public func nextGather(from step: Int) -> Int { step + (training.gatherEvery - 1 - step % training.gatherEvery) }

  /// Why `receiver` has no use for `message` by `sender` at any time; nil if it may. Whether a vector is finite is not
  /// asked here: that reads it whole, which only a vector that will be kept is worth.
  func rejection(of message: Message, from sender: NodeID, to receiver: NodeID) -> Rejection? {
    guard quorums.contains(sender), sender != receiver, message.senders.contains(sender.role),
      message.receivers.contains(receiver.role)
    else { return .unexpected }
    switch message {
    case .vector(_, let step, let vector):
      guard (0..<training.steps).contains(step) else { return .outOfRange }
      return vector.count == dimension ? nil : .wrongDimension
    case .request(_, let step):
      return (0..<training.steps).contains(step) ? nil : .outOfRange
    case .digest(let step, _):
      return training.mode.pull?.isCertified != true
        ? .unexpected : (0..<training.steps).contains(step) ? nil : .outOfRange
    case .done:
      return sender.role == .worker && receiver.role == .worker ? .unexpected : nil
    }
  }
}
