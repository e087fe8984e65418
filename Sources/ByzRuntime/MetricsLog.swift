import ByzGradients
import ByzProtocol
import Foundation

/// Writes `metrics.jsonl`: a line of JSON for each step and each evaluation, with the seconds since the node started.
///
/// The lines are put together by hand: they hold numbers and node names only, and a step should not wait for an encoder.
final class MetricsLog {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let path: String
  private let file: FileHandle
  private let clock: NodeClock
  /// The line that is being written; its memory serves for all.
  private var line = ""
  /// Node names in quotes.
  private var names: [NodeID: String] = [:]

  /// Opens the file at its end: a node that is started again goes on where it was.
  init(path: String, clock: NodeClock = .real) throws {
    self.path = path
    self.clock = clock
    file = try FileHandle.appending(to: path)
  }

  func write(_ report: Report) throws {
    begin()
    switch report {
    case .updated(let step, _, let contributors, let selected):
      add("step", step.description)
      add("workers", contributors)
      add("selected", selected)
    case .adopted(let step, _, let contributors):
      add("step", step.description)
      add("adopted", contributors)
    case .estimated(let step, let loss, let contributors, let source):
      add("step", (step + 1).description)
      add("loss", Self.number(loss))
      add("servers", contributors)
      // The usual way needs no word.
      if source != .median { add("source", "\"\(source.rawValue)\"") }
    case .refused(let step, let server, let refusal):
      add("refused", (step + 1).description)
      add("server", name(of: server))
      add("reason", "\"\(refusal.name)\"")
      if let (value, bound) = refusal.figures {
        add("value", Self.number(value))
        add("bound", Self.number(bound))
      }
    case .forged(let step, let samples, let areOverheard):
      add("forged", (step + 1).description)
      add(areOverheard ? "overheard" : "estimated", samples.description)
    }
    try end()
  }

  func write(_ evaluation: Evaluation, step: Int) throws {
    begin()
    add("evaluated", step.description)
    if let accuracy = evaluation.accuracy { add("accuracy", Self.number(accuracy)) }
    add("loss", Self.number(evaluation.loss))
    try end()
  }

  private func begin() {
    line.removeAll(keepingCapacity: true)
    line += "{\"seconds\":"
    line += clock.elapsed().description
  }

  private func add(_ key: String, _ value: String) {
    line += ",\""
    line += key
    line += "\":"
    line += value
  }

  private func add(_ key: String, _ nodes: [NodeID]) {
    add(key, "[")
    for (index, node) in nodes.enumerated() {
      if index > 0 { line += "," }
      line += name(of: node)
    }
    line += "]"
  }

  private func name(of node: NodeID) -> String {
    if let known = names[node] { return known }
    let name = "\"\(node)\""
    names[node] = name
    return name
  }

  private func end() throws {
    line += "}\n"
    guard line.withUTF8({ writeAll(UnsafeRawBufferPointer($0), to: file.fileDescriptor) }) else {
      throw Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// JSON knows no NaN and no infinity.
  private static func number(_ value: Double) -> String { value.isFinite ? value.description : "null" }
}
