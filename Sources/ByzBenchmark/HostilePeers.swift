import ByzKeys
import CZeroMQ
import Foundation
import Synchronization

/// Strangers that keep knocking at servers' ports on this machine without a key of the run: what a server bears that the
/// whole world can reach.
///
/// Some times a second, and for each server, they open ten connections that say nothing and stay (of which 300 are there at a
/// time), one that sends random bytes, one that announces a frame of 2 GB, one that says a byte each time, one that speaks ZeroMQ
/// without a key, and one with a key that nobody knows.
final class HostilePeers {
  /// How many connections each server gets in a round.
  static let connectionsPerRound = silentPerRound + 5
  private static let silentPerRound = 10
  private static let mostSilent = 300
  /// How many of those who speak ZeroMQ are there at a time: each long enough for a handshake.
  private static let mostSpeaking = 20

  private let shared = Shared()
  private let isOver = DispatchSemaphore(value: 0)

  private final class Shared: Sendable {
    let isStopped = Atomic(false)
  }

  /// - Parameters:
  ///   - servers: their ports and public keys.
  ///   - rounds: how many there are in a second.
  init(to servers: [(port: UInt16, key: PublicKey)], rounds: Int) {
    Thread.detachNewThread { [shared, isOver] in
      var attacks = servers.map { Attack(port: $0.port, key: $0.key) }
      let context = zmq_ctx_new()
      while !shared.isStopped.load(ordering: .relaxed) {
        for index in attacks.indices { attacks[index].advance(in: context) }
        usleep(useconds_t(1_000_000 / rounds))
      }
      for index in attacks.indices { attacks[index].end() }
      zmq_ctx_term(context)
      isOver.signal()
    }
  }

  /// Sends them away, and waits until they have gone.
  func stop() {
    shared.isStopped.store(true, ordering: .relaxed)
    isOver.wait()
  }

  /// What is done to one server.
  private struct Attack {
    let port: UInt16
    let key: PublicKey
    private var silent: [Int32] = []
    private var trickling: [Int32] = []
    private var speaking: [UnsafeMutableRawPointer?] = []

    init(port: UInt16, key: PublicKey) {
      self.port = port
      self.key = key
    }

    mutating func advance(in context: UnsafeMutableRawPointer?) {
      for _ in 0..<silentPerRound { silent.append(connected([])) }
      silent = closing(silent, downTo: mostSilent)
      close(connected((0..<300).map { _ in UInt8.random(in: 0...255) }))
      close(connected(Self.greeting + [6, 0, 0, 0, 0, 0x80, 0, 0, 0] + [UInt8](repeating: 0, count: 100)))
      for descriptor in trickling { send(descriptor, [0xFF], 1, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
      trickling = closing(trickling + [connected([0xFF])], downTo: 100)
      speaking += [speaker(in: context, hasKey: false), speaker(in: context, hasKey: true)]
      while speaking.count > mostSpeaking { zmq_close(speaking.removeFirst()) }
    }

    mutating func end() {
      silent = closing(silent, downTo: 0)
      trickling = closing(trickling, downTo: 0)
      for socket in speaking { zmq_close(socket) }
      speaking = []
    }

    /// What a ZMTP 3.0 peer with CURVE says first.
    private static let greeting =
      [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8) + [UInt8](repeating: 0, count: 47)

    /// A connection over which `bytes` have been sent, as far as they are taken.
    private func connected(_ bytes: [UInt8]) -> Int32 {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      _ = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if !bytes.isEmpty { send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
      return descriptor
    }

    /// Closes the oldest of `descriptors` until so many are left.
    private func closing(_ descriptors: [Int32], downTo count: Int) -> [Int32] {
      for descriptor in descriptors.dropLast(count) { close(descriptor) }
      return descriptors.suffix(count)
    }

    private func speaker(in context: UnsafeMutableRawPointer?, hasKey: Bool) -> UnsafeMutableRawPointer? {
      let socket = zmq_socket(context, ZMQ_DEALER)
      var none: Int32 = 0
      zmq_setsockopt(socket, ZMQ_LINGER, &none, MemoryLayout<Int32>.size)
      // Once each: connections are counted.
      var never: Int32 = -1
      zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &never, MemoryLayout<Int32>.size)
      if hasKey {
        let secret = SecretKey()
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, key.bytes, PublicKey.length)
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, secret.publicKey.bytes, PublicKey.length)
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret.bytes, PublicKey.length)
      }
      zmq_connect(socket, "tcp://127.0.0.1:\(port)")
      return socket
    }
  }
}
