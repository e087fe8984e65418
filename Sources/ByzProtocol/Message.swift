import ByzNumerics

/// What a vector that travels between nodes is.
public enum VectorKind: UInt8, CaseIterable, Sendable {
  /// theta_t, a server's model that step t starts from: from servers to workers, in a Scatter round, and to a server that
  /// has been left behind.
  case model = 1
  /// m_t, a worker's momentum at step t: from workers to servers.
  case momentum = 2
  /// A server's model after the update of step t and before the gather that ends it: among servers, in a Gather round.
  case gatherModel = 3

  /// The role of the nodes that make such vectors.
  public var sender: Role { self == .momentum ? .worker : .server }

  /// The roles of the nodes that take them.
  public var receivers: [Role] {
    switch self {
    case .model: [.server, .worker]
    case .momentum, .gatherModel: [.server]
    }
  }
}

/// What nodes say to each other.
public enum Message: Hashable, Sendable {
  /// A vector of one step.
  ///
  /// A momentum of step t is at the same time the request for what its sender needs of the receiver for step t + 1: in an
  /// asynchronous run that model or a newer one, in a synchronous run what `ProtocolConfiguration.share` says. So a normal step
  /// needs no other message.
  case vector(VectorKind, step: Int, Vector)
  /// The sender lacks the vector of `step`: send that one if it is still kept, else a newer one; if it does not exist yet,
  /// send it when it does. A server that asks for a model has been left behind, or may have been: send it all that is
  /// kept of that step and newer ones, the newest first, and of the gather that leads to that step.
  case request(VectorKind, step: Int)
  /// The digest of the sender's model of `step`: from a server to a worker that pulls that model from another server.
  case digest(step: Int, ModelDigest)
  /// The sender has reached the last step.
  case done

  /// The roles of the nodes that may say this.
  public var senders: [Role] {
    switch self {
    case .vector(let kind, _, _): [kind.sender]
    case .request(let kind, _): kind.receivers
    case .digest: [.server]
    case .done: Role.allCases
    }
  }

  /// The roles of those it may be said to.
  public var receivers: [Role] {
    switch self {
    case .vector(let kind, _, _): kind.receivers
    case .request(let kind, _): [kind.sender]
    case .digest: [.worker]
    case .done: Role.allCases
    }
  }
}
