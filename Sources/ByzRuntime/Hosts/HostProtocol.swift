import ByzProtocol

/// What a launcher tells a host.
enum Order: Codable {
  /// The topology of a run that begins: the frame's bytes.
  case topology
  /// The secret key of a node: the frame's bytes are the text of its file.
  case key(of: String)
  /// Start these nodes. Those that are detached go on whatever becomes of the launcher.
  case start(nodes: [String], isDetached: Bool)
  /// Tell of these nodes of a run that began before, from these lengths of their files on.
  case follow(nodes: [String], lengths: [String: Int])
  /// End the nodes in good order.
  case stop
  /// The launcher is still there.
  case alive
}

/// What a host tells a launcher. Nothing of it is trusted.
enum Account: Codable {
  /// The frame's bytes are the next ones of a node's file, from this offset on.
  case piece(node: String, file: String, offset: Int)
  /// All nodes have been started, and everything that they had written has been told.
  case running
  /// The nodes could not be started, or are not there, for this reason.
  case refused(String)
  /// All nodes have ended and everything has been told.
  case over
}

/// How often a launcher says that it is there, and when a host no longer believes it.
enum Heartbeat {
  static let milliseconds = 10_000
  static let patience = 60_000
}
