import ByzNumerics
import CZeroMQ
import Foundation

/// Somebody who can connect to a server's port and sends what is no message of the run.
enum HostilePeer {
  /// A TCP port on loopback that nothing listens on at the moment.
  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// Connects to `port` and sends `count` random bytes, as far as they are taken.
  static func sendRandomBytes(to port: Int, count: Int, generator: inout SeededGenerator) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: UInt16(port))
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard connected else { return }
    let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    // The peer may close the connection at any byte, which must not end this process.
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Speaks ZeroMQ properly and sends frames of random bytes, some of them with the beginning of a right header.
  static func sendRandomFrames(to port: Int, count: Int, generator: inout SeededGenerator) {
    let context = zmq_ctx_new()
    let socket = zmq_socket(context, ZMQ_DEALER)
    defer {
      zmq_close(socket)
      zmq_ctx_term(context)
    }
    var linger: Int32 = 2_000
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, 4)
    zmq_connect(socket, "tcp://127.0.0.1:\(port)")
    for index in 0..<count {
      var frame = (0..<generator.index(below: 200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      if index.isMultiple(of: 2) { frame = Array("BYZS".utf8) + [1, 0] + frame }
      zmq_send(socket, frame, frame.count, index.isMultiple(of: 3) ? ZMQ_SNDMORE : 0)
    }
    zmq_send(socket, "end", 3, 0)
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}
