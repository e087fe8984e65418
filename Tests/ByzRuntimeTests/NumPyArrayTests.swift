import ByzNumerics
import Foundation
import Testing

@testable import ByzRuntime

@Suite struct NumPyArrayTests {
  private func withFile(_ data: Data, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).npy").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try data.write(to: URL(filePath: path))
    try body(path)
  }

  /// A file as NumPy writes it: version 1.0 with a length of two bytes, later ones with four.
  private func file(_ header: String, _ elements: [Float], version: UInt8 = 1) -> Data {
    let length = header.utf8.count
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([version, 0])
    data += Data((0..<(version == 1 ? 2 : 4)).map { UInt8(length >> (8 * $0) & 255) })
    data += Data(header.utf8)
    elements.withUnsafeBufferPointer { data.append(Data(buffer: $0)) }
    return data
  }

  private func header(_ shape: String, type: String = "<f4", fortran: String = "False") -> String {
    "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
  }

  @Test(arguments: [1, 2, 3] as [UInt8]) func readsAllVersions(version: UInt8) throws {
    try withFile(file(header("(2, 3)"), [1, 2, 3, 4, 5, 6], version: version)) { path in
      let array = try NumPyArray(readingFrom: path)
      #expect(array.shape == [2, 3])
      #expect(array.cases == [[Vector([1, 2, 3]), Vector([4, 5, 6])]])
    }
  }

  @Test func readsManyCases() throws {
    try withFile(file(header("(2, 2, 1)"), [1, 2, 3, 4])) { path in
      let expected = [[Vector([1]), Vector([2])], [Vector([3]), Vector([4])]]
      let cases = try NumPyArray(readingFrom: path).cases
      #expect(cases == expected)
    }
  }

  @Test(arguments: [[6], [2, 3], [3, 2, 1]]) func readsWhatItWrote(shape: [Int]) throws {
    try withFile(Data()) { path in
      try NumPyArray(shape: shape, elements: Vector([1, -2, 3e38, 0, 5, 6])).write(to: path)
      let array = try NumPyArray(readingFrom: path)
      #expect(array.shape == shape && array.elements == Vector([1, -2, 3e38, 0, 5, 6]))
      // As the format wants it, the elements begin at a multiple of 64 bytes.
      let size = try Data(contentsOf: URL(filePath: path)).count
      #expect(size % 64 == 24)
    }
  }

  @Test func writesWhereALinkLeads() throws {
    try withFile(Data()) { path in
      let link = "\(path).link"
      defer { try? FileManager.default.removeItem(atPath: link) }
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      try NumPyArray(shape: [2], elements: Vector([1, 2])).write(to: link)
      let array = try NumPyArray(readingFrom: path)
      #expect(array.elements == Vector([1, 2]))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
    }
  }

  @Test func refusesEverythingElse() throws {
    let good = file(header("(2, 3)"), [1, 2, 3, 4, 5, 6])
    let bad: [(Data, String)] = [
      (Data(), "no NumPy file"), (Data("hello, world".utf8), "no NumPy file"), (good.prefix(11), "no NumPy file"),
      (good.prefix(40), "cut off"), (good.dropLast(), "announces"),
      (good + [0], "announces"), (file(header("(2, 3)", type: "<f8"), []), "32-bit"),
      (file(header("(2, 3)", fortran: "True"), []), "C order"), (file(header("(0, 3)"), []), "is empty"),
      (file(header("()"), [1]), "no shape"), (file(header("(-1, -6)"), []), "no shape"),
      (file(header("(a)"), []), "no shape"), (file("{'descr': '<f4', 'fortran_order': False}", []), "no shape"),
      (file(header("(4611686018427387904, 4)"), []), "announces"),
    ]
    for (number, (data, reason)) in bad.enumerated() {
      try withFile(data) { path in
        let error = #expect(throws: NumPyArray.Malformed.self) { try NumPyArray(readingFrom: path) }
        #expect(error?.description.contains(reason) == true, "case \(number): \(error?.description ?? "")")
      }
    }
  }
}
