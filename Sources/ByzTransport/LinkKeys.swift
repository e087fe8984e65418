import ByzKeys
import ByzProtocol
import CZeroMQ

/// What protects a node's links: its own key and everybody's public keys.
///
/// Both ends of a link prove who they are (CurveZMQ, ZeroMQ RFC 26): a server's public key is the only one that those who
/// dial its address accept there, and a server admits nobody but the owners of the keys here (`Doorkeeper`).
public struct LinkKeys: Sendable {
  let secretKey: SecretKey
  let publicKeys: [NodeID: PublicKey]
  /// Who owns which key.
  let owners: [PublicKey: NodeID]

  /// - Parameters:
  ///   - secretKey: that of the node itself.
  ///   - publicKeys: those of all nodes of the run, no two of them equal.
  public init(secretKey: SecretKey, publicKeys: [NodeID: PublicKey]) {
    self.secretKey = secretKey
    self.publicKeys = publicKeys
    owners = Dictionary(publicKeys.map { ($1, $0) }) { first, _ in first }
  }

  /// Has `socket` listen to those alone whom the doorkeeper admits.
  ///
  /// - Parameter door: what the doorkeeper knows the socket by.
  func protect(listening socket: ZeroMQSocket, as door: Door) throws {
    try socket.set(ZMQ_CURVE_SERVER, to: Int32(1))
    try socket.set(ZMQ_CURVE_SECRETKEY, to: secretKey.bytes)
    try socket.set(ZMQ_ZAP_DOMAIN, to: Array(door.rawValue.utf8))
  }

  /// Has `socket` connect to the owner of `peer`'s key alone.
  func protect(dialing peer: NodeID, _ socket: ZeroMQSocket) throws {
    // A node without a key is none of the run; with a key that nobody has, its link never comes up.
    let key = publicKeys[peer] ?? SecretKey().publicKey
    try socket.set(ZMQ_CURVE_SERVERKEY, to: key.bytes)
    try socket.set(ZMQ_CURVE_PUBLICKEY, to: secretKey.publicKey.bytes)
    try socket.set(ZMQ_CURVE_SECRETKEY, to: secretKey.bytes)
  }
}

/// The sockets that a node listens on.
enum Door: String {
  /// Where peers connect.
  case links
  /// Where the accomplices of a Byzantine server do.
  case bus
}
