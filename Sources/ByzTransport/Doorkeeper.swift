import ByzKeys
import ByzProtocol
import CZeroMQ

/// Decides who may connect: the owners of the keys of those who have to, and nobody else.
///
/// libzmq asks it, by ZAP (ZeroMQ RFC 27), once a peer has proved that it has the secret key to the public key that it shows,
/// and marks what then comes over the connection with the owner's name: whatever a message claims, that is who it is from.
final class Doorkeeper {
  /// Somebody who was turned away.
  struct Refusal {
    let key: PublicKey
    /// Whose key it is; nil if it is none of this run's.
    let owner: NodeID?
    let address: String
  }

  let socket: ZeroMQSocket
  private let keys: LinkKeys
  private let node: NodeID

  /// - Parameter node: whose door it is.
  init(of node: NodeID, admitting keys: LinkKeys, in context: ZeroMQContext) throws {
    self.node = node
    self.keys = keys
    socket = try ZeroMQSocket(ZMQ_REP, in: context)
    try socket.set(ZMQ_LINGER, to: Int32(0))
    // The one address at which libzmq looks for it. A connection that comes before it is there would get in.
    try socket.bind(to: "inproc://zeromq.zap.01")
  }

  /// Answers what libzmq asks now.
  func serve(_ handle: (Refusal) throws -> Void) throws {
    while let frames = try socket.receive(atMost: 8)?.map({ Array($0.bytes) }) {
      // Version, request, domain, address, routing id, mechanism, and for CURVE the key.
      guard frames.count == 7, let key = PublicKey(bytes: frames[6]) else {
        try answer(frames.count > 1 ? frames[1] : [], admitting: nil)
        continue
      }
      let owner = keys.owners[key]
      let isAdmitted = owner.map { mayConnect($0, to: Door(rawValue: String(decoding: frames[2], as: UTF8.self))) }
      try answer(frames[1], admitting: isAdmitted == true ? owner : nil)
      if isAdmitted != true {
        try handle(Refusal(key: key, owner: owner, address: String(decoding: frames[3], as: UTF8.self)))
      }
    }
  }

  /// Only those that come after a node connect to it; it connects to the others itself.
  private func mayConnect(_ peer: NodeID, to door: Door?) -> Bool {
    switch door {
    case .links: peer > node
    case .bus: peer.role == .worker
    case nil: false
    }
  }

  private func answer(_ request: [UInt8], admitting owner: NodeID?) throws {
    let (code, text) = owner == nil ? ("400", "no key of a peer") : ("200", "")
    try socket.send(
      frames: [
        Array("1.0".utf8), request, Array(code.utf8), Array(text.utf8), Array("\(owner?.description ?? "")".utf8), [],
      ])
  }
}

extension ReceivedFrame {
  /// The node that the doorkeeper admitted over whose connection this came; nil if none was admitted.
  var admitted: NodeID? { property("User-Id").flatMap { NodeID($0) } }
}
