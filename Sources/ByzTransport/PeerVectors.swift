import ByzProtocol
import Glibc
import Synchronization

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
