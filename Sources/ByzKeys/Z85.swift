/// ZeroMQ's text form of bytes (RFC 32): five characters for four bytes.
enum Z85 {
  private static let digits = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

  private static let values = Dictionary(uniqueKeysWithValues: digits.enumerated().map { ($1, UInt64($0)) })

  /// - Precondition: the number of bytes is a multiple of four.
  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 4) {
      var value = bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt64($1) }
      var group: [UInt8] = []
      for _ in 0..<5 {
        group.append(digits[Int(value % 85)])
        value /= 85
      }
      text += group.reversed()
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil if `text` is not the text form of any bytes.
  static func decode(_ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 5) else { return nil }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: characters.count, by: 5) {
      var value: UInt64 = 0
      for character in characters[start..<start + 5] {
        guard let digit = values[character] else { return nil }
        value = value * 85 + digit
      }
      guard let group = UInt32(exactly: value) else { return nil }
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: group >> (24 - 8 * $0)) }
    }
    return bytes
  }
}
