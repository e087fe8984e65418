import ByzNumerics
import Testing

@testable import ByzProtocol

@Suite struct ModelDigestTests {
  private let topology = (0..<32).map { UInt8($0) }

  private func text(_ digest: ModelDigest) -> String {
    digest.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// What Python's hashlib.blake2b says, an implementation of its own: digest_size=32, the key the topology's digest and
  /// struct.pack('<Q', 7), the data struct.pack('<4f', 1, -2, 3.5, 1e30).
  @Test func isKeyedBLAKE2b() {
    let digest = ModelDigest(of: Vector([1, -2, 3.5, 1e30]), step: 7, topologyDigest: topology)
    #expect(text(digest) == "023c161c24f0784a616220e5e7b72ec3a44a67fb77be22e0f78463775d94dd71")
    let empty = ModelDigest(of: Vector([Float]()), step: 7, topologyDigest: topology)
    #expect(text(empty) == "77e64f0416a32df9a26b9b824c6815b601e1f0887ae76a0e2f304a3231f691c3")
  }

  @Test func coversTopologyStepAndEveryBit() {
    let model = Vector([1, 0, 3])
    let digest = ModelDigest(of: model, step: 7, topologyDigest: topology)
    #expect(digest == ModelDigest(of: Vector(model.elements), step: 7, topologyDigest: topology))
    #expect(digest != ModelDigest(of: model, step: 8, topologyDigest: topology))
    #expect(digest != ModelDigest(of: model, step: 7, topologyDigest: topology.reversed()))
    // Zeros of either sign are equal numbers and other bits.
    #expect(digest != ModelDigest(of: Vector([1, -0.0, 3]), step: 7, topologyDigest: topology))
    #expect(digest != ModelDigest(of: Vector([1, 0, 3, 0]), step: 7, topologyDigest: topology))
  }

  @Test func has32Bytes() {
    #expect(
      ModelDigest([UInt8](repeating: 1, count: 31)) == nil && ModelDigest([UInt8](repeating: 1, count: 33)) == nil)
    let digest = ModelDigest(topology)
    #expect(digest?.bytes == topology)
    #expect(digest?.complement.bytes == topology.map { 255 - $0 } && digest?.complement.complement == digest)
  }
}
