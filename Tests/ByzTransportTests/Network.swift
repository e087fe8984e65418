import ByzAggregation
import ByzKeys
import ByzNumerics
import ByzProtocol
import ByzTransport
import ByzWire
import Foundation

/// What the sockets of a test are made of.
enum Medium: CaseIterable { case ipc, tcp }

/// A run of 3 servers and 4 workers on this machine: addresses that nobody else has, and nodes that use them.
final class Network: Sendable {
  static let digest = [UInt8](repeating: 0xAB, count: 32)
  static let otherDigest = [UInt8](repeating: 0x5C, count: 32)

  let configuration: ProtocolConfiguration
  let endpoints: [NodeID: Endpoint]
  /// Every node's secret key, if links are protected.
  let secrets: [NodeID: SecretKey]
  /// Where the sockets are, if they are in a folder.
  let folder: String

  /// - Parameters:
  ///   - sharesVectors: whether there is a folder for vectors beside the sockets.
  ///   - others: the servers that listen on the other medium.
  ///   - hasKeys: whether links are protected.
  ///   - relay: the port of somebody between the first server and those who connect to it.
  init(
    _ medium: Medium, dimension: Int = 8, sharesVectors: Bool = false, except others: Set<Int> = [],
    hasKeys: Bool = false, relay: UInt16? = nil
  ) throws {
    configuration = ProtocolConfiguration(
      quorums: Quorums(servers: (3, 0), workers: (4, 1)),
      training: TrainingParameters(
        steps: 1000, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: nil),
      patience: Patience(), rule: CoordinatewiseMedian(), dimension: dimension)
    var template = Array("/tmp/byzsgd-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.folder = folder
    if sharesVectors { Transport.shareVectors(besideSocketsIn: folder) }
    let ports = try Self.freePorts(3)
    let addresses = (0..<3).map {
      (medium == .tcp) != others.contains($0) ? "tcp://127.0.0.1:\(ports[$0])" : "ipc://\(folder)/\($0)"
    }
    var endpoints = Dictionary(
      uniqueKeysWithValues: configuration.quorums.serverIDs.map { ($0, Endpoint(address: addresses[$0.index])) })
    if let relay { endpoints[.server(0)] = Endpoint(address: "tcp://127.0.0.1:\(relay)", bind: addresses[0]) }
    self.endpoints = endpoints
    let nodes = configuration.quorums.nodeIDs
    secrets = hasKeys ? Dictionary(uniqueKeysWithValues: nodes.map { ($0, SecretKey()) }) : [:]
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func codec(_ id: NodeID, digest: [UInt8] = Network.digest) -> Codec {
    Codec(node: id, digest: digest, configuration: configuration)
  }

  /// - Parameter secret: what the node has in place of its own key, where links are protected.
  func node(
    _ id: NodeID, digest: [UInt8] = Network.digest, secret: SecretKey? = nil, bus: AdversaryBus = .none
  ) throws -> TestNode {
    let keys = (secret ?? secrets[id]).map { LinkKeys(secretKey: $0, publicKeys: secrets.mapValues(\.publicKey)) }
    let transport = try Transport(codec(id, digest: digest), endpoints: endpoints, keys: keys, bus: bus)
    return TestNode(id, transport, in: self)
  }

  func address(of server: Int) -> String { endpoints[.server(server)]?.address ?? "" }

  /// Ports that the system has just chosen for somebody who does not need them any more.
  private static func freePorts(_ count: Int) throws -> [UInt16] {
    let sockets = try (0..<count).map { _ in try TCPSocket(listeningOn: 0) }
    return try sockets.map { try $0.port() }
  }
}

/// What a system call of a test's own could not do.
struct Failure: Error {
  let call: String
  let code: Int32

  init(_ call: String) {
    self.call = call
    code = errno
  }
}

/// A node of a test: its links and what it has heard.
final class TestNode {
  let id: NodeID
  let transport: Transport
  /// Whose folder is there as long as any of its nodes.
  private let network: Network
  private(set) var received: [(message: Message, sender: NodeID)] = []
  private(set) var reconnected: [NodeID] = []
  private(set) var overheard: [(message: Message, sender: NodeID)] = []
  private(set) var differing: [(peer: NodeID?, theirs: [UInt8])] = []
  private(set) var refused: [(key: PublicKey, owner: NodeID?, address: String)] = []

  init(_ id: NodeID, _ transport: Transport, in network: Network) {
    self.id = id
    self.network = network
    self.transport = transport
  }

  func send(_ message: Message, to receivers: NodeID...) throws { try transport.send(message, to: receivers) }

  func poll() throws {
    try transport.poll(atMost: 1) { event in
      switch event {
      case .received(let message, let sender): received.append((message, sender))
      case .reconnected(let peer): reconnected.append(peer)
      case .overheard(let message, let sender): overheard.append((message, sender))
      case .differingTopology(let peer, let theirs): differing.append((peer, theirs))
      case .refused(let key, let owner, let address): refused.append((key, owner, address))
      }
    }
  }

  func has(_ message: Message, from sender: NodeID) -> Bool {
    received.contains { $0.message == message && $0.sender == sender }
  }

  /// How many connections from this machine were refused or cut for `reason`; some end before anybody can see from where.
  func refused(_ reason: String) -> Int { dropped("127.0.0.1", reason) + dropped("unknown", reason) }

  func dropped(_ peer: String, _ reason: String) -> Int { transport.counters.dropped[peer]?[reason] ?? 0 }
}

/// Lets `nodes` work until `condition` holds; says whether it does. It holds long before the time is up, or never.
func run(_ nodes: TestNode..., until condition: () throws -> Bool) throws -> Bool {
  let deadline = ContinuousClock.now + .seconds(20)
  while try !condition() {
    guard ContinuousClock.now < deadline else { return false }
    for node in nodes { try node.poll() }
  }
  return true
}

/// The vector of the run whose elements are `element`.
func vector(_ element: Float, count: Int = 8) -> Vector { Vector(repeating: element, count: count) }
