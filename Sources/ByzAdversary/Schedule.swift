import ByzProtocol

/// What a simulated network does with the messages of a run, and to its nodes: the part of an adversary that owns the
/// schedule. All times are virtual, in milliseconds from the start of the run.
///
/// Whatever a schedule says, a message between two nodes that stay up arrives in the end, or its link is seen to come back
/// and its sender is asked again: links that lose messages for good without anybody's notice are outside the model.
public struct Schedule: Hashable, Sendable {
  /// How long a message takes, drawn uniformly for each, so that later ones may overtake earlier ones.
  public var delay: ClosedRange<Double>
  /// How long a worker computes a gradient.
  public var gradient: Double
  /// Messages that take longer than most.
  public var late: Late?
  /// Transmissions that are lost and repeated.
  public var loss: Loss?
  /// Stragglers: what every message to and from a node takes in addition.
  public var slow: [NodeID: Double]
  /// Partitions.
  public var cuts: [Cut]
  /// Nodes that crash and are started again with nothing on disk.
  public var restarts: [Restart]
  /// What somebody does with the schedule who sees everything.
  public var adversary: NetworkAdversary?

  /// A share of all messages that takes up to so much longer, drawn uniformly.
  public struct Late: Hashable, Sendable {
    public let share: Double
    public let upTo: Double

    public init(share: Double, upTo: Double) {
      self.share = share
      self.upTo = upTo
    }
  }

  /// The share of transmissions that are lost; each is repeated after `again`, until one arrives.
  public struct Loss: Hashable, Sendable {
    public let share: Double
    public let again: Double

    public init(share: Double, again: Double) {
      self.share = share
      self.again = again
    }
  }

  /// For a while `nodes` and all others do not reach each other.
  public struct Cut: Hashable, Sendable {
    public let nodes: Set<NodeID>
    public let from: Double
    public let to: Double
    public let direction: Direction
    /// Whether messages sent meanwhile are lost, and both sides see the link come back, instead of being late.
    public let isLossy: Bool

    /// Which way is cut.
    public enum Direction: String, CaseIterable, Sendable {
      case both
      /// What others send to `nodes`.
      case incoming
      /// What `nodes` send to others.
      case outgoing
    }

    public init(_ nodes: Set<NodeID>, from: Double, to: Double, direction: Direction = .both, isLossy: Bool = false) {
      self.nodes = nodes
      self.from = from
      self.to = to
      self.direction = direction
      self.isLossy = isLossy
    }
  }

  /// A node stops at a time and is started again after a while. It counts as faulty until it has caught up; as long as that
  /// would be one faulty node too many, or the node has reached the last step, the crash waits or does not happen.
  public struct Restart: Hashable, Sendable {
    public let node: NodeID
    public let at: Double
    public let after: Double

    public init(_ node: NodeID, at: Double, after: Double) {
      self.node = node
      self.at = at
      self.after = after
    }
  }

  /// Somebody who sees every node's state and delays what hurts most.
  public struct NetworkAdversary: Hashable, Sendable {
    /// Whose messages, to and from, are held.
    public let starves: Target
    /// For how long a message is held at most.
    public let hold: Double
    /// When all faulty nodes, having taken part so far, fall silent for good; nil if they never do.
    public let deserts: Desertion?

    public enum Target: String, CaseIterable, Sendable {
      case nobody
      /// The honest nodes that are behind the first of their role.
      case behind
      /// The honest nodes that are ahead of the last of their role.
      case ahead
    }

    /// The moments that honest nodes are most vulnerable.
    public enum Desertion: Hashable, Sendable {
      /// When the first honest server is so many steps ahead of the last.
      case gap(Int)
      /// When honest servers have rejoined so many times, having relied on them perhaps.
      case rejoin(Int)
    }

    public init(starves: Target, hold: Double, deserts: Desertion? = nil) {
      self.starves = starves
      self.hold = hold
      self.deserts = deserts
    }
  }

  public init(
    delay: ClosedRange<Double> = 0.1...1, gradient: Double = 1, late: Late? = nil, loss: Loss? = nil,
    slow: [NodeID: Double] = [:], cuts: [Cut] = [], restarts: [Restart] = [], adversary: NetworkAdversary? = nil
  ) {
    self.delay = delay
    self.gradient = gradient
    self.late = late
    self.loss = loss
    self.slow = slow
    self.cuts = cuts
    self.restarts = restarts
    self.adversary = adversary
  }
}
