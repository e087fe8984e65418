import Foundation

/// The form of what a launcher and a host tell each other: a header in JSON, and bytes.
///
///     length of the header: 4 bytes | length of the bytes: 4 bytes | header | bytes | line feed
///
/// Lengths are in little-endian order. The line feed is there because srun may hold back a line that is not finished.
enum Frame {
  /// What comes before the first frame, on a line of its own: login shells may have written before.
  static let greeting = "\nbyzsgd host 1\n"

  static func encode(_ header: some Encodable, _ bytes: [UInt8] = []) throws -> [UInt8] {
    let header = try JSONEncoder().encode(header)
    var frame: [UInt8] = []
    frame.reserveCapacity(9 + header.count + bytes.count)
    for count in [header.count, bytes.count] {
      withUnsafeBytes(of: UInt32(count).littleEndian) { frame.append(contentsOf: $0) }
    }
    frame += header
    frame += bytes
    frame.append(UInt8(ascii: "\n"))
    return frame
  }
}

/// Takes frames out of bytes that come in pieces of any length.
struct FrameReader<Header: Decodable> {
  /// What is wrong with the bytes.
  struct Malformed: Error, CustomStringConvertible, Equatable {
    let description: String
  }

  /// The most bytes that may come before the greeting.
  static var longestChatter: Int { 1 << 16 }
  /// The longest header and the most bytes of a frame: a topology has at most a mebibyte.
  static var largestPart: Int { 1 << 20 }

  private var buffer: [UInt8] = []
  /// Where in `buffer` the next frame begins.
  private var start = 0
  /// Whether nothing but chatter has come so far.
  private(set) var awaitsGreeting: Bool

  init(awaitsGreeting: Bool) { self.awaitsGreeting = awaitsGreeting }

  mutating func append(_ bytes: some Collection<UInt8>) {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    buffer += bytes
  }

  /// The next frame, if it is there as a whole.
  mutating func next() throws(Malformed) -> (header: Header, bytes: [UInt8])? {
    if awaitsGreeting { try skipChatter() }
    guard !awaitsGreeting, buffer.count - start >= 8 else { return nil }
    let lengths = [length(at: start), length(at: start + 4)]
    guard lengths.allSatisfy({ $0 <= Self.largestPart }) else {
      throw Malformed(description: "it sent a frame that is too long")
    }
    let headerEnd = start + 8 + lengths[0]
    let end = headerEnd + lengths[1]
    guard end < buffer.count else { return nil }
    guard buffer[end] == UInt8(ascii: "\n"),
      let header = try? JSONDecoder().decode(Header.self, from: Data(buffer[start + 8..<headerEnd]))
    else { throw Malformed(description: "it sent something that is no frame") }
    let bytes = Array(buffer[headerEnd..<end])
    start = end + 1
    return (header, bytes)
  }

  private func length(at index: Int) -> Int {
    buffer[index..<index + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func skipChatter() throws(Malformed) {
    if let found = Data(buffer).range(of: Data(Frame.greeting.utf8)), found.lowerBound <= Self.longestChatter {
      start = found.upperBound
      awaitsGreeting = false
    } else if buffer.count > Self.longestChatter {
      throw Malformed(description: "it said much else before '\(Frame.greeting.dropFirst().dropLast())'")
    }
  }
}
