import Foundation
import Testing

/// Every transcript beside this file replays to exactly what is written in it.
///
/// After a deliberate change of behaviour, `BYZSGD_UPDATE_TRANSCRIPTS=1 swift test --filter Transcript` writes them anew;
/// read the difference as carefully as code.
@Suite struct TranscriptTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts")

  static let names: [String] = {
    let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (found ?? []).filter { $0.hasSuffix(".txt") }.sorted()
  }()

  @Test func thereAreTranscripts() { #expect(Self.names.count >= 10) }

  @Test(arguments: names) func replays(name: String) throws {
    let file = Self.folder.appending(path: name)
    let written = try String(contentsOf: file, encoding: .utf8)
    let replayed = try Transcript.replay(written)
    if ProcessInfo.processInfo.environment["BYZSGD_UPDATE_TRANSCRIPTS"] != nil {
      try replayed.write(to: file, atomically: true, encoding: .utf8)
      return
    }
    let difference = zip(replayed.split(separator: "\n"), written.split(separator: "\n")).first { $0 != $1 }
    #expect(
      replayed == written, "\(name) differs first at '\(difference?.1 ?? "its end")', now '\(difference?.0 ?? "")'")
  }
}
