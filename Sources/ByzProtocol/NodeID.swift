/// What a node does in a run.
public enum Role: String, CaseIterable, Sendable {
  /// Keeps a replica of the model and updates it with aggregated momentums.
  case server
  /// Computes gradients on its share of the data.
  case worker
}

/// A node's name: its role and its index in that role, from 0, written `server-2` or `worker-0`.
///
/// Servers sort before workers and lower indices first: the order in which vectors are summed, so that equal inputs give
/// equal bits on every node.
public struct NodeID: Hashable, Sendable {
  public let role: Role
  public let index: Int

  public init(_ role: Role, _ index: Int) {
    self.role = role
    self.index = index
  }

  /// Reads a name such as `server-2`; nil for anything else, `server-02` and `server-+2` included.
  public init?(_ name: some StringProtocol) {
    let parts = name.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let role = Role(rawValue: String(parts[0])), let index = Int(parts[1]),
      index >= 0, String(index) == parts[1]
    else { return nil }
    self.init(role, index)
  }

  public static func server(_ index: Int) -> NodeID { NodeID(.server, index) }
  public static func worker(_ index: Int) -> NodeID { NodeID(.worker, index) }
}

extension NodeID {
  // Machines look nodes up with every message, and one number is sooner hashed than two.
  public func hash(into hasher: inout Hasher) { hasher.combine(role == .server ? index : ~index) }
}

extension NodeID: Comparable {
  public static func < (left: NodeID, right: NodeID) -> Bool {
    left.role == right.role ? left.index < right.index : left.role == .server
  }
}

extension NodeID: CustomStringConvertible {
  public var description: String { "\(role.rawValue)-\(index)" }
}
