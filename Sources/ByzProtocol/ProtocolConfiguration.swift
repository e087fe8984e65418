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

  public init(
    quorums: Quorums, training: TrainingParameters, patience: Patience, rule: any AggregationRule, dimension: Int
  ) {
    self.quorums = quorums
    self.training = training
    self.patience = patience
    self.rule = rule
    self.dimension = dimension
  }

  /// For how long a node that has its quorum of `step` waits for the rest.
  func graceMilliseconds(at step: Int) -> Int {
    step == 0 ? patience.startGraceMilliseconds : patience.graceMilliseconds
  }

  /// Whether servers gather after the update of `step`: when T divides t + 1. A single server has nobody to gather with.
  func gathers(after step: Int) -> Bool {
    (step + 1) % training.gatherEvery == 0 && quorums.servers.count > 1
  }

  /// The first step at or after `step` whose update is followed by a gather.
  func nextGather(from step: Int) -> Int { step + (training.gatherEvery - 1 - step % training.gatherEvery) }

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
    case .done:
      return sender.role == .worker && receiver.role == .worker ? .unexpected : nil
    }
  }
}
