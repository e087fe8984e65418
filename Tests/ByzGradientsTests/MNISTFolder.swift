import CZlib
import Foundation

/// A temporary folder with files in MNIST's format; it is removed with the object.
final class MNISTFolder {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("mnist-\(UUID().uuidString)").path

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A folder with these training images, 28 x 28 bytes each, and labels.
  convenience init(pixels: [UInt8], labels: [UInt8], compressed: Bool = false) throws {
    try self.init()
    try write(Self.images(pixels), to: Self.imagesName, compressed: compressed)
    try write(Self.labels(labels), to: Self.labelsName, compressed: compressed)
  }

  static let imagesName = "train-images-idx3-ubyte"
  static let labelsName = "train-labels-idx1-ubyte"

  static func images(_ pixels: [UInt8], rows: Int = 28) -> [UInt8] {
    idx(magic: 0x803, sizes: [pixels.count / (rows * 28), rows, 28], bytes: pixels)
  }

  static func labels(_ labels: [UInt8]) -> [UInt8] { idx(magic: 0x801, sizes: [labels.count], bytes: labels) }

  static func idx(magic: Int, sizes: [Int], bytes: [UInt8]) -> [UInt8] {
    ([magic] + sizes).flatMap { number in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } } + bytes
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

  /// Writes `bytes` to the file `name`, or compressed to `name.gz`.
  func write(_ bytes: [UInt8], to name: String, compressed: Bool = false) throws {
    guard compressed else { return try Data(bytes).write(to: URL(fileURLWithPath: file(name))) }
    guard let handle = gzopen(file(name) + ".gz", "wb") else { throw CocoaError(.fileWriteUnknown) }
    let written = gzwrite(handle, bytes, UInt32(bytes.count))
    guard gzclose(handle) == Z_OK, Int(written) == bytes.count else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Replaces the bytes of the file `name`, as they lie on disk, by what `change` makes of them.
  func change(_ name: String, _ change: ([UInt8]) -> [UInt8]) throws {
    let url = URL(fileURLWithPath: file(name))
    try Data(change([UInt8](Data(contentsOf: url)))).write(to: url)
  }
}
