import ByzNumerics

/// A node's part in the protocol, without any input or output: events go in, actions come out.
///
/// The same machines run in real processes and wherever a schedule is replayed, and a Byzantine node is an honest machine
/// whose actions somebody rewrites; so a machine never asks which of these it is. It has no clock, no randomness and no
/// memory of its own beyond its fields: the same events give the same actions, bit for bit.
///
/// The loop around a machine is short:
///
///     var actions = machine.handle(.start)
///     while true {
///       for action in actions { perform(action) }   // in order
///       actions = machine.handle(nextEvent())
///     }
public protocol Machine: Sendable {
  var id: NodeID { get }

  /// Takes in what has happened and says what is to be done about it, in order.
  mutating func handle(_ event: Event) -> [Action]
}

/// What can happen to a node.
public enum Event: Sendable {
  /// The node begins. Comes once, first.
  case start
  /// `message` came over a link that belongs to `sender`; what the message itself claims about its origin is not asked.
  case received(Message, from: NodeID)
  /// The link to `peer` is there again; what was sent to it before may be lost.
  case reconnected(NodeID)
  /// The gradient of an action `computeGradient` with this step and draw, and the mean loss of its mini-batch.
  case gradient(step: Int, draw: Int, Vector, loss: Double)
  /// The time of an action `schedule` is up.
  case timer(Timer)
  /// A faulty node knows from its accomplices that `sender` has sent `message`. Honest machines never hear of such things.
  case overheard(Message, of: NodeID)
}

/// What a node can be waiting for by the clock.
///
/// A timer names the wait that it belongs to. Timers are not cancelled: one whose wait is over is ignored.
public enum Timer: Hashable, Sendable {
  /// The quorum of vectors of this kind and step is there; the rest has had its time.
  case grace(VectorKind, step: Int)
  /// The server from which a worker pulls the model of this step, the `attempt`th from 0, has had its time; or those have
  /// that send digests.
  case pull(step: Int, attempt: Int)
  /// The wait for vectors of this kind and step has lasted long enough to ask for them again.
  case askAgain(VectorKind, step: Int)
  /// Those that have not reached the last step have had their time.
  case linger
  /// What a faulty node does later; no honest machine has such a timer.
  case fault(Int)
}

/// What a node is to do.
public enum Action: Sendable {
  /// Send `message` to each of `receivers`. A message to a peer that does not read takes the place of an older one that
  /// still waits for it (`Message.place`).
  case send(Message, to: [NodeID])
  /// Compute the gradient at `parameters` on mini-batch `draw` of `step` and report it as an event. Draw 0 is the node's own
  /// batch; others exist for adversaries, which estimate with them, and so does the choice to turn all labels round.
  case computeGradient(step: Int, draw: Int, flippingLabels: Bool = false, at: Vector)
  /// Report `timer` as an event after this many milliseconds.
  case schedule(Timer, afterMilliseconds: Int)
  /// Something worth recording has happened.
  case report(Report)
  /// The message of `sender` that was just received has been dropped.
  case reject(from: NodeID, Rejection)
  /// The node's own state has become non-finite at `step`: nothing it could send would be of use. It ends, saying so.
  case diverge(step: Int)
  /// All is done and all peers have had their time. The node ends.
  case finish
  // No honest machine does what follows.

  /// End at once and without a word.
  case crash
  /// Tell all accomplices that `sender` has sent `message`.
  case confide(Message, of: NodeID)
  /// Send `message` to each of `receivers` with damage to the bytes of its header.
  case garble(Message, to: [NodeID], [Damage])
}

/// What a broken sender does to one byte of a frame.
public struct Damage: Hashable, Sendable {
  /// Which byte, from 0; beyond the end of the frame counting goes on at its beginning.
  public let byte: Int
  /// The bits of it that are turned round.
  public let bits: UInt8

  public init(byte: Int, bits: UInt8) {
    self.byte = byte
    self.bits = bits
  }
}

/// A step taken, for whoever records or shows a run.
public enum Report: Sendable {
  /// A server has reached `step`, with these parameters. `contributors` are the workers whose momentums of the step before
  /// it aggregated, `selected` those of them that the rule averaged.
  case updated(step: Int, parameters: Vector, contributors: [NodeID], selected: [NodeID])
  /// A server that was left behind has reached `step` by adopting the median of the models of `contributors`.
  case adopted(step: Int, parameters: Vector, contributors: [NodeID])
  /// A worker has estimated the gradient of `step` at what the models of `contributors` gave: their median, or the one model.
  case estimated(step: Int, loss: Double, contributors: [NodeID], source: ModelSource = .median)
  /// A worker has turned away the model of `step` that it pulled from `server`, or has not got one.
  case refused(step: Int, server: NodeID, ModelRefusal)
  /// A faulty worker has made what it sends at `step` from so many momentums: of honest workers, of which it knows, if
  /// they were overheard; else of its own, from which it estimates them.
  case forged(step: Int, samples: Int, areOverheard: Bool)
}

/// Why a message was dropped.
public enum Rejection: String, CaseIterable, Sendable {
  /// Its step is over here. Harmless: the network or the sender was slow.
  case late
  /// The sender has already been heard for this kind and step, which counts once whatever it says.
  case duplicate
  /// The sender has already sent a vector of a newer step, and this one is not of the step in progress.
  case superseded
  /// A node of the sender's role does not say this, or not to this node.
  case unexpected
  /// The run has no such step.
  case outOfRange
  /// The vector does not have d elements.
  case wrongDimension
  /// The vector holds a NaN or an infinity, which no honest node sends.
  case nonFinite
}
