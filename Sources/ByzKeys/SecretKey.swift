import CSodium

/// A CURVE secret key: who has it is the node.
public struct SecretKey: Sendable {
  /// Its 32 bytes. They belong into the node's memory and its file, never into a message or a log.
  public let bytes: [UInt8]

  /// A new key, from the system's randomness.
  public init() {
    var publicKey = [UInt8](repeating: 0, count: Int(crypto_box_PUBLICKEYBYTES))
    var secretKey = [UInt8](repeating: 0, count: Int(crypto_box_SECRETKEYBYTES))
    // The status is always 0: the function has one because all of its library's functions have one.
    _ = crypto_box_keypair(&publicKey, &secretKey)
    bytes = secretKey
  }

  /// The key that `text` spells in Z85; nil if it spells none.
  package init?(_ text: String) {
    guard let bytes = Z85.decode(text), bytes.count == PublicKey.length else { return nil }
    self.bytes = bytes
  }

  /// The key in Z85, for its file alone.
  package var text: String { Z85.encode(bytes) }

  /// What the others know the owner by.
  public var publicKey: PublicKey {
    var key = [UInt8](repeating: 0, count: PublicKey.length)
    _ = crypto_scalarmult_base(&key, bytes)
    return PublicKey(trusted: key)
  }
}

/// It never shows what it is, whoever prints a value that holds one.
extension SecretKey: CustomStringConvertible, CustomReflectable {
  public var description: String { "a secret key" }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
