import ByzProtocol
import ByzTopology
import Foundation

/// Follows the honest servers' `metrics.jsonl` while they are being written.
struct Progress {
  private struct Line: Decodable {
    let step: Int?
    let evaluated: Int?
    let accuracy: Double?
  }

  private struct Follower {
    let path: String
    var offset: UInt64 = 0
    var step = 0
    var accuracies: [Int: Double] = [:]

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

  private var followers: [Follower]
  private let total: Int
  /// When the first step was seen, and which it was: the rate counts from there.
  private var began: (time: MonotonicTime, step: Int)?

  init(of topology: Topology, in directory: RunDirectory) {
    let honest = topology.quorums.serverIDs.filter { topology.faults[$0] == nil }
    followers = honest.map { Follower(path: directory.metrics(of: $0)) }
    total = topology.training.steps
  }

  mutating func update() {
    for index in followers.indices { followers[index].update() }
    if began == nil && step > 0 { began = (.now, step) }
  }

  /// The step of the server in the middle: one that was lost does not hold it up, one that runs ahead does not push it.
  var step: Int { followers.map(\.step).sorted(by: >).dropFirst(followers.count / 2).first ?? 0 }

  /// The newest step that half of the servers have evaluated, and the median of their accuracies.
  var evaluation: (step: Int, accuracy: Double)? {
    let steps = Set(followers.flatMap(\.accuracies.keys)).sorted(by: >)
    for step in steps {
      let values = followers.compactMap { $0.accuracies[step] }.sorted()
      if values.count > followers.count / 2 { return (step, values[values.count / 2]) }
    }
    return nil
  }

  /// For example `step 120/500  accuracy 0.9123 at 100  34.1 steps/s  11 s left`.
  var line: String {
    var parts = ["step \(step)/\(total)"]
    if let evaluation { parts.append(String(format: "accuracy %.4f at %d", evaluation.accuracy, evaluation.step)) }
    if let began, step > began.step {
      let seconds = Double(MonotonicTime.now.milliseconds - began.time.milliseconds) / 1000
      let rate = Double(step - began.step) / max(seconds, 0.001)
      parts.append(String(format: "%.1f steps/s", rate))
      parts.append(String(format: "%.0f s left", Double(total - step) / rate))
    }
    return parts.joined(separator: "  ")
  }
}

/// Standard error as a place for progress: one line that is rewritten on a terminal, a line now and then elsewhere.
public final class Display {
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var shown = ""
  private var lastPlain: MonotonicTime?

  /// - Parameter isQuiet: show messages only, no progress.
  public init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// How often it is worth looking for progress.
  static let refreshMilliseconds = 250
  private static let plainMilliseconds = 2_000

  func show(progress line: String) {
    guard !isQuiet, line != shown else { return }
    if isTerminal {
      write("\r\u{1B}[K\(line)")
      shown = line
    } else if lastPlain.map({ MonotonicTime.now.milliseconds - $0.milliseconds >= Self.plainMilliseconds }) ?? true {
      write("\(line)\n")
      shown = line
      lastPlain = .now
    }
  }

  /// Shows a message that stays.
  public func show(_ message: String) {
    if isTerminal && !shown.isEmpty { write("\r\u{1B}[K") }
    shown = ""
    write("\(message)\n")
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
