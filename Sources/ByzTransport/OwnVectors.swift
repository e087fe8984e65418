import ByzNumerics
import ByzProtocol
import Glibc

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
