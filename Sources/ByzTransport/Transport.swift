import ByzKeys
import ByzNumerics
import ByzProtocol
import ByzWire
import CZeroMQ
import Glibc

/// Where a server listens and where others reach it.
public struct Endpoint: Hashable, Sendable {
  /// Where others connect to, such as `tcp://192.0.2.10:7000`.
  public let address: String
  /// What the server binds, if that is not its address, such as `tcp://*:7000`.
  public let bind: String?

  public init(address: String, bind: String? = nil) {
    self.address = address
    self.bind = bind
  }
}

/// What a transport has to say to its node.
public enum TransportEvent: Sendable {
  /// A valid message over a link that belongs to `sender`.
  case received(Message, from: NodeID)
  /// The link to a peer is there again.
  case reconnected(NodeID)
  /// An accomplice tells what a worker has sent.
  case overheard(Message, of: NodeID)
  /// A peer runs another topology; nil if it is none of this run's nodes. Said once for each of them.
  case differingTopology(of: NodeID?, theirs: [UInt8])
  /// Somebody at `address` was turned away who has this key: that of a node that has no business here, or of none at all.
  /// Said once for each key and address, of the first few.
  case refused(PublicKey, of: NodeID?, address: String)
}

/// A node's links to its peers over libzmq: one connection for each pair of a worker and a server, and of two servers.
///
/// Servers listen; workers connect to all servers, and a server to those before it. A link that is lost, or whose peer
/// comes up late, is connected again. All of it belongs to one thread, that of `poll`.
///
/// Memory is bounded for each peer, whatever it sends: libzmq holds a few messages in each direction, the outbox R of each
/// kind, connections that have not said anything valid hold nothing here, and `Connections` cuts those that bring more than
/// libzmq can hold of whole messages, or are too many.
public final class Transport {
  public let waker: Waker
  public private(set) var counters = TrafficCounters()

  private let codec: Codec
  /// Where the nodes of this machine share vectors, if they do.
  private let ownVectors: OwnVectors?
  private let peerVectors: PeerVectors?
  private let listener: Listener?
  private let dialed: [DialedLink]
  private let bus: BusSockets
  /// Who is asked about those who connect, where links are protected.
  private let doorkeeper: Doorkeeper?
  /// Socket and monitor of each dialed link, then those of the listener, those of the bus, and the doorkeeper's.
  private let sockets: [ZeroMQSocket]
  /// What to wait for: the descriptors of `sockets`, then the waker's.
  private let descriptors: [pollfd]
  private var accepted = AcceptedLinks()
  private var toldOfTopology: Set<NodeID?> = []
  private var toldOfRefusal: Set<String> = []
  /// When something valid came last from each peer.
  private var lastHeard: [NodeID: ContinuousClock.Instant] = [:]

  /// Of how many refusals to tell; all are counted.
  private static let mostRefusalsTold = 32

  /// How many messages of one socket are taken before the other sockets get their turn.
  private static let turn = 16

  /// Opens the links of `codec.node`.
  ///
  /// - Parameters:
  ///   - codec: the message format of the run, as this node speaks it.
  ///   - endpoints: the endpoints of all servers.
  ///   - keys: what protects the links; nil if nothing does.
  ///   - place: the place of a Byzantine node among its accomplices.
  /// - Throws: `ZeroMQError`, which names the address that cannot be bound or connected to.
  public init(
    _ codec: Codec, endpoints: [NodeID: Endpoint], keys: LinkKeys? = nil, bus place: AdversaryBus = .none
  ) throws {
    self.codec = codec
    waker = try Waker()
    let context = try ZeroMQContext()
    let limits = SocketLimits(largestFrame: codec.largestFrame, queuedMessages: codec.longestBurst)
    let shared = SharedFolder(besideSocketsAt: endpoints.values, dimension: codec.dimension)
    let layout = SlotLayout(
      dimension: codec.dimension, places: Message.vectorPlaces(retaining: codec.retainedSteps))
    ownVectors = shared.flatMap { OwnVectors(of: codec.node, in: $0, layout: layout) }
    peerVectors = shared.map { PeerVectors(in: $0, layout: layout) }
    func isShared(_ endpoint: Endpoint) -> Bool {
      shared != nil && shared == SharedFolder(besideSocketAt: endpoint.address, dimension: codec.dimension)
    }
    doorkeeper = try keys.map { try Doorkeeper(of: codec.node, admitting: $0, in: context) }
    listener = try endpoints[codec.node].map {
      try Listener(on: $0, isShared: isShared($0), in: context, keys: keys, limits: limits)
    }
    dialed = try endpoints.filter { $0.key < codec.node }.sorted { $0.key < $1.key }
      .map { peer, endpoint in
        try DialedLink(
          to: peer, at: endpoint.address, isShared: isShared(endpoint), hello: OutgoingMessage(header: codec.hello),
          in: context, keys: keys, limits: limits)
      }
    // What workers send in two steps.
    bus = try BusSockets(
      place, in: context, keys: keys,
      limits: SocketLimits(largestFrame: codec.largestFrame, queuedMessages: 2 * codec.workerCount))
    sockets =
      dialed.flatMap { [$0.socket, $0.monitorSocket] } + (listener.map { [$0.socket, $0.monitorSocket] } ?? [])
      + bus.heard + (doorkeeper.map { [$0.socket] } ?? [])
    descriptors = (sockets.map(\.descriptor) + [waker.readEnd]).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
  }

  public func countDropped(from peer: NodeID?, _ reason: String) {
    counters.countDropped(from: peer, reason)
  }
}

// MARK: - Who is there

extension Transport {
  /// The peers that nothing valid has come from for `time`, and why, as far as that is known.
  public func silentPeers(for time: Duration) -> [(peer: NodeID, reason: String)] {
    let start = ContinuousClock.now - time
    func isSilent(_ peer: NodeID) -> Bool { lastHeard[peer].map { $0 < start } ?? true }
    let servers = dialed.filter { isSilent($0.peer) }.map { link in
      (link.peer, "\(link.address) \(link.trouble?.rawValue ?? "says nothing")")
    }
    let others = listener == nil ? [] : codec.peersBehind.filter(isSilent)
    return servers + others.map { ($0, lastHeard[$0] == nil ? "has not connected" : "says nothing") }
  }
}

// MARK: - Sending

extension Transport {
  /// Sends `message` to each of `receivers`, encoded once. Never waits: what a peer does not take now waits for it.
  public func send(_ message: Message, to receivers: [NodeID]) throws {
    let place = message.place(retaining: codec.retainedSteps)
    var encodings = Encodings(message, place: place, codec, ownVectors)
    for peer in receivers {
      if let link = dialed.first(where: { $0.peer == peer }) {
        counters.countSent(message)
        try link.send(encodings.encoding(isShared: link.isShared), in: place)
      } else if let listener, accepted.route(to: peer) != nil {
        counters.countSent(message)
        accepted.outboxes[peer, default: Outbox()].put(
          try encodings.encoding(isShared: listener.isShared), in: place)
        try flush(toAccepted: peer)
      }
      // Who has not connected yet asks for what it lacks once it has.
    }
  }

  /// Tells all accomplices that `sender` has sent `message`.
  public func confide(_ message: Message, of sender: NodeID) throws {
    try bus.tell(try OutgoingMessage(message, codec.speaking(for: sender)))
  }

  /// Sends `message` to each of `receivers` with damage to its header.
  public func garble(_ message: Message, to receivers: [NodeID], _ damages: [Damage]) throws {
    let garbled = try OutgoingMessage(message, codec, damages)
    for peer in receivers {
      if let link = dialed.first(where: { $0.peer == peer }) {
        _ = try link.socket.send(garbled)
      } else if let listener, let route = accepted.route(to: peer) {
        _ = try listener.socket.send(garbled, route: route)
      }
    }
  }

  /// A message as it goes to peers on this machine and to others, each made when it is first needed.
  private struct Encodings {
    private let message: Message
    private let place: Int
    private let codec: Codec
    private let ownVectors: OwnVectors?
    private var whole: OutgoingMessage?
    private var shared: OutgoingMessage?

    init(_ message: Message, place: Int, _ codec: Codec, _ ownVectors: OwnVectors?) {
      self.message = message
      self.place = place
      self.codec = codec
      self.ownVectors = ownVectors
    }

    mutating func encoding(isShared: Bool) throws -> OutgoingMessage {
      if isShared, let encoding = try shared ?? makeShared() {
        shared = encoding
        return encoding
      }
      let encoding = try whole ?? OutgoingMessage(message, codec)
      whole = encoding
      return encoding
    }

    /// With a reference to the vector; nil if there is none.
    private func makeShared() throws -> OutgoingMessage? {
      guard case .vector(_, let step, let vector) = message,
        let reference = ownVectors?.reference(to: vector, of: step, in: place)
      else { return nil }
      return try OutgoingMessage(header: codec.header(of: message), payload: reference.bytes)
    }
  }

  private func flush(toAccepted peer: NodeID) throws {
    guard let listener, let route = accepted.route(to: peer), var outbox = accepted.outboxes[peer] else { return }
    var isGone = false
    try outbox.flush { message in
      let result = try listener.socket.send(message, route: route)
      if result == .unreachable { isGone = true }
      return result
    }
    accepted.outboxes[peer] = outbox
    if isGone { accepted.forget(peer) }
  }
}

// MARK: - Receiving

extension Transport {
  /// Waits until something happens or the time is up, and hands over what has happened.
  ///
  /// - Parameters:
  ///   - milliseconds: how long to wait at most; nil for as long as it takes.
  ///   - handle: is given the events one by one, before this returns.
  public func poll(atMost milliseconds: Int?, _ handle: (TransportEvent) throws -> Void) throws {
    let ready = try waitForSockets(atMost: min(milliseconds ?? .max, Connections.checkMilliseconds))
    let now = ContinuousClock.now
    // Connections are known before what comes over them.
    for (index, link) in dialed.enumerated() where ready[2 * index + 1] {
      if try link.hasReconnected(at: now) { try handle(.reconnected(link.peer)) }
    }
    if let listener, ready[2 * dialed.count + 1] { try welcome(to: listener, at: now) }
    if let doorkeeper, ready[sockets.count - 1] { try doorkeeper.serve { try tell(of: $0, handle) } }
    for (index, link) in dialed.enumerated() where ready[2 * index] { try serve(link, handle) }
    if let listener, ready[2 * dialed.count] { try serveAccepted(listener, at: now, handle) }
    let firstHeard = 2 * dialed.count + (listener == nil ? 0 : 2)
    for (index, socket) in bus.heard.enumerated() where ready[firstHeard + index] { try serveBus(socket, handle) }
    try cutConnections(at: now)
  }

  private func cutConnections(at now: ContinuousClock.Instant) throws {
    // Seen as late as possible: the number of a connection that has ended may be another's by now.
    if let listener { try welcome(to: listener, at: now) }
    let cut = dialed.flatMap { $0.connections.check(at: now) } + (listener?.connections.check(at: now) ?? [])
    for (peer, address, fault) in cut { counters.countRefused(peer, at: address, fault.rawValue) }
  }

  private func tell(of refusal: Doorkeeper.Refusal, _ handle: (TransportEvent) throws -> Void) throws {
    let address = TrafficCounters.withoutMapping(refusal.address)
    listener?.turnedAway(address)
    counters.countRefused(
      refusal.owner, at: address, refusal.owner == nil ? "unknownKey" : "unexpectedKey")
    guard toldOfRefusal.count < Self.mostRefusalsTold,
      toldOfRefusal.insert("\(refusal.key) \(address)").inserted
    else { return }
    try handle(.refused(refusal.key, of: refusal.owner, address: address))
  }

  /// Which of the sockets have something to do; waits if none has.
  ///
  /// `zmq_poll` would ask every socket twice for every message, a system call each; most of a node's time with its links
  /// would be that. A socket has to be asked only after it was used, or when its descriptor says so.
  private func waitForSockets(atMost milliseconds: Int?) throws -> [Bool] {
    var ready = try sockets.map { try $0.wasUsed && $0.events() & ZMQ_POLLIN != 0 }
    for (index, link) in dialed.enumerated() where link.isWaiting { ready[2 * index] = try link.socket.events() != 0 }
    var items = descriptors
    let timeout = ready.contains(true) ? 0 : milliseconds.map { Int32(clamping: max(0, $0)) } ?? -1
    guard Glibc.poll(&items, nfds_t(items.count), timeout) >= 0 else {
      guard errno == EINTR else { throw ZeroMQError("wait for messages") }
      return ready
    }
    if items[sockets.count].revents != 0 { waker.drain() }
    // Whoever is served also gets what waits for it.
    for index in sockets.indices where items[index].revents != 0 { ready[index] = true }
    return ready
  }

  private func serve(_ link: DialedLink, _ handle: (TransportEvent) throws -> Void) throws {
    try link.flush()
    for _ in 0..<Self.turn {
      guard let frames = try link.socket.receive(atMost: 3) else { return }
      let heard = try deliver(frames, over: .dialed(link), handle)
      link.connections.received(frames, from: heard)
    }
  }

  private func welcome(to listener: Listener, at now: ContinuousClock.Instant) throws {
    try listener.welcome(at: now) { counters.countRefused(nil, at: $0, $1) }
  }

  private func serveAccepted(
    _ listener: Listener, at now: ContinuousClock.Instant, _ handle: (TransportEvent) throws -> Void
  ) throws {
    for _ in 0..<Self.turn {
      guard let frames = try listener.socket.receive(atMost: 4) else { return }
      guard let route = frames.first.map({ Array($0.bytes) }) else { continue }
      // Where there is a doorkeeper, nothing comes in that it has not admitted.
      let owner = doorkeeper == nil ? accepted.peer(over: route) : frames.dropFirst().first?.admitted
      guard doorkeeper == nil || owner != nil else {
        countDropped(from: nil, "unknownKey")
        continue
      }
      let message = Array(frames.dropFirst())
      let heard = try deliver(message, over: .accepted(route, of: owner), handle)
      // The connection may be newer than what was read of them before.
      try welcome(to: listener, at: now)
      listener.connections.received(message, from: heard)
      // Who sends also reads: a good moment for what it did not take before.
      if let peer = accepted.peer(over: route) { try flush(toAccepted: peer) }
    }
  }

  private func serveBus(_ socket: ZeroMQSocket, _ handle: (TransportEvent) throws -> Void) throws {
    for _ in 0..<Self.turn {
      guard let frames = try socket.receive(atMost: 3) else { return }
      try overhear(frames, handle)
    }
  }

  private func overhear(_ frames: [ReceivedFrame], _ handle: (TransportEvent) throws -> Void) throws {
    // The bytes are there as long as their frames are.
    let frame = withExtendedLifetime(frames) {
      frames.last.flatMap { try? codec.decode(frames.map(\.bytes), owner: $0) }
    }
    guard case .message(let message, let sender)? = frame else { return countDropped(from: nil, "bus") }
    try handle(.overheard(message, of: sender))
  }

  /// What a message came over, and for whom that speaks, if it is known.
  private enum Way {
    case dialed(DialedLink)
    case accepted([UInt8], of: NodeID?)

    var owner: NodeID? {
      switch self {
      case .dialed(let link): link.peer
      case .accepted(_, let owner): owner
      }
    }
  }

  /// Decodes a message and hands it over, or counts and drops it; says who it is from if it was valid.
  private func deliver(
    _ frames: [ReceivedFrame], over way: Way, _ handle: (TransportEvent) throws -> Void
  ) throws -> NodeID? {
    let peer = way.owner
    guard let last = frames.last else {
      countDropped(from: peer, "frameCount")
      return nil
    }
    var (bytes, memory) = (frames.map(\.bytes), last as AnyObject)
    if isShared(way), frames.count == 2, let reference = VectorReference(bytes[1]),
      let claimed = codec.claimedSender(in: bytes[0])
    {
      switch peerVectors?.read(reference, of: claimed) {
      case .read(let vector)?: (bytes[1], memory) = (vector.bytes, vector)
      case .overwritten?:
        countDropped(from: peer, "overwritten")
        return peer
      case .missing?, nil:
        countDropped(from: peer, "missing")
        return nil
      }
    }
    do {
      switch try codec.decode(bytes, owner: memory) {
      case .message(let message, let claimed):
        return try deliver(message, claimed: claimed, over: way, handle)
      case .hello(let claimed):
        return try deliver(nil, claimed: claimed, over: way, handle)
      case .foreign(let claimed, let theirs):
        countDropped(from: peer, "topology")
        try refuse(theirs, over: way)
        try tell(of: peer ?? claimed, theirs: theirs, handle)
      case .refusal(let claimed, let theirs, let seen):
        countDropped(from: peer, "refusal")
        // It means something only from one who runs another topology and has seen a message of this one.
        if theirs != codec.digest && seen == codec.digest { try tell(of: peer ?? claimed, theirs: theirs, handle) }
      }
    } catch let error as WireError {
      countDropped(from: peer, error.name)
    }
    return nil
  }

  /// Hands over a valid message, or takes note of a hello, if the link that it came over speaks for the node that it claims
  /// to be from; says whether it does by naming it.
  private func deliver(
    _ message: Message?, claimed: NodeID, over way: Way, _ handle: (TransportEvent) throws -> Void
  ) throws -> NodeID? {
    // Only those that come after this node connect to it; it connects to the others itself.
    guard way.owner.map({ $0 == claimed }) ?? (claimed > codec.node) else {
      countDropped(from: way.owner, "impostor")
      return nil
    }
    lastHeard[claimed] = .now
    var isBack = false
    if case .accepted(let route, _) = way { isBack = accepted.bind(route, to: claimed) }
    if let message { try handle(.received(message, from: claimed)) }
    if isBack { try handle(.reconnected(claimed)) }
    return claimed
  }

  private func isShared(_ way: Way) -> Bool {
    switch way {
    case .dialed(let link): link.isShared
    case .accepted: listener?.isShared ?? false
    }
  }

  /// Tells a peer that its topology differs, with both digests.
  private func refuse(_ theirs: [UInt8], over way: Way) throws {
    let refusal = try OutgoingMessage(header: codec.refusalHeader, payload: theirs)
    switch way {
    case .dialed(let link): _ = try link.socket.send(refusal)
    case .accepted(let route, _): _ = try listener?.socket.send(refusal, route: route)
    }
  }

  private func tell(of peer: NodeID?, theirs: [UInt8], _ handle: (TransportEvent) throws -> Void) throws {
    if toldOfTopology.insert(peer).inserted { try handle(.differingTopology(of: peer, theirs: theirs)) }
  }
}
