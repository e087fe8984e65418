import Foundation

/// Reads a node's `metrics.jsonl` while it is being written, or after its end.
///
/// A host may have written anything: what is kept of it is bounded.
struct MetricsFollower {
  private struct Line: Decodable {
    let step: Int?
    let evaluated: Int?
    let accuracy: Double?
  }

  private let path: String
  private let steps: ClosedRange<Int>
  private var offset: UInt64 = 0
  /// The beginning of a line whose end has not been written yet.
  private var unfinished = Data()
  /// Whether that line is too long to be one of a node.
  private var isTooLong = false
  /// The last step completed.
  private(set) var step = 0
  /// What the evaluation of a step gave, where it gave an accuracy.
  private(set) var accuracies: [Int: Double] = [:]

  /// How much is read at once, and longer than a line that names thousands of nodes.
  private static let longestPiece = 1 << 18

  /// - Parameter steps: how many the run has.
  init(path: String, steps: Int) {
    self.path = path
    self.steps = 0...steps
  }

  /// Reads what was added; a line that is not finished yet counts once it is.
  mutating func update() {
    guard let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: offset)) != nil else { return }
    while let piece = try? file.read(upToCount: Self.longestPiece), !piece.isEmpty {
      offset += UInt64(piece.count)
      take(piece)
    }
  }

  private mutating func take(_ piece: Data) {
    let parts = piece.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      isTooLong = isTooLong || unfinished.count + part.count > Self.longestPiece
      if isTooLong { unfinished = Data() } else { unfinished += part }
      if index < parts.count - 1 {
        note(unfinished)
        (unfinished, isTooLong) = (Data(), false)
      }
    }
  }

  private mutating func note(_ text: Data) {
    guard let line = try? JSONDecoder().decode(Line.self, from: text) else { return }
    if let step = line.step, steps.contains(step) { self.step = max(self.step, step) }
    if let step = line.evaluated, steps.contains(step), let accuracy = line.accuracy, 0...1 ~= accuracy {
      accuracies[step] = accuracy
    }
  }
}
