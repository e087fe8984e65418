import ByzNumerics
import Foundation

/// An array of 32-bit floats in a file of NumPy's format, version 1.0, 2.0 or 3.0: a magic word, a header that is a Python
/// literal, the elements in row-major order.
package struct NumPyArray {
  package struct Malformed: Error, CustomStringConvertible {
    let path: String
    let reason: String
    package var description: String { "\(path): \(reason)" }
  }

  private static let magic = Data([0x93]) + Data("NUMPY".utf8)

  /// The length along each axis.
  package let shape: [Int]
  /// All elements, the last axis' one after the other.
  package let elements: Vector

  /// An array of `shape`, whose lengths' product is the number of `elements`.
  package init(shape: [Int], elements: Vector) {
    self.shape = shape
    self.elements = elements
  }

  /// Reads the array in the file at `path`.
  ///
  /// - Throws: `Malformed`, or what the file system refuses.
  package init(readingFrom path: String) throws {
    func malformed(_ reason: String) -> Malformed { Malformed(path: path, reason: reason) }
    let data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    guard data.prefix(6) == Self.magic, data.count >= 12 else { throw malformed("is no NumPy file (.npy)") }
    let isShort = data[6] == 1
    let length = (0..<(isShort ? 2 : 4)).reduce(0) { $0 | Int(data[8 + $1]) << (8 * $1) }
    let start = (isShort ? 10 : 12) + length
    guard start <= data.count, let header = String(data: data[(start - length)..<start], encoding: .utf8) else {
      throw malformed("has a header that is cut off")
    }
    guard header.contains("'<f4'"), header.contains("'fortran_order': False") else {
      throw malformed(
        "must hold little-endian 32-bit floats in C order (numpy.ascontiguousarray(x, 'float32')), not \(header.trimmingCharacters(in: .whitespacesAndNewlines).prefix(80))"
      )
    }
    let shape = try Self.shape(in: header) ?? { throw malformed("has no shape in its header") }()
    let size = data.count - start
    // What is left of the size when it is shared out along one axis after the other: no product overflows.
    let rest = shape.reduce(size) { $1 > 0 && $0 % $1 == 0 ? $0 / $1 : 0 }
    if shape.contains(0) { throw malformed("is empty: its shape is \(shape)") }
    guard rest == 4 else { throw malformed("announces the shape \(shape), but holds \(size) bytes of elements") }
    self.init(shape: shape, elements: Vector(uncleared: size / 4) { _ = data[start...].copyBytes(to: $0) })
  }

  /// The numbers in the parentheses after 'shape'.
  private static func shape(in header: String) -> [Int]? {
    guard let key = header.range(of: "'shape': ("), let end = header[key.upperBound...].firstIndex(of: ")") else {
      return nil
    }
    let parts = header[key.upperBound..<end].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let numbers = parts.filter { !$0.isEmpty }.map { Int($0) }
    guard !numbers.isEmpty, !numbers.contains(where: { ($0 ?? -1) < 0 }) else { return nil }
    return numbers.compactMap(\.self)
  }

  /// Writes the array to `path`: the whole file or nothing of it, unless it is no regular file.
  package func write(to path: String) throws {
    let sizes = shape.map(String.init).joined(separator: ", ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)\(shape.count == 1 ? "," : "")), }"
    // With spaces and a line feed the elements begin at a multiple of 64 bytes.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var data = Self.magic + Data([1, 0])
    data.append(withUnsafeBytes(of: UInt16(header.utf8.count).littleEndian) { Data($0) })
    data.append(Data(header.utf8))
    elements.withUnsafeBufferPointer { data.append(Data(buffer: $0)) }
    // A link stays a link, and a device or a pipe what it is.
    let target = URL(filePath: path).resolvingSymlinksInPath()
    let type = try? FileManager.default.attributesOfItem(atPath: target.path)[.type] as? FileAttributeType
    if let type, type != .typeRegular, type != .typeDirectory {
      let file = try FileHandle(forWritingTo: target)
      try file.write(contentsOf: data)
      try file.close()
    } else {
      try data.write(to: target, options: .atomic)
    }
  }
}

extension NumPyArray {
  /// The vectors of an array of shape (n, d), as parts of its memory; of one of shape (cases, n, d), n for each case.
  package var cases: [[Vector]]? {
    guard (2...3).contains(shape.count) else { return nil }
    let (n, d) = (shape[shape.count - 2], shape[shape.count - 1])
    return elements.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      return (0..<(shape.count == 3 ? shape[0] : 1)).map { number in
        (0..<n).map { Vector(borrowing: base + (number * n + $0) * d, count: d, owner: elements) }
      }
    }
  }
}
