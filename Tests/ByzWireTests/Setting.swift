import ByzAggregation
import ByzNumerics
import ByzProtocol
import ByzWire

/// A run of 5 servers, 7 workers, 100 steps and 6 parameters.
let configuration = ProtocolConfiguration(
  quorums: Quorums(servers: (5, 1), workers: (7, 2)),
  training: TrainingParameters(steps: 100, gatherEvery: 10, learningRate: LearningRate(initial: 1), momentum: nil),
  patience: Patience(), rule: MinimumDiameterAveraging(), dimension: 6)

/// 32 bytes that differ from each other, so that none can be taken for another one.
let digest = (0..<32).map { UInt8(0xA0 + $0) }
let otherDigest = (0..<32).map { UInt8(0x40 + $0) }

func codec(_ node: NodeID, digest: [UInt8] = digest) -> Codec {
  Codec(node: node, digest: digest, configuration: configuration)
}

/// Memory that holds one frame, at an address that is off the alignment of floats by so many bytes.
final class FrameMemory {
  let bytes: UnsafeRawBufferPointer
  private let memory: UnsafeMutableRawPointer

  init(_ frame: [UInt8], misalignedBy offset: Int = 0) {
    memory = .allocate(byteCount: frame.count + offset + 1, alignment: 64)
    let target = memory + offset
    frame.withUnsafeBytes { if let source = $0.baseAddress { target.copyMemory(from: source, byteCount: frame.count) } }
    bytes = UnsafeRawBufferPointer(start: target, count: frame.count)
  }

  deinit { memory.deallocate() }
}

/// Keeps the memory of a message's frames.
final class Frames {
  let memories: [FrameMemory]

  init(_ memories: [FrameMemory]) { self.memories = memories }
}

/// Reads `frames` at server 0, from memory that goes away with the frame that was read.
func decode(_ frames: [[UInt8]], misalignedBy offset: Int = 0) throws(WireError) -> Frame {
  let owner = Frames(frames.map { FrameMemory($0, misalignedBy: offset) })
  return try codec(.server(0)).decode(owner.memories.map(\.bytes), owner: owner)
}

/// The frames of `message` as `sender` writes them.
func frames(of message: Message, from sender: NodeID, digest: [UInt8] = digest) -> [[UInt8]] {
  let header = codec(sender, digest: digest).header(of: message)
  switch message {
  case .vector(_, _, let vector): return [header, bytes(of: vector)]
  case .digest(_, let digest): return [header, digest.bytes]
  case .request, .done: return [header]
  }
}

func bytes(of vector: Vector) -> [UInt8] { vector.withUnsafeBufferPointer { Array(UnsafeRawBufferPointer($0)) } }

extension SeededGenerator {
  /// Any vector of the run, infinities, NaNs and denormals included.
  mutating func vector() -> Vector {
    Vector((0..<configuration.dimension).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: next())) })
  }

  mutating func modelDigest() -> ModelDigest {
    ModelDigest((0..<32).map { _ in UInt8(truncatingIfNeeded: next()) })!
  }

  mutating func kind() -> VectorKind { VectorKind.allCases[index(below: 3)] }

  mutating func message() -> Message {
    let step = index(below: configuration.training.steps)
    switch index(below: 6) {
    case 0, 1: return .vector(kind(), step: step, vector())
    case 2, 3: return .request(kind(), step: step)
    case 4: return .digest(step: step, modelDigest())
    default: return .done
    }
  }

  /// A node that may say `message`.
  mutating func sender(of message: Message) -> NodeID {
    let role = message.senders[index(below: message.senders.count)]
    return NodeID(role, index(below: role == .server ? 5 : 7))
  }
}
