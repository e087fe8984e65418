import ByzGradients
import ByzNumerics
import Foundation

/// A model's parameters in a file of the safetensors format: 8 bytes with the length of a JSON header in little-endian
/// order, the header, which gives type, shape and place of every tensor, then their elements.
enum Safetensors {
  struct Malformed: Error, CustomStringConvertible {
    let path: String
    let reason: String
    var description: String { "\(path) is no checkpoint of this model: \(reason)" }
  }

  private struct Tensor: Codable {
    let dtype: String
    let shape: [Int]
    let dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  /// Writes `parameters`, in which `tensors` lie one after the other: the whole file or nothing of it.
  static func write(_ parameters: Vector, as tensors: [ParameterShape], to path: String) throws {
    var header: [String: Tensor] = [:]
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.count
      header[tensor.name] = Tensor(dtype: "F32", shape: tensor.shape, dataOffsets: [offset, end])
      offset = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var text = try encoder.encode(header)
    // Spaces bring the elements to a multiple of 8 bytes.
    text.append(Data(repeating: 0x20, count: (8 - text.count % 8) % 8))
    var data = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    data.append(text)
    parameters.withUnsafeBufferPointer { data.append(Data(buffer: $0)) }
    try data.write(to: URL(filePath: path), options: .atomic)
  }

  /// Reads the parameters back that `tensors` make up.
  static func read(_ tensors: [ParameterShape], from path: String) throws -> Vector {
    let data = try Data(contentsOf: URL(filePath: path))
    guard data.count >= 8 else { throw Malformed(path: path, reason: "it is too short") }
    let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    guard length <= UInt64(data.count - 8) else { throw Malformed(path: path, reason: "its header is cut off") }
    let elements = data.dropFirst(8 + Int(length))
    let header = try JSONDecoder().decode([String: Tensor].self, from: data.dropFirst(8).prefix(Int(length)))
    guard elements.count == 4 * tensors.dimension, matches(header, tensors) else {
      throw Malformed(path: path, reason: "its tensors are not \(tensors.map(\.text).joined(separator: ", "))")
    }
    return Vector(uncleared: tensors.dimension) { _ = elements.copyBytes(to: $0) }
  }

  private static func matches(_ header: [String: Tensor], _ tensors: [ParameterShape]) -> Bool {
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.count
      guard let found = header[tensor.name], found.dtype == "F32", found.shape == tensor.shape,
        found.dataOffsets == [offset, end]
      else { return false }
      offset = end
    }
    return header.count == tensors.count
  }
}

extension ParameterShape {
  fileprivate var text: String { "\(name) \(shape)" }
}
