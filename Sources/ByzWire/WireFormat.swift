import ByzNumerics
import ByzProtocol

#if !_endian(little)
  #error("Payloads are sent from memory as they are, in little-endian order: port Codec before building here.")
#endif

/// How messages look between nodes.
///
/// A message is one or two ZeroMQ frames: a header of 64 bytes and, where there is one, a payload: the d elements of a
/// vector as raw little-endian IEEE 754 binary32, or the 32 bytes of a digest. Two frames instead of one let a vector be
/// sent from, and used in, the memory it lies in.
///
/// | offset | bytes | field                                                            |
/// | -----: | ----: | ---------------------------------------------------------------- |
/// |      0 |     4 | magic: the characters `BYZS`                                     |
/// |      4 |     2 | version, 1                                                       |
/// |      6 |     1 | kind                                                             |
/// |      7 |     1 | role of the sender: 0 server, 1 worker                           |
/// |      8 |     4 | index of the sender in its role                                  |
/// |     12 |     4 | reserved, 0                                                      |
/// |     16 |     8 | step t; 0 where the kind has none                                |
/// |     24 |     8 | number of elements in the payload; 0 where the kind has no vector |
/// |     32 |    32 | SHA-256 digest of the topology that the sender runs              |
///
/// Integers are unsigned and little-endian. What a header claims about its sender is only compared with what the link says.
public enum WireFormat {
  public static let version: UInt16 = 1
  /// Bytes in a header.
  public static let headerLength = 64
  /// Bytes in a topology digest.
  public static let digestLength = 32

  static let magic: [UInt8] = Array("BYZS".utf8)

  /// The kinds of message, as the header numbers them.
  enum Kind: UInt8 {
    case model = 1
    case momentum = 2
    case gatherModel = 3
    /// A server's digest of its model; the payload is its 32 bytes.
    case digest = 4
    case modelRequest = 17
    case momentumRequest = 18
    case gatherModelRequest = 19
    case done = 32
    /// Tells the other side of a new connection who is there.
    case hello = 33
    /// Tells a peer that its topology differs. The payload is the digest that it sent.
    case refusal = 64
  }

  /// The most bytes that an honest frame of a run with `dimension` parameters has.
  public static func largestFrame(dimension: Int) -> Int { max(headerLength, digestLength, 4 * dimension) }
}

/// What a valid header and payload say.
public enum Frame: Equatable, Sendable {
  /// `claimed` is the sender that the header names.
  case message(Message, claimed: NodeID)
  /// The sender that the header names has made this connection, and has nothing else to say yet.
  case hello(claimed: NodeID)
  /// A message of a peer that runs another topology, the one with the digest `theirs`; nil if this one has no such node.
  case foreign(claimed: NodeID?, theirs: [UInt8])
  /// The peer runs the topology with the digest `theirs` and has turned away a message of ours with the digest `seen`.
  case refusal(claimed: NodeID?, theirs: [UInt8], seen: [UInt8])
}

/// Why frames are not a message of this run. Such a message is counted and dropped.
public enum WireError: Error, Equatable, Sendable {
  /// It is not one or two frames.
  case frameCount(Int)
  case headerLength(Int)
  case magic
  case version(UInt16)
  case kind(UInt8)
  /// The reserved bytes are not 0.
  case reserved
  /// The header names no node of the run, or one whose role does not say this.
  case sender
  case step(UInt64)
  /// The header announces this many elements.
  case dimension(UInt64)
  /// The payload has this many bytes, or is missing or superfluous.
  case payloadLength(Int)

  /// A short name to count by.
  public var name: String {
    switch self {
    case .frameCount: "frameCount"
    case .headerLength: "headerLength"
    case .magic: "magic"
    case .version: "version"
    case .kind: "kind"
    case .reserved: "reserved"
    case .sender: "sender"
    case .step: "step"
    case .dimension: "dimension"
    case .payloadLength: "payloadLength"
    }
  }
}
