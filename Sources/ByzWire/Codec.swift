import ByzNumerics
import ByzProtocol

/// Turns messages into frames and frames, if they are valid in every part, into messages.
public struct Codec: Sendable {
  /// The node that this codec writes headers for.
  public let node: NodeID
  /// The digest of the topology that it runs.
  public let digest: [UInt8]
  private let configuration: ProtocolConfiguration

  public init(node: NodeID, digest: [UInt8], configuration: ProtocolConfiguration) {
    precondition(digest.count == WireFormat.digestLength, "a topology digest has 32 bytes")
    self.node = node
    self.digest = digest
    self.configuration = configuration
  }

  /// The most bytes that an honest peer's frame has.
  public var largestFrame: Int { WireFormat.largestFrame(dimension: configuration.dimension) }

  /// The most messages that an honest peer sends in a row: what it keeps of R steps, models and models of gathers, for one
  /// that was left behind. A normal step has one vector each way.
  public var longestBurst: Int { 2 * retainedSteps }

  /// d.
  public var dimension: Int { configuration.dimension }

  /// n_w.
  public var workerCount: Int { configuration.quorums.workers.count }

  /// The nodes that connect to this one if it is a server.
  public var peersBehind: [NodeID] {
    configuration.quorums.nodeIDs.filter { $0 > node }
  }

  /// R.
  public var retainedSteps: Int { configuration.patience.retainedSteps }

  /// The codec of another node of the same run.
  public func speaking(for node: NodeID) -> Codec { Codec(node: node, digest: digest, configuration: configuration) }
}

// MARK: - Writing

extension Codec {
  /// The header of `message`. Its payload, if it has one, is the memory of its vector.
  public func header(of message: Message) -> [UInt8] {
    switch message {
    case .vector(let kind, let step, let vector):
      header(Self.number(of: kind), step: step, elements: vector.count)
    case .request(let kind, let step):
      header(Self.number(ofRequestFor: kind), step: step, elements: 0)
    case .digest(let step, _):
      header(.digest, step: step, elements: 0)
    case .done:
      header(.done, step: 0, elements: 0)
    }
  }

  /// The one frame of a hello.
  public var hello: [UInt8] { header(.hello, step: 0, elements: 0) }

  /// The header of a refusal, whose payload is the digest that is refused.
  public var refusalHeader: [UInt8] { header(.refusal, step: 0, elements: 0) }

  private func header(_ kind: WireFormat.Kind, step: Int, elements: Int) -> [UInt8] {
    var bytes = WireFormat.magic
    bytes.reserveCapacity(WireFormat.headerLength)
    bytes.append(littleEndian: WireFormat.version)
    bytes.append(kind.rawValue)
    bytes.append(node.role == .server ? 0 : 1)
    bytes.append(littleEndian: UInt32(node.index))
    bytes.append(littleEndian: UInt32(0))
    bytes.append(littleEndian: UInt64(step))
    bytes.append(littleEndian: UInt64(elements))
    return bytes + digest
  }

  private static func number(of kind: VectorKind) -> WireFormat.Kind {
    switch kind {
    case .model: .model
    case .momentum: .momentum
    case .gatherModel: .gatherModel
    }
  }

  private static func number(ofRequestFor kind: VectorKind) -> WireFormat.Kind {
    switch kind {
    case .model: .modelRequest
    case .momentum: .momentumRequest
    case .gatherModel: .gatherModelRequest
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

// MARK: - Reading

extension Codec {
  /// Reads frames that came from a peer. Nothing of them is used before all of it is found to be valid.
  ///
  /// - Parameters:
  ///   - frames: the frames of one message.
  ///   - owner: keeps the frames' memory alive; a vector borrows its elements from the second frame.
  /// - Throws: `WireError`, the first thing that is wrong.
  public func decode(_ frames: [UnsafeRawBufferPointer], owner: AnyObject) throws(WireError) -> Frame {
    guard (1...2).contains(frames.count) else { throw .frameCount(frames.count) }
    let fields = try HeaderFields(frames[0])
    let claimed = sender(of: fields)
    let payload = frames.count == 2 ? frames[1] : nil
    if fields.kind == .refusal {
      return .refusal(claimed: claimed, theirs: fields.digest, seen: try digest(in: payload, of: fields, at: 0))
    }
    guard fields.digest == digest else { return .foreign(claimed: claimed, theirs: fields.digest) }
    guard let claimed else { throw .sender }
    if fields.kind == .hello {
      try requireNothing(in: fields, payload)
      return .hello(claimed: claimed)
    }
    let message = try message(fields, payload, owner: owner)
    guard message.senders.contains(claimed.role) else { throw .sender }
    return .message(message, claimed: claimed)
  }

  /// The node of this run that the header in `frame` claims to come from; nil if it names none, is no header, or is one of
  /// another topology.
  public func claimedSender(in frame: UnsafeRawBufferPointer) -> NodeID? {
    guard let fields = try? HeaderFields(frame), fields.digest == digest else { return nil }
    return sender(of: fields)
  }

  /// The node of this run that the header names, if there is such a node.
  private func sender(of fields: HeaderFields) -> NodeID? {
    guard fields.role <= 1 else { return nil }
    let claimed = NodeID(fields.role == 0 ? .server : .worker, Int(fields.index))
    return configuration.quorums.contains(claimed) ? claimed : nil
  }

  private func message(
    _ fields: HeaderFields, _ payload: UnsafeRawBufferPointer?, owner: AnyObject
  ) throws(WireError) -> Message {
    switch fields.kind {
    case .model: return try vector(.model, fields, payload, owner)
    case .momentum: return try vector(.momentum, fields, payload, owner)
    case .gatherModel: return try vector(.gatherModel, fields, payload, owner)
    case .modelRequest: return .request(.model, step: try step(of: fields, without: payload))
    case .momentumRequest: return .request(.momentum, step: try step(of: fields, without: payload))
    case .gatherModelRequest: return .request(.gatherModel, step: try step(of: fields, without: payload))
    case .digest:
      let digest = try digest(in: payload, of: fields, at: try step(of: fields))
      guard let digest = ModelDigest(digest) else { throw .payloadLength(digest.count) }
      return .digest(step: Int(fields.step), digest)
    case .done:
      try requireNothing(in: fields, payload)
      return .done
    case .refusal, .hello: throw .kind(fields.kind.rawValue)
    }
  }

  /// Checks that a header names neither step nor elements, and that nothing follows it.
  private func requireNothing(in fields: HeaderFields, _ payload: UnsafeRawBufferPointer?) throws(WireError) {
    guard fields.step == 0 else { throw .step(fields.step) }
    _ = try step(of: fields, without: payload)
  }

  private func step(of fields: HeaderFields) throws(WireError) -> Int {
    guard fields.step < UInt64(configuration.training.steps) else { throw .step(fields.step) }
    return Int(fields.step)
  }

  private func step(
    of fields: HeaderFields, without payload: UnsafeRawBufferPointer?
  ) throws(WireError) -> Int {
    let step = try step(of: fields)
    guard fields.elements == 0 else { throw .dimension(fields.elements) }
    guard payload == nil else { throw .payloadLength(payload?.count ?? 0) }
    return step
  }

  private func vector(
    _ kind: VectorKind, _ fields: HeaderFields, _ payload: UnsafeRawBufferPointer?, _ owner: AnyObject
  ) throws(WireError) -> Message {
    let step = try step(of: fields)
    guard fields.elements == UInt64(configuration.dimension) else { throw .dimension(fields.elements) }
    guard let payload, payload.count == 4 * configuration.dimension else { throw .payloadLength(payload?.count ?? 0) }
    return .vector(kind, step: step, Self.vector(in: payload, owner: owner))
  }

  /// Borrows the payload if it is aligned for floats, as large frames are; else copies it.
  private static func vector(in payload: UnsafeRawBufferPointer, owner: AnyObject) -> Vector {
    let count = payload.count / 4
    if let base = payload.baseAddress, Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0 {
      return Vector(borrowing: base.assumingMemoryBound(to: Float.self), count: count, owner: owner)
    }
    return Vector(uncleared: count) { UnsafeMutableRawBufferPointer($0).copyMemory(from: payload) }
  }

  /// The 32 bytes that follow a header of `step`.
  private func digest(
    in payload: UnsafeRawBufferPointer?, of fields: HeaderFields, at step: Int
  ) throws(WireError) -> [UInt8] {
    guard let payload, payload.count == WireFormat.digestLength else { throw .payloadLength(payload?.count ?? 0) }
    guard fields.step == UInt64(step) else { throw .step(fields.step) }
    guard fields.elements == 0 else { throw .dimension(fields.elements) }
    return Array(payload)
  }
}

/// The fields of a header, read but for magic, version, kind and reserved bytes not judged.
private struct HeaderFields {
  let kind: WireFormat.Kind
  let role: UInt8
  let index: UInt32
  let step: UInt64
  let elements: UInt64
  let digest: [UInt8]

  init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    guard bytes.count == WireFormat.headerLength else { throw .headerLength(bytes.count) }
    guard bytes[0..<4].elementsEqual(WireFormat.magic) else { throw .magic }
    let version = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
    guard version == WireFormat.version else { throw .version(version) }
    guard let kind = WireFormat.Kind(rawValue: bytes[6]) else { throw .kind(bytes[6]) }
    guard bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self) == 0 else { throw .reserved }
    self.kind = kind
    role = bytes[7]
    index = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    step = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    elements = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    digest = Array(bytes[32..<64])
  }
}
