import CZeroMQ
import Testing

@testable import ByzKeys

@Suite struct KeyTests {
  /// libzmq's own text form of `bytes`.
  private func text(of bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: 41)
    zmq_z85_encode(&text, bytes, bytes.count)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func textsAreThoseOfZeroMQ() throws {
    var generator = SystemRandomNumberGenerator()
    for bytes in [[UInt8](repeating: 0, count: 32), [UInt8](repeating: 255, count: 32)]
      + (0..<200).map({ _ in (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) } })
    {
      let key = try #require(PublicKey(bytes: bytes))
      #expect("\(key)" == text(of: bytes))
      #expect(PublicKey("\(key)") == key)
    }
  }

  /// The example of RFC 32.
  @Test func publishedExample() {
    #expect(Z85.decode("HelloWorld") == [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])
  }

  @Test(arguments: [
    "", "short", String(repeating: "0", count: 39), String(repeating: "0", count: 45),
    String(repeating: "#", count: 40), String(repeating: "0", count: 39) + "\"", String(repeating: "ü", count: 20),
  ])
  func noKeys(text: String) {
    #expect(PublicKey(text) == nil)
  }

  @Test func publicKeysAreThoseOfZeroMQ() {
    for _ in 0..<20 {
      let secret = SecretKey()
      var text = [CChar](repeating: 0, count: 41)
      #expect(zmq_curve_public(&text, secret.text) == 0)
      #expect("\(secret.publicKey)" == String(decoding: text.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
  }

  @Test func secretsAreDifferentAndDoNotShow() {
    let (one, other) = (SecretKey(), SecretKey())
    #expect(one.bytes != other.bytes && one.publicKey != other.publicKey)
    var dumped = ""
    dump((one, [one]), to: &dumped)
    for shown in ["\(one)", String(reflecting: one), dumped] {
      #expect(!shown.contains(one.text) && !shown.contains("\(one.bytes[0]), \(one.bytes[1])"))
    }
  }
}
