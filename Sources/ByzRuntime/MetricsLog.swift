import ByzGradients
import ByzProtocol
import Foundation

/// Writes `metrics.jsonl`: a line of JSON for each step and each evaluation, with the seconds since the node started.
///
/// The lines are put together by hand: they hold numbers and node names only, and a step should not wait for an encoder.
final class MetricsLog {
  private let file: FileHandle
  private let clock: NodeClock

  /// Opens the file at its end: a node that is started again goes on where it was.
  init(path: String, clock: NodeClock = .real) throws {
    self.clock = clock
    file = try FileHandle.appending(to: path)
  }

  func write(_ report: Report) throws {
    switch report {
    case .updated(let step, _, let contributors, let selected):
      try line(#""step":\#(step),"workers":\#(Self.list(contributors)),"selected":\#(Self.list(selected))"#)
    case .adopted(let step, _, let contributors):
      try line(#""step":\#(step),"adopted":\#(Self.list(contributors))"#)
    case .estimated(let step, let loss, let contributors):
      try line(#""step":\#(step + 1),"loss":\#(Self.number(loss)),"servers":\#(Self.list(contributors))"#)
    }
  }

  func write(_ evaluation: Evaluation, step: Int) throws {
    let accuracy = evaluation.accuracy.map { #""accuracy":\#(Self.number($0)),"# } ?? ""
    try line(#""evaluated":\#(step),\#(accuracy)"loss":\#(Self.number(evaluation.loss))"#)
  }

  private func line(_ fields: String) throws {
    try file.write(contentsOf: Data("{\"seconds\":\(clock.elapsed()),\(fields)}\n".utf8))
  }

  /// JSON knows no NaN and no infinity.
  private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

  private static func list(_ nodes: [NodeID]) -> String {
    "[\(nodes.map { "\"\($0)\"" }.joined(separator: ","))]"
  }
}
