import ByzNumerics
import Foundation
import Testing

@testable import ByzRuntime

/// What launcher and host tell each other, in pieces of any length and from hosts that lie.
@Suite struct FrameTests {
  private typealias Reader = FrameReader<Account>

  private func piece(_ file: String, _ offset: Int, _ bytes: [UInt8]) throws -> [UInt8] {
    try Frame.encode(Account.piece(node: "server-0", file: file, offset: offset), bytes)
  }

  /// What a reader takes out of all that it is given, as text.
  private func texts(_ reader: inout Reader) throws -> [String] {
    var texts: [String] = []
    while let (account, bytes) = try reader.next() { texts.append("\(account) \(bytes)") }
    return texts
  }

  private func conversation() throws -> (bytes: [UInt8], texts: [String]) {
    let contents: [[UInt8]] = [[], Array("\nbyzsgd host 1\n".utf8), Array(0...255), [10]]
    var bytes = Array("Welcome!\nLast login: never".utf8) + Array(Frame.greeting.utf8)
    var texts: [String] = []
    for (index, content) in contents.enumerated() {
      bytes += try piece("log.txt", index, content)
      texts.append("\(Account.piece(node: "server-0", file: "log.txt", offset: index)) \(content)")
    }
    bytes += try Frame.encode(Account.over)
    return (bytes, texts + ["\(Account.over) []"])
  }

  @Test(arguments: 0..<200 as Range<UInt64>) func framesSurviveAnySplit(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (bytes, expected) = try conversation()
    var reader = Reader(awaitsGreeting: true)
    var found: [String] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = min(rest.count, 1 + generator.index(below: [1, 7, 400][Int(seed % 3)]))
      reader.append(rest.prefix(count))
      rest = rest.dropFirst(count)
      found += try texts(&reader)
    }
    #expect(found == expected)
  }

  @Test func whatIsCutOffIsNotThere() throws {
    let (bytes, expected) = try conversation()
    for count in bytes.indices {
      var reader = Reader(awaitsGreeting: true)
      reader.append(bytes.prefix(count))
      let found = try texts(&reader)
      #expect(found.count < expected.count && found == Array(expected.prefix(found.count)))
    }
  }

  @Test func whatIsNoFrameIsRefused() throws {
    let good = try piece("log.txt", 0, [1, 2, 3])
    var tooLong = good
    tooLong[7] = 1
    var longHeader = good
    longHeader[3] = 0xFF
    var unfinished = good
    unfinished[good.count - 1] = 0
    let strangers = ["{\"rm\":{}}", "{}", "[[[[", "\u{0}", "{\"over\":1}"].map { text -> [UInt8] in
      let header = Array(text.utf8)
      return [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [10]
    }
    for bytes in [tooLong, longHeader, unfinished] + strangers {
      var reader = Reader(awaitsGreeting: false)
      reader.append(bytes)
      #expect(throws: Reader.Malformed.self, "\(bytes)") { try reader.next() }
    }
  }

  /// Bits that flip give other frames or a refusal, never a trap.
  @Test func damagedFramesAreFramesOrRefused() throws {
    var generator = SeededGenerator(seed: 5)
    let bytes = try piece("metrics.jsonl", 4096, Array(0...99)) + Frame.encode(Account.running)
    for _ in 0..<5_000 {
      var damaged = bytes
      for _ in 0...generator.index(below: 3) {
        damaged[generator.index(below: bytes.count)] ^= 1 << UInt8(generator.index(below: 8))
      }
      var reader = Reader(awaitsGreeting: false)
      reader.append(damaged)
      _ = try? texts(&reader)
    }
  }

  @Test func chatterIsBounded() throws {
    var patient = Reader(awaitsGreeting: true)
    patient.append([UInt8](repeating: UInt8(ascii: "x"), count: Reader.longestChatter))
    #expect(try patient.next() == nil)
    patient.append(Array(Frame.greeting.utf8))
    #expect(try patient.next() == nil && !patient.awaitsGreeting)

    var weary = Reader(awaitsGreeting: true)
    weary.append([UInt8](repeating: UInt8(ascii: "x"), count: Reader.longestChatter + 1))
    #expect(throws: Reader.Malformed.self) { try weary.next() }
  }
}
