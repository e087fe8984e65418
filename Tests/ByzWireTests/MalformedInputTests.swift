import ByzNumerics
import ByzProtocol
import ByzWire
import Testing

/// Each way in which frames can be wrong is found and named.
@Suite struct MalformedInputTests {
  private static let momentum = frames(
    of: .vector(.momentum, step: 7, Vector([1, 2, 3, 4, 5, 6])), from: .worker(4))
  private static let request = frames(of: .request(.model, step: 7), from: .worker(4))
  private static let modelDigest = frames(of: .digest(step: 7, ModelDigest(otherDigest)!), from: .server(2))
  private static let done = frames(of: .done, from: .worker(4))
  private static let hello = [codec(.worker(4)).hello]
  private static let refusal = [codec(.worker(4)).refusalHeader, otherDigest]

  /// `frames` with the bytes from `offset` of the header on replaced.
  private static func changed(_ frames: [[UInt8]], at offset: Int, to bytes: UInt8...) -> [[UInt8]] {
    var frames = frames
    frames[0].replaceSubrange(offset..<offset + bytes.count, with: bytes)
    return frames
  }

  private func expect(_ error: WireError, _ frames: [[UInt8]], at location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) { try decode(frames) }
  }

  /// The frames that the others here are made of are valid as they are.
  @Test func theUnchangedAreValid() throws {
    for frames in [Self.momentum, Self.request, Self.modelDigest, Self.done, Self.hello, Self.refusal] {
      _ = try decode(frames)
    }
  }

  @Test func numberOfFrames() {
    expect(.frameCount(0), [])
    expect(.frameCount(3), Self.momentum + [[]])
    expect(.frameCount(9), Array(repeating: Self.request[0], count: 9))
  }

  @Test func lengthOfTheHeader() {
    expect(.headerLength(0), [[]])
    expect(.headerLength(0), [[], Self.momentum[1]])
    expect(.headerLength(24), Self.momentum.reversed())
    expect(.headerLength(63), [Array(Self.request[0].dropLast())])
    expect(.headerLength(65), [Self.request[0] + [0]])
  }

  @Test func magicAndVersion() {
    for offset in 0..<4 { expect(.magic, Self.changed(Self.request, at: offset, to: 0)) }
    expect(.version(0), Self.changed(Self.request, at: 4, to: 0))
    expect(.version(2), Self.changed(Self.request, at: 4, to: 2))
    expect(.version(0x0201), Self.changed(Self.request, at: 4, to: 1, 2))
  }

  @Test func kind() {
    let known: Set<UInt8> = [1, 2, 3, 4, 17, 18, 19, 32, 33, 64]
    for kind in 0...UInt8.max where !known.contains(kind) {
      expect(.kind(kind), Self.changed(Self.request, at: 6, to: kind))
      expect(.kind(kind), Self.changed(Self.momentum, at: 6, to: kind))
    }
  }

  @Test func reservedBytes() {
    for offset in 12..<16 { expect(.reserved, Self.changed(Self.request, at: offset, to: 1)) }
  }

  @Test func senderThatDoesNotExist() {
    for role in 2...UInt8.max { expect(.sender, Self.changed(Self.request, at: 7, to: role)) }
    expect(.sender, Self.changed(Self.request, at: 8, to: 7))
    expect(.sender, Self.changed(Self.request, at: 7, to: 0, 5))
    // 2^24 and 2^32 - 1.
    expect(.sender, Self.changed(Self.request, at: 8, to: 0, 0, 0, 1))
    expect(.sender, Self.changed(Self.request, at: 8, to: 255, 255, 255, 255))
  }

  @Test func senderWhoseRoleDoesNotSayThis() {
    expect(.sender, Self.changed(Self.momentum, at: 7, to: 0))
    for kind in [1, 3] as [UInt8] { expect(.sender, Self.changed(Self.momentum, at: 6, to: kind)) }
    for kind in [18, 19] as [UInt8] { expect(.sender, Self.changed(Self.request, at: 6, to: kind)) }
    // There is a worker-2, but workers have no models.
    expect(.sender, Self.changed(Self.modelDigest, at: 7, to: 1))
  }

  @Test func step() {
    expect(.step(100), Self.changed(Self.momentum, at: 16, to: 100))
    expect(.step(100), Self.changed(Self.request, at: 16, to: 100))
    expect(.step(7 + 1 << 32), Self.changed(Self.request, at: 20, to: 1))
    expect(.step(.max), Self.changed(Self.request, at: 16, to: 255, 255, 255, 255, 255, 255, 255, 255))
    expect(.step(7 + 1 << 63), Self.changed(Self.momentum, at: 23, to: 0x80))
    expect(.step(100), Self.changed(Self.modelDigest, at: 16, to: 100))
    expect(.step(7 + 1 << 32), Self.changed(Self.modelDigest, at: 20, to: 1))
    expect(.step(7 + 1 << 63), Self.changed(Self.modelDigest, at: 23, to: 0x80))
    expect(.step(.max), Self.changed(Self.modelDigest, at: 16, to: 255, 255, 255, 255, 255, 255, 255, 255))
    expect(.step(1), Self.changed(Self.done, at: 16, to: 1))
    expect(.step(1), Self.changed(Self.hello, at: 16, to: 1))
    expect(.step(1), Self.changed(Self.refusal, at: 16, to: 1))
  }

  @Test func dimension() {
    expect(.dimension(0), Self.changed(Self.momentum, at: 24, to: 0))
    expect(.dimension(5), Self.changed(Self.momentum, at: 24, to: 5))
    expect(.dimension(7), Self.changed(Self.momentum, at: 24, to: 7))
    expect(.dimension(6 + 1 << 62), Self.changed(Self.momentum, at: 31, to: 0x40))
    expect(.dimension(6), Self.changed(Self.request, at: 24, to: 6))
    // Neither those of the model nor those that 32 bytes would have room for.
    for elements in [1, 6, 8, 32] as [UInt8] {
      expect(.dimension(UInt64(elements)), Self.changed(Self.modelDigest, at: 24, to: elements))
    }
    expect(.dimension(1 << 56), Self.changed(Self.modelDigest, at: 31, to: 1))
    expect(.dimension(1), Self.changed(Self.done, at: 24, to: 1))
    expect(.dimension(1), Self.changed(Self.hello, at: 24, to: 1))
    expect(.dimension(1), Self.changed(Self.refusal, at: 24, to: 1))
  }

  @Test func payload() {
    expect(.payloadLength(0), [Self.momentum[0]])
    expect(.payloadLength(0), [Self.momentum[0], []])
    expect(.payloadLength(23), [Self.momentum[0], Array(Self.momentum[1].dropLast())])
    expect(.payloadLength(25), [Self.momentum[0], Self.momentum[1] + [0]])
    expect(.payloadLength(24), Self.request + [Self.momentum[1]])
    expect(.payloadLength(0), Self.request + [[]])
    expect(.payloadLength(24), Self.done + [Self.momentum[1]])
    expect(.payloadLength(24), Self.hello + [Self.momentum[1]])
    expect(.payloadLength(0), [Self.modelDigest[0]])
    expect(.payloadLength(0), [Self.modelDigest[0], []])
    expect(.payloadLength(31), [Self.modelDigest[0], Array(Self.modelDigest[1].dropLast())])
    expect(.payloadLength(33), [Self.modelDigest[0], Self.modelDigest[1] + [0]])
    // The payload of a model of 6 parameters, and a vector of 8 that is as long as a digest.
    expect(.payloadLength(24), [Self.modelDigest[0], Self.momentum[1]])
    expect(.payloadLength(32), [Self.momentum[0], Self.modelDigest[1]])
    expect(.payloadLength(0), [Self.refusal[0]])
    expect(.payloadLength(31), [Self.refusal[0], Array(otherDigest.dropLast())])
    expect(.payloadLength(33), [Self.refusal[0], otherDigest + [0]])
  }

  /// What runs another topology is told so, whatever else its message says; only who it is must be readable.
  @Test func otherTopology() throws {
    let foreign = frames(of: .request(.model, step: 7), from: .worker(4), digest: otherDigest)
    #expect(try decode(foreign) == .foreign(claimed: .worker(4), theirs: otherDigest))
    for offset in 32..<64 {
      var theirs = digest
      theirs[offset - 32] ^= 1
      let flipped = Self.changed(Self.momentum, at: offset, to: theirs[offset - 32])
      #expect(try decode(flipped) == .foreign(claimed: .worker(4), theirs: theirs), "byte \(offset)")
    }
    // Its steps, dimension and nodes may be others.
    #expect(
      try decode(Self.changed(foreign, at: 16, to: 200)) == .foreign(claimed: .worker(4), theirs: otherDigest))
    #expect(try decode(foreign + [[1, 2]]) == .foreign(claimed: .worker(4), theirs: otherDigest))
    #expect(try decode(Self.changed(foreign, at: 8, to: 7)) == .foreign(claimed: nil, theirs: otherDigest))
    #expect(try decode(Self.changed(foreign, at: 7, to: 2)) == .foreign(claimed: nil, theirs: otherDigest))
    expect(.version(2), Self.changed(foreign, at: 4, to: 2))
    let digestOfIt = frames(of: .digest(step: 7, ModelDigest(digest)!), from: .server(2), digest: otherDigest)
    #expect(try decode(digestOfIt) == .foreign(claimed: .server(2), theirs: otherDigest))
  }

  @Test func refusal() throws {
    let frames = [codec(.server(1), digest: otherDigest).refusalHeader, digest]
    #expect(try decode(frames) == .refusal(claimed: .server(1), theirs: otherDigest, seen: digest))
    #expect(
      try decode(Self.changed(frames, at: 8, to: 5)) == .refusal(claimed: nil, theirs: otherDigest, seen: digest))
  }

  @Test func everyErrorHasAName() {
    let errors: [WireError] = [
      .frameCount(3), .headerLength(1), .magic, .version(2), .kind(0), .reserved, .sender, .step(1), .dimension(1),
      .payloadLength(1),
    ]
    // The case, without what it holds.
    for error in errors { #expect("\(error)".split(separator: "(").first.map(String.init) == error.name) }
  }
}
