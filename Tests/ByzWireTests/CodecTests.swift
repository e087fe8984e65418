import ByzNumerics
import ByzProtocol
import ByzWire
import Testing

/// What is written can be read, and looks as the table of `WireFormat` says.
@Suite struct CodecTests {
  @Test(arguments: [0, 1, 2, 3]) func roundTrip(misalignedBy offset: Int) throws {
    for seed in 0..<1000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let message = generator.message()
      let sender = generator.sender(of: message)
      let read = try decode(frames(of: message, from: sender), misalignedBy: offset)
      #expect(read == .message(message, claimed: sender), "seed \(seed)")
    }
  }

  /// The numbers here are those of the format, written down by hand.
  private static let layouts: [(Message, NodeID, UInt8, UInt8, UInt8, [UInt8], UInt8)] = [
    (.vector(.model, step: 5, Vector(repeating: 0, count: 6)), .server(2), 1, 0, 2, [5, 0, 0, 0, 0, 0, 0, 0], 6),
    (.vector(.momentum, step: 99, Vector(repeating: 0, count: 6)), .worker(6), 2, 1, 6, [99, 0, 0, 0, 0, 0, 0, 0], 6),
    (.vector(.gatherModel, step: 0, Vector(repeating: 0, count: 6)), .server(0), 3, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0], 6),
    (.request(.model, step: 1), .worker(1), 17, 1, 1, [1, 0, 0, 0, 0, 0, 0, 0], 0),
    (.request(.momentum, step: 2), .server(3), 18, 0, 3, [2, 0, 0, 0, 0, 0, 0, 0], 0),
    (.request(.gatherModel, step: 3), .server(4), 19, 0, 4, [3, 0, 0, 0, 0, 0, 0, 0], 0),
    (.digest(step: 6, ModelDigest(otherDigest)!), .server(1), 4, 0, 1, [6, 0, 0, 0, 0, 0, 0, 0], 0),
    // No run has that many steps here, but headers do have the room, lowest byte first.
    (.request(.model, step: 0x0102_0304_0506_0708), .worker(0), 17, 1, 0, [8, 7, 6, 5, 4, 3, 2, 1], 0),
    (.done, .worker(3), 32, 1, 3, [0, 0, 0, 0, 0, 0, 0, 0], 0),
  ]

  @Test(arguments: layouts)
  func headerLayout(
    message: Message, sender: NodeID, kind: UInt8, role: UInt8, index: UInt8, step: [UInt8], elements: UInt8
  ) {
    let magic: [UInt8] = [0x42, 0x59, 0x5A, 0x53]
    var expected = magic + [1, 0, kind, role, index, 0, 0, 0, 0, 0, 0, 0]
    expected += step
    expected += [elements, 0, 0, 0, 0, 0, 0, 0]
    expected += digest
    #expect(expected.count == 64)
    #expect(codec(sender).header(of: message) == expected)
  }

  @Test func largeNumbersAreWrittenLowestByteFirst() {
    let vector = Vector(repeating: 0, count: 0x01_0203)
    let header = codec(.worker(0x0102_0304)).header(of: .vector(.momentum, step: 0, vector))
    #expect(Array(header[8..<12]) == [4, 3, 2, 1])
    #expect(Array(header[24..<32]) == [3, 2, 1, 0, 0, 0, 0, 0])
  }

  @Test func refusalLayout() {
    let start: [UInt8] = [0x42, 0x59, 0x5A, 0x53, 1, 0, 64, 0, 3, 0, 0, 0]
    #expect(codec(.server(3)).refusalHeader == start + [UInt8](repeating: 0, count: 20) + digest)
  }

  @Test func helloLayout() throws {
    let start: [UInt8] = [0x42, 0x59, 0x5A, 0x53, 1, 0, 33, 1, 2, 0, 0, 0]
    #expect(codec(.worker(2)).hello == start + [UInt8](repeating: 0, count: 20) + digest)
    #expect(try decode([codec(.worker(2)).hello]) == .hello(claimed: .worker(2)))
  }

  /// The payload is read in the order of bytes of the format, whatever machine this is.
  @Test func payloadIsLittleEndianBinary32() throws {
    let header = codec(.worker(0)).header(of: .vector(.momentum, step: 0, Vector(repeating: 0, count: 6)))
    let payload: [UInt8] = [
      0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0x80, 0x7F, 0xDA, 0x0F, 0x49, 0x40,
    ]
    let vector = Vector([1, -2, -0.0, .leastNonzeroMagnitude, .infinity, .pi])
    #expect(try decode([header, payload]) == .message(.vector(.momentum, step: 0, vector), claimed: .worker(0)))
  }

  /// The payload of a digest is its 32 bytes as they are, wherever they lie.
  @Test(arguments: [0, 1, 2, 3]) func digestsTravelAsTheirBytes(misalignedBy offset: Int) throws {
    let bytes = (0..<32).map { UInt8(0xFF - 7 * $0) }
    let expected = try #require(ModelDigest(bytes))
    for step in [0, 1, 99] {
      // A header does not depend on the digest that follows it.
      let header = codec(.server(3)).header(of: .digest(step: step, try #require(ModelDigest(otherDigest))))
      let read = try decode([header, bytes], misalignedBy: offset)
      #expect(read == .message(.digest(step: step, expected), claimed: .server(3)), "step \(step)")
    }
  }

  @Test func alignedPayloadIsBorrowedAndKeptAlive() throws {
    let message = Message.vector(.momentum, step: 0, Vector([1, 2, 3, 4, 5, 6]))
    let written = frames(of: message, from: .worker(0))
    var owner: Frames? = Frames(written.map { FrameMemory($0) })
    weak let observed = owner
    let address = UInt(bitPattern: owner?.memories[1].bytes.baseAddress)
    var read: Vector? = try vector(in: try #require(owner))
    #expect(read?.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } == address)
    owner = nil
    #expect(observed != nil && read?.elements == [1, 2, 3, 4, 5, 6])
    read = nil
    #expect(observed == nil)
  }

  @Test(arguments: [1, 2, 3]) func misalignedPayloadIsCopied(offset: Int) throws {
    let message = Message.vector(.momentum, step: 0, Vector([1, 2, 3, 4, 5, 6]))
    let written = frames(of: message, from: .worker(0))
    var owner: Frames? = Frames(written.map { FrameMemory($0, misalignedBy: offset) })
    weak let observed = owner
    let read = try vector(in: try #require(owner))
    owner = nil
    #expect(observed == nil)
    #expect(read.elements == [1, 2, 3, 4, 5, 6])
    #expect(read.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) % 64 } == 0)
  }

  private func vector(in frames: Frames) throws -> Vector {
    let frame = try codec(.server(0)).decode(frames.memories.map(\.bytes), owner: frames)
    guard case .message(.vector(_, _, let vector), _) = frame else { throw WireError.kind(0) }
    return vector
  }

  @Test func largestFrameIsTheLargestOfHeaderDigestAndVector() {
    #expect(codec(.server(0)).largestFrame == 64)
    #expect([1, 16, 17, 79_510].map { WireFormat.largestFrame(dimension: $0) } == [64, 64, 68, 318_040])
    #expect(WireFormat.headerLength == 64 && WireFormat.digestLength == 32 && WireFormat.version == 1)
  }
}
