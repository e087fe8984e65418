import ByzGradients
import ByzNumerics
import Foundation
import Testing

@testable import ByzRuntime

@Suite struct SafetensorsTests {
  private let path = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString).safetensors"

  @Test func readsWhatItWrites() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    for architecture in Architecture.allCases {
      let parameters = architecture.initialParameters(seed: 5)
      try Safetensors.write(parameters, as: architecture.parameters, to: path)
      #expect(try Safetensors.read(architecture.parameters, from: path) == parameters)
    }
  }

  /// The format's own terms: a length, a header of that length, elements at the offsets that the header gives.
  @Test func isLaidOutAsTheFormatSays() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let parameters = Architecture.logistic.initialParameters(seed: 5)
    try Safetensors.write(parameters, as: Architecture.logistic.parameters, to: path)
    let data = try Data(contentsOf: URL(filePath: path))
    let length = Int(data[0]) + Int(data[1]) << 8
    #expect(data[2..<8].allSatisfy { $0 == 0 } && (8 + length) % 8 == 0)
    let header = try #require(
      try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]])
    let bias = try #require(header["linear1.bias"])
    #expect(bias["dtype"] as? String == "F32" && bias["shape"] as? [Int] == [10])
    let offsets = try #require(bias["data_offsets"] as? [Int])
    #expect(offsets == [4 * 7840, 4 * 7850] && data.count == 8 + length + 4 * 7850)
    let first = data[(8 + length + offsets[0])...].prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    #expect(Float(bitPattern: first) == parameters[7840])
  }

  @Test func refusesWhatIsNoCheckpointOfTheModel() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Safetensors.write(Architecture.mlp.initialParameters(seed: 5), as: Architecture.mlp.parameters, to: path)
    let whole = try Data(contentsOf: URL(filePath: path))
    #expect(throws: Safetensors.Malformed.self) { try Safetensors.read(Architecture.logistic.parameters, from: path) }
    for count in [0, 7, 8, 100, whole.count - 1] {
      try whole.prefix(count).write(to: URL(filePath: path))
      #expect(throws: (any Error).self, "the first \(count) bytes") {
        try Safetensors.read(Architecture.mlp.parameters, from: path)
      }
    }
    try (Data(repeating: 0xFF, count: 8) + whole.dropFirst(8)).write(to: URL(filePath: path))
    #expect(throws: Safetensors.Malformed.self) { try Safetensors.read(Architecture.mlp.parameters, from: path) }
  }
}
