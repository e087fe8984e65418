import Foundation

/// Reads a node's `metrics.jsonl` while it is being written, or after its end.
struct MetricsFollower {
  private struct Line: Decodable {
    let step: Int?
    let evaluated: Int?
    let accuracy: Double?
  }

  private let path: String
  private var offset: UInt64 = 0
  /// The last step completed.
  private(set) var step = 0
  /// What the evaluation of a step gave, where it gave an accuracy.
  private(set) var accuracies: [Int: Double] = [:]

  init(path: String) { self.path = path }

  /// Reads what was added; a line that is not finished yet is read the next time.
  mutating func update() {
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: offset)) != nil, let data = try? file.readToEnd(),
      let end = data.lastIndex(of: UInt8(ascii: "\n"))
    else { return }
    offset += UInt64(end - data.startIndex + 1)
    for text in data[...end].split(separator: UInt8(ascii: "\n")) {
      guard let line = try? JSONDecoder().decode(Line.self, from: text) else { continue }
      step = max(step, line.step ?? 0)
      if let evaluated = line.evaluated, let accuracy = line.accuracy { accuracies[evaluated] = accuracy }
    }
  }
}
