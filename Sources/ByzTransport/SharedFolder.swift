import ByzProtocol
import Glibc

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
