import ByzNumerics
import ByzProtocol
import ByzRuntime
import ByzTopology
import ByzTransport
import ByzWire
import Foundation
import Synchronization

/// A worker's momentums on their way to a server, over the links of real nodes and over a bare libzmq loop.
struct TransportBenchmark {
  enum Medium: String, CaseIterable {
    case ipc, tcp
  }

  let topology: Topology
  let medium: Medium

  /// How many vectors are sent in one measurement.
  private var count: Int { BareLoop.count(ofFrames: 4 * topology.model.dimension) }

  var name: String { medium == .ipc ? "a vector on one machine" : "a vector over TCP" }

  func run(for seconds: Double, unless isInterrupted: () -> Bool) throws -> Comparison {
    let places = try Places()
    defer { places.remove() }
    let frame = 4 * topology.model.dimension
    var (links, bare) = ([Double](), [Double]())
    let end = Timing.now + seconds
    while links.count < 3 || Timing.now < end {
      if isInterrupted() { throw Interrupted() }
      links.append(try secondsPerVector(at: try places.next(medium)))
      bare.append(try BareLoop(address: try places.next(medium), frame: frame).secondsPerFrame(count))
    }
    return Comparison(
      name, bytes: frame, Timing(links), beside: "a bare libzmq loop over \(medium.rawValue)", Timing(bare))
  }

  private func secondsPerVector(at address: String) throws -> Double {
    let endpoints = [NodeID.server(0): Endpoint(address: address)]
    let receiving = try Transport(codec(of: .server(0)), endpoints: endpoints)
    let sender = try Sender(Transport(codec(of: .worker(0)), endpoints: endpoints), topology)
    let warmUp = 8
    let total = warmUp + count
    let isOver = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      // What goes wrong here shows at the other end, where nothing comes.
      try? sender.send(total)
      isOver.signal()
    }
    var received = 0
    var start = Timing.now
    var lastHeard = start
    while received < total {
      try receiving.poll(atMost: 1_000) { event in
        guard case .received = event else { return }
        lastHeard = Timing.now
        received += 1
        if received == warmUp { start = lastHeard }
        sender.hear()
      }
      guard Timing.now - lastHeard < 10 else { throw Failure(description: "\(name): nothing came in 10 seconds") }
    }
    let seconds = Timing.now - start
    isOver.wait()
    return seconds / Double(count)
  }

  private func codec(of node: NodeID) -> Codec {
    Codec(node: node, digest: topology.digest, configuration: topology.protocolConfiguration)
  }

  /// A worker that sends vectors, a few under way at a time: as many as may wait side by side for a peer.
  ///
  /// Safe to send: after `init` one thread uses the links, and the rest is atomic.
  private final class Sender: @unchecked Sendable {
    private let links: Transport
    private let topology: Topology
    private let heard = Atomic(0)

    init(_ links: Transport, _ topology: Topology) {
      self.links = links
      self.topology = topology
    }

    /// Tells the sender, from another thread, that one more vector has come.
    func hear() {
      heard.add(1, ordering: .releasing)
      links.waker.wake()
    }

    func send(_ total: Int) throws {
      let vector = drawnVector(0, dimension: topology.model.dimension)
      let window = min(topology.patience.retainedSteps, topology.training.steps)
      var sent = 0
      while heard.load(ordering: .acquiring) < total {
        while sent < min(total, heard.load(ordering: .acquiring) + window) {
          try links.send(.vector(.momentum, step: sent % topology.training.steps, vector), to: [.server(0)])
          sent += 1
        }
        try links.poll(atMost: nil) { _ in }
      }
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}

/// Addresses on this machine that nobody else has.
final class Places {
  private let folder: SocketFolder
  private var count = 0

  init() throws { folder = try SocketFolder() }

  func next(_ medium: TransportBenchmark.Medium) throws -> String {
    count += 1
    return medium == .ipc ? "ipc://\(folder.path)/\(count)" : "tcp://127.0.0.1:\(try Self.freePort())"
  }

  /// A folder that only this user can open.
  func folder(for name: String) -> String { "\(folder.path)/\(name)" }

  /// A port that the system has just chosen for somebody who does not need it any more.
  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard result == 0 else {
      throw TransportBenchmark.Failure(description: "no port is free on 127.0.0.1: \(String(cString: strerror(errno)))")
    }
    return UInt16(bigEndian: address.sin_port)
  }

  func remove() { folder.remove() }
}
