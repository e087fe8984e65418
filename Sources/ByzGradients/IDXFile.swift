/// A file of MNIST's IDX format: a magic number, the sizes of an array of bytes, the bytes. All numbers are big-endian.
///
/// The header is checked when the file is opened, the rest when it is read. What a header announces is never trusted with
/// memory: that grows with the bytes that are really there.
final class IDXFile {
  /// What the records of a file are; decides the magic number and how many sizes follow it.
  enum Content: String {
    case images, labels

    var magic: UInt32 { self == .images ? 0x803 : 0x801 }
    var dimensions: Int { self == .images ? 3 : 1 }
  }

  /// No data set in this format is near this size, and a damaged header claims up to 4 billion.
  static let recordsMax = 1 << 24

  let content: Content
  /// The number of records: of images, or of labels.
  let count: Int
  /// The number of bytes in a record.
  let recordSize: Int

  private let file: GzipFile

  /// The path, as errors name it.
  var path: String { file.path }

  /// Opens a file of `content`.
  ///
  /// - Parameter recordShape: the sizes that one record must have: rows and columns of an image, none for a label.
  init(path: String, content: Content, recordShape: [Int] = []) throws(DatasetError) {
    file = try GzipFile(path: path)
    self.content = content
    recordSize = recordShape.reduce(1, *)
    let magic = try file.readWord()
    guard magic == content.magic else {
      throw DatasetError(
        file: path, problem: "begins with \(hex(magic)), but an IDX file of \(content) with \(hex(content.magic))")
    }
    count = try file.readWord()
    var shape: [Int] = []
    for _ in 1..<content.dimensions { shape.append(try file.readWord()) }
    guard shape == recordShape else {
      throw DatasetError(
        file: path, problem: "has \(content) of \(text(shape)) bytes, but \(text(recordShape)) are wanted")
    }
    guard count <= Self.recordsMax else {
      throw DatasetError(file: path, problem: "announces \(count) \(content), more than \(Self.recordsMax)")
    }
  }

  /// Reads the file to its end and returns the records that `keep` is true for, or all of them if it is nil.
  ///
  /// The records must be small (an image, a label), for one at a time is held beside the result.
  func readRecords(keeping keep: [Bool]? = nil) throws(DatasetError) -> [UInt8] {
    var result: [UInt8] = []
    var record = [UInt8](repeating: 0, count: recordSize)
    for index in 0..<count {
      guard try file.fill(&record) else {
        throw DatasetError(
          file: path, problem: "is cut short: it ends after \(index) of the \(count) \(content) it announces")
      }
      if keep?[index] ?? true { result += record }
    }
    try file.expectEnd(after: "\(count) \(content)")
    return result
  }
}

extension GzipFile {
  /// Fills `bytes`; false when the file ends before.
  fileprivate func fill(_ bytes: inout [UInt8]) throws(DatasetError) -> Bool {
    let count = try bytes.withUnsafeMutableBufferPointer { bytes throws(DatasetError) in
      try read(into: UnsafeMutableRawBufferPointer(bytes))
    }
    return count == bytes.count
  }

  /// The next four bytes as a number.
  fileprivate func readWord() throws(DatasetError) -> Int {
    var bytes = [UInt8](repeating: 0, count: 4)
    guard try fill(&bytes) else { throw DatasetError(file: path, problem: "is cut short: it ends within its header") }
    return bytes.reduce(0) { $0 << 8 | Int($1) }
  }
}

private func hex(_ number: some BinaryInteger) -> String {
  let digits = String(number, radix: 16)
  return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}

private func text(_ shape: [Int]) -> String { shape.map { "\($0)" }.joined(separator: " x ") }
