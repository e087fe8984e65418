/// A CURVE public key, by which a node is known: 32 bytes, written as the 40 characters of ZeroMQ's Z85 (RFC 32).
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
  /// Bytes in a key.
  public static let length = 32

  public let bytes: [UInt8]

  /// - Precondition: `bytes` are 32.
  init(trusted bytes: [UInt8]) {
    precondition(bytes.count == Self.length, "a key has 32 bytes")
    self.bytes = bytes
  }

  /// The key with these bytes; nil unless they are 32.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.length else { return nil }
    self.init(trusted: Array(bytes))
  }

  /// The key that `text` spells in Z85; nil if it spells none.
  public init?(_ text: String) {
    guard let bytes = Z85.decode(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// The key in Z85, which has neither quotes nor backslashes: fit to stand between quotes.
  public var description: String { Z85.encode(bytes) }
}
