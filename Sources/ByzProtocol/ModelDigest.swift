import ByzNumerics
import CSodium

/// 32 bytes that stand for one model of one step of one run: BLAKE2b (RFC 7693) over the elements as raw
/// little-endian binary32, keyed with the topology's digest and the step as 8 bytes, little-endian.
///
/// Nobody can find another model with the digest of a given one, so that f_ps + 1 equal digests of distinct servers, of which
/// one is honest, prove that a model is an honest server's.
public struct ModelDigest: Hashable, Sendable {
  /// How many bytes it has.
  public static let length = 32

  /// The bytes.
  public let bytes: [UInt8]

  /// The digest that these bytes are; nil unless there are 32.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.length else { return nil }
    self.bytes = Array(bytes)
  }

  /// The digest of `model`, of d elements, as the model of `step` in the run whose topology has `topologyDigest`.
  public init(of model: Vector, step: Int, topologyDigest: [UInt8]) {
    let key = topologyDigest + withUnsafeBytes(of: UInt64(step).littleEndian) { Array($0) }
    var hash = [UInt8](repeating: 0, count: Self.length)
    model.withUnsafeBufferPointer { elements in
      let payload = UnsafeRawBufferPointer(elements)
      // It cannot fail: it has a status for lengths that it does not support.
      _ = crypto_generichash(
        &hash, hash.count, payload.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(payload.count), key,
        key.count)
    }
    bytes = hash
  }

  /// Another digest, as one who lies gives it: of nothing that anybody could show.
  public var complement: ModelDigest { ModelDigest(unchecked: bytes.map { ~$0 }) }

  private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}

extension ModelDigest: CustomStringConvertible {
  /// The first 8 hexadecimal digits.
  public var description: String {
    bytes.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
