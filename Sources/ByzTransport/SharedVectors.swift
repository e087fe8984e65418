import ByzNumerics
import ByzProtocol
import Glibc
import Synchronization

/// Where the nodes of one machine leave vectors for each other: a folder of files in memory, one for each node.
///
/// Over a socket a vector is copied into the kernel once for each receiver, and out of it again. Here its sender writes it
/// once, each receiver reads it into memory of its own, and the message between them holds no more than where to find it.
/// A receiver never uses the sender's memory in place: what was checked could change afterwards. (Who can write to the folder
/// is the same user and could end the receiver's process as well; shortening a file does that, too.)
///
/// A node's file has a slot for each place of a vector (`Message.place`), and holds in it the newest one, as an outbox does.
/// One who comes so late that the slot has a newer vector finds that out by the serial number behind the vector: the last
/// thing that is written, and the last that is read.
struct SharedFolder: Equatable {
  let path: String

  /// Vectors below this size gain nothing.
  private static let leastBytes = 32 << 10

  /// The folder beside the socket at `address`, if there is one and vectors of `dimension` elements are worth it.
  init?(besideSocketAt address: String, dimension: Int) {
    guard address.hasPrefix("ipc:///"), 4 * dimension >= Self.leastBytes, let end = address.lastIndex(of: "/") else {
      return nil
    }
    path = "\(address[..<end].dropFirst("ipc://".count))/\(Self.name)"
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
  }

  /// What the folder beside the sockets is called.
  static let name = "vectors"

  /// The folder that the nodes of a run with `endpoints` share: all of them come to the same answer, or a sender would
  /// refer to files where its receiver does not look. So nothing is shared if there is more than one such folder.
  init?(besideSocketsAt endpoints: some Collection<Endpoint>, dimension: Int) {
    let folders = endpoints.compactMap { SharedFolder(besideSocketAt: $0.address, dimension: dimension) }
    guard let first = folders.first, folders.allSatisfy({ $0 == first }) else { return nil }
    self = first
  }

  func file(of node: NodeID) -> String { "\(path)/\(node)" }
}

extension Transport {
  /// Lets the nodes whose sockets are in the folder at `path` share their vectors there. It should be in memory.
  public static func shareVectors(besideSocketsIn path: String) { mkdir("\(path)/\(SharedFolder.name)", 0o700) }
}

/// Where in its sender's file a vector is.
struct VectorReference: Equatable {
  let place: Int
  let serial: UInt64

  /// Bytes of a reference in a message.
  static let length = 16

  init(place: Int, serial: UInt64) {
    self.place = place
    self.serial = serial
  }

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.length else { return nil }
    serial = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    place = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
  }

  var bytes: [UInt8] {
    withUnsafeBytes(of: serial.littleEndian) { Array($0) }
      + withUnsafeBytes(of: UInt64(place).littleEndian) { Array($0) }
  }
}

/// How the slots of a file lie: each one a vector and its serial number, from the beginning of a page on.
struct SlotLayout {
  let vectorBytes: Int
  let places: Int

  /// The slots of a run whose vectors have `dimension` elements and `places` places.
  init(dimension: Int, places: Int) {
    vectorBytes = 4 * dimension
    self.places = places
  }

  private var slotBytes: Int { (serialOffset + MemoryLayout<UInt64>.size + 4095) / 4096 * 4096 }
  var fileBytes: Int { places * slotBytes }

  func offset(of place: Int) -> Int { place * slotBytes }

  /// Where in a slot its serial number is: behind the vector, aligned.
  var serialOffset: Int { (vectorBytes + 7) / 8 * 8 }
}

/// The vectors that a node has for the others of its machine.
final class OwnVectors {
  private struct Occupant {
    let vector: Vector
    let step: Int
    let serial: UInt64
  }

  private let descriptor: Int32
  private let layout: SlotLayout
  private var occupants: [Int: Occupant] = [:]
  /// Larger than any that a former process of this node gave: it counts from the time.
  private var serial: UInt64
  private var isBroken = false

  /// Begins an empty file; nil if that cannot be: then vectors go over the sockets.
  init?(of node: NodeID, in folder: SharedFolder, layout: SlotLayout) {
    let path = folder.file(of: node)
    // What a former process of this node has left; whoever has it open goes on reading that until it finds the new one.
    unlink(path)
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    self.layout = layout
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    serial = UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    // As long as it will be, without any memory yet: that comes with what is written.
    guard descriptor >= 0, ftruncate(descriptor, layout.fileBytes) == 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Puts `vector` into the slot of `place`, unless it is there.
  ///
  /// - Returns: nil if the slot is not free for it and it has to go over the socket: there is another vector of this step or
  ///   of a newer one, which somebody may not have read, or the machine has no memory left.
  func reference(to vector: Vector, of step: Int, in place: Int) -> VectorReference? {
    if let occupant = occupants[place], occupant.step >= step {
      return occupant.vector === vector ? VectorReference(place: place, serial: occupant.serial) : nil
    }
    guard !isBroken else { return nil }
    serial += 1
    // From here on the former vector is gone, whether or not this one takes its place.
    occupants[place] = nil
    guard write(vector, serial: serial, at: layout.offset(of: place)) else {
      isBroken = true
      return nil
    }
    occupants[place] = Occupant(vector: vector, step: step, serial: serial)
    return VectorReference(place: place, serial: serial)
  }

  private func write(_ vector: Vector, serial: UInt64, at offset: Int) -> Bool {
    // First of all the former serial number goes: whoever reads meanwhile will not find it.
    let end = offset + layout.serialOffset
    return withUnsafeBytes(of: UInt64(0)) { write($0, at: end) }
      && vector.withUnsafeBufferPointer { write(UnsafeRawBufferPointer($0), at: offset) }
      && withUnsafeBytes(of: serial) { write($0, at: end) }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}

/// The files of the others, opened when they are first needed.
final class PeerVectors {
  enum Outcome {
    case read(VectorMemory)
    /// A newer vector has taken its place.
    case overwritten
    /// There is no such file, or it is not as long as it should be, or has no such place.
    case missing
  }

  private let folder: SharedFolder
  private let layout: SlotLayout
  private var files: [NodeID: MappedFile] = [:]

  init(in folder: SharedFolder, layout: SlotLayout) {
    self.folder = folder
    self.layout = layout
  }

  /// Reads the vector of `peer` that `reference` says.
  func read(_ reference: VectorReference, of peer: NodeID) -> Outcome {
    // What has no vector in it, or only a part of one, has the serial number 0.
    guard reference.place < layout.places, reference.serial != 0 else { return .missing }
    if let file = files[peer], let memory = read(reference, in: file) { return .read(memory) }
    // A peer that was started again has a new file.
    files[peer] = MappedFile(folder.file(of: peer), byteCount: layout.fileBytes)
    guard let file = files[peer] else { return .missing }
    return read(reference, in: file).map(Outcome.read) ?? .overwritten
  }

  private func read(_ reference: VectorReference, in file: MappedFile) -> VectorMemory? {
    let offset = layout.offset(of: reference.place)
    // Not through the mapping: this page may be one that nobody has written, for which there may be no memory any more, or
    // one that the file has lost. To read it there would end the process.
    guard file.number(at: offset + layout.serialOffset) == reference.serial else { return nil }
    let slot = file.bytes + offset
    let memory = VectorMemory(copying: UnsafeRawBufferPointer(start: slot, count: layout.vectorBytes))
    // If the number is still there after the vector was read, so was the vector.
    atomicMemoryFence(ordering: .acquiring)
    return slot.load(fromByteOffset: layout.serialOffset, as: UInt64.self) == reference.serial ? memory : nil
  }
}

/// A peer's file, to be read.
private final class MappedFile {
  let bytes: UnsafeRawPointer
  private let byteCount: Int
  private let descriptor: Int32

  /// Nil if there is no such file or it is too short.
  init?(_ path: String, byteCount: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size >= byteCount,
      let memory = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else {
      close(descriptor)
      return nil
    }
    bytes = UnsafeRawPointer(memory)
    self.byteCount = byteCount
    self.descriptor = descriptor
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes), byteCount)
    close(descriptor)
  }

  /// The number in the file at `offset`; nil if the file ends before.
  func number(at offset: Int) -> UInt64? {
    var number: UInt64 = 0
    let size = MemoryLayout<UInt64>.size
    return pread(descriptor, &number, size, offset) == size ? number : nil
  }
}

/// Memory of a node's own that holds a peer's vector.
final class VectorMemory {
  let bytes: UnsafeRawBufferPointer

  fileprivate init(copying source: UnsafeRawBufferPointer) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
    memory.copyMemory(from: source)
    bytes = UnsafeRawBufferPointer(memory)
  }

  deinit { bytes.deallocate() }
}
