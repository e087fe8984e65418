import ByzNumerics
import ByzProtocol
import Foundation
import Testing

@testable import ByzTransport

/// The files in which the nodes of a machine leave vectors for each other.
@Suite(.timeLimit(.minutes(1))) struct SharedVectorsTests {
  /// A folder that a test has for itself.
  private final class Folder {
    let path = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      Transport.shareVectors(besideSocketsIn: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func shared() throws -> SharedFolder {
      try #require(SharedFolder(besideSocketAt: "ipc://\(path)/0", dimension: 10_000))
    }
  }

  private let folder: Folder
  private let shared: SharedFolder
  private let layout = SlotLayout(dimension: 10_000, places: 9)
  private let peers: PeerVectors

  init() throws {
    folder = try Folder()
    shared = try folder.shared()
    peers = PeerVectors(in: shared, layout: layout)
  }

  private func own(_ node: NodeID = .worker(0)) throws -> OwnVectors {
    try #require(OwnVectors(of: node, in: shared, layout: layout))
  }

  private func read(_ reference: VectorReference) -> PeerVectors.Outcome { peers.read(reference, of: .worker(0)) }

  // MARK: Writing and reading

  /// An odd number of elements ends in the middle of a word.
  @Test(arguments: [10_000, 10_001]) func whatIsReadIsWhatWasWritten(dimension: Int) throws {
    let layout = SlotLayout(dimension: dimension, places: 9)
    let own = try #require(OwnVectors(of: .worker(0), in: shared, layout: layout))
    let peers = PeerVectors(in: shared, layout: layout)
    var generator = SeededGenerator(seed: 1)
    for place in 0..<9 {
      // Any bits: NaNs, infinities and subnormal numbers among them.
      let vector = Vector((0..<dimension).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) })
      let reference = try #require(own.reference(to: vector, of: place, in: place))
      #expect(peers.read(reference, of: .worker(0)).vector == vector)
    }
  }

  @Test func theSameVectorIsWrittenOnce() throws {
    let (own, vector) = (try own(), Vector(repeating: 1, count: 10_000))
    let reference = try #require(own.reference(to: vector, of: 5, in: 2))
    try overwrite(place: 2, with: 9)
    #expect(own.reference(to: vector, of: 5, in: 2) == reference)
    // Had it been written anew, what was written over it would be gone.
    #expect(read(reference).vector?[0] == 9)
  }

  /// A node that says one thing to some and another to others has to send the latter over the socket.
  @Test func anotherVectorOfTheSameStepHasNoRoom() throws {
    let (own, vector) = (try own(), Vector(repeating: 1, count: 10_000))
    let reference = try #require(own.reference(to: vector, of: 5, in: 2))
    #expect(own.reference(to: Vector(repeating: 1, count: 10_000), of: 5, in: 2) == nil)
    #expect(own.reference(to: vector, of: 5, in: 2) == reference && read(reference).vector == vector)
  }

  @Test func aNewerStepTakesThePlace() throws {
    let (own, old, new) = (try own(), Vector(repeating: 1, count: 10_000), Vector(repeating: 2, count: 10_000))
    let former = try #require(own.reference(to: old, of: 5, in: 2))
    let other = try #require(own.reference(to: old, of: 6, in: 0))
    #expect(read(former).vector == old)
    let latter = try #require(own.reference(to: new, of: 8, in: 2))
    #expect(read(former).name == "overwritten" && read(latter).vector == new && read(other).vector == old)
    // The older one, which somebody may ask for again, does not get it back.
    #expect(own.reference(to: old, of: 5, in: 2) == nil && read(latter).vector == new)
  }

  @Test func aWriterThatIsStartedAgainIsFound() throws {
    let (old, new) = (Vector(repeating: 1, count: 10_000), Vector(repeating: 2, count: 10_000))
    let first = try own()
    let former = try #require(first.reference(to: old, of: 5, in: 2))
    #expect(read(former).vector == old)
    let second = try own()
    // As long as nothing of the new one is known, the old file serves.
    #expect(read(former).vector == old)
    let latter = try #require(second.reference(to: new, of: 5, in: 2))
    #expect(former != latter && read(latter).vector == new && read(former).name == "overwritten")
    withExtendedLifetime(first) {}
  }

  /// What was read stays, whatever becomes of the file.
  @Test func whatWasReadIsTheReadersOwn() throws {
    let (own, vector) = (try own(), Vector(repeating: 1, count: 10_000))
    let reference = try #require(own.reference(to: vector, of: 5, in: 2))
    let memory = try #require(read(reference).vector)
    try overwrite(place: 2, with: 9)
    #expect(truncate(shared.file(of: .worker(0)), 0) == 0)
    #expect(memory == vector)
  }

  private func overwrite(place: Int, with element: Float) throws {
    let file = try #require(FileHandle(forWritingAtPath: shared.file(of: .worker(0))))
    try file.seek(toOffset: UInt64(layout.offset(of: place)))
    try file.write(contentsOf: Vector(repeating: element, count: 10_000).withUnsafeBufferPointer { Data(buffer: $0) })
  }

  // MARK: What is not as it should be

  @Test func whatNobodyHasWrittenIsNotThere() throws {
    let own = try own()
    let known = try #require(own.reference(to: Vector(repeating: 1, count: 10_000), of: 0, in: 0))
    #expect(read(VectorReference(place: 0, serial: known.serial + 1)).name == "overwritten")
    #expect(read(VectorReference(place: 1, serial: known.serial)).name == "overwritten")
    // The number that a slot has before there is a vector in it.
    #expect(read(VectorReference(place: 1, serial: 0)).name == "missing")
    for place in [9, 10, Int(UInt32.max)] {
      #expect(read(VectorReference(place: place, serial: known.serial)).name == "missing")
    }
    #expect(peers.read(known, of: .worker(1)).name == "missing")
  }

  /// A file that becomes shorter while it is known, and one that was from the beginning.
  @Test func aShortenedFileIsMissing() throws {
    let own = try own()
    let reference = try #require(own.reference(to: Vector(repeating: 1, count: 10_000), of: 0, in: 8))
    #expect(read(reference).vector != nil)
    #expect(truncate(shared.file(of: .worker(0)), off_t(layout.fileBytes - 1)) == 0)
    #expect(PeerVectors(in: shared, layout: layout).read(reference, of: .worker(0)).name == "missing")
    #expect(truncate(shared.file(of: .worker(0)), 0) == 0)
    #expect(read(reference).name == "missing")
  }

  /// Opening a pipe would wait for somebody to write to it.
  @Test func whatIsNoFileIsMissing() throws {
    let writer = try own(.worker(1))
    let reference = try #require(writer.reference(to: Vector(repeating: 1, count: 10_000), of: 0, in: 0))
    let path = shared.file(of: .worker(0))
    let makers: [(String, () -> Int32)] = [
      ("directory", { mkdir(path, 0o700) }), ("pipe", { mkfifo(path, 0o600) }),
      ("link", { symlink(shared.file(of: .worker(1)), path) }), ("device", { symlink("/dev/zero", path) }),
    ]
    for (name, make) in makers {
      try #require(make() == 0, "\(name)")
      #expect(read(reference).name == "missing", "\(name)")
      try #require(Glibc.remove(path) == 0, "\(name)")
    }
    #expect(peers.read(reference, of: .worker(1)).vector != nil)
  }

  @Test func whereNothingCanBeWrittenVectorsGoOverTheSockets() throws {
    try #require(mkdir(shared.file(of: .worker(0)), 0o700) == 0)
    #expect(OwnVectors(of: .worker(0), in: shared, layout: layout) == nil)
    try FileManager.default.removeItem(atPath: shared.path)
    #expect(OwnVectors(of: .worker(1), in: shared, layout: layout) == nil)
  }

  /// A place before the beginning of the file cannot be written, as if there were no memory left.
  @Test func afterAFailureVectorsGoOverTheSockets() throws {
    let (own, vector) = (try own(), Vector(repeating: 1, count: 10_000))
    let known = try #require(own.reference(to: vector, of: 0, in: 0))
    #expect(own.reference(to: vector, of: 1, in: -1) == nil)
    #expect(own.reference(to: vector, of: 1, in: 1) == nil)
    // What is there stays.
    #expect(own.reference(to: vector, of: 0, in: 0) == known && read(known).vector == vector)
  }

  // MARK: References

  @Test func referencesAreReadAsTheyAreWritten() {
    for (place, serial) in [(0, UInt64(0)), (8, 1_700_000_000_123_456_789), (Int(UInt32.max), .max)] {
      let reference = VectorReference(place: place, serial: serial)
      #expect(reference.bytes.count == VectorReference.length)
      #expect(reference.bytes.withUnsafeBytes { VectorReference($0) } == reference)
    }
    #expect(VectorReference(place: 3, serial: 0x0201).bytes == [1, 2, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func otherLengthsAreNoReferences() {
    for length in (0...40).filter({ $0 != VectorReference.length }) {
      #expect([UInt8](repeating: 0, count: length).withUnsafeBytes { VectorReference($0) } == nil)
    }
  }

  // MARK: Where vectors are shared

  @Test func aFolderIsSharedBesideSocketsAlone() throws {
    #expect(shared.path == "\(folder.path)/vectors")
    let elsewhere = try Folder()
    try FileManager.default.removeItem(atPath: try elsewhere.shared().path)
    for address in ["tcp://127.0.0.1:7000", "ipc://@abstract", "ipc://0", folder.path, "ipc://\(elsewhere.path)/0"] {
      #expect(SharedFolder(besideSocketAt: address, dimension: 10_000) == nil, "\(address)")
    }
    // A file of that name is no folder.
    try Data().write(to: URL(filePath: "\(elsewhere.path)/vectors"))
    #expect(SharedFolder(besideSocketAt: "ipc://\(elsewhere.path)/0", dimension: 10_000) == nil)
  }

  @Test func smallVectorsAreNotShared() {
    #expect(SharedFolder(besideSocketAt: "ipc://\(folder.path)/0", dimension: 8_191) == nil)
    #expect(SharedFolder(besideSocketAt: "ipc://\(folder.path)/0", dimension: 8_192) == shared)
  }

  @Test func aRunHasOneFolderOrNone() throws {
    let other = try Folder()
    func common(_ addresses: String...) -> SharedFolder? {
      SharedFolder(besideSocketsAt: addresses.map { Endpoint(address: $0) }, dimension: 10_000)
    }
    #expect(common("ipc://\(folder.path)/0", "tcp://127.0.0.1:7000", "ipc://\(folder.path)/1") == shared)
    #expect(common("ipc://\(folder.path)/0", "ipc://\(other.path)/1") == nil)
    #expect(common("tcp://127.0.0.1:7000") == nil && common() == nil)
  }
}

extension PeerVectors.Outcome {
  fileprivate var vector: Vector? {
    guard case .read(let memory) = self, let base = memory.bytes.baseAddress else { return nil }
    let elements = base.assumingMemoryBound(to: Float.self)
    return Vector(borrowing: elements, count: memory.bytes.count / 4, owner: memory)
  }

  fileprivate var name: String {
    switch self {
    case .read: "read"
    case .overwritten: "overwritten"
    case .missing: "missing"
    }
  }
}
