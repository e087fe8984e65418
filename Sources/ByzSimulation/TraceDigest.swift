import ByzNumerics
import ByzProtocol

/// A 64-bit digest of everything that happened in a run, in order: equal schedules with equal vectors give equal digests.
///
/// It tells runs apart, and is not made to withstand someone who wants two runs to collide. The mixing is that of
/// SplitMix64's output function (Steele, Lea and Flood, OOPSLA 2014), applied to each word in turn.
struct TraceDigest {
  // Not 0, which leading words of 0 would leave as it is.
  private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func add(_ word: UInt64) {
    var mixed = (value &* 0xD134_2543_DE82_EF95) ^ word
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    value = mixed ^ (mixed >> 31)
  }

  mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  mutating func add(_ node: NodeID) { add(node.role == .server ? node.index : -1 - node.index) }

  mutating func add(_ vector: Vector) {
    vector.withUnsafeBufferPointer { for element in $0 { add(UInt64(element.bitPattern)) } }
  }

  /// A vector's own digest.
  static func of(_ vector: Vector) -> UInt64 {
    var digest = TraceDigest()
    digest.add(vector)
    return digest.value
  }

  /// Sixteen hexadecimal digits.
  var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
