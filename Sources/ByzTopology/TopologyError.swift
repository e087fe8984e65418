/// Why a topology was refused: one line for each problem found.
///
/// A line reads `topologies/mnist.yaml:9: training.momentom: unknown key; did you mean 'momentum'?`. What came from the
/// command line is cited as it was given there, `--set training.steps=0: ...`, instead of a file and a line.
public struct TopologyError: Error, Hashable, Sendable {
  /// The problems in the order in which they were found; never empty.
  public let problems: [String]
  /// The inequalities of the protocol and the conditions of the rule that do not hold, in sentences, if these are all that is
  /// wrong: every field is good by itself, and only the numbers do not go together. Empty if anything else is wrong.
  public let refusals: [String]

  init(problems: [String], refusals: [String] = []) {
    self.problems = problems
    self.refusals = refusals
  }
}

extension TopologyError: CustomStringConvertible {
  /// The first twenty problems, a line each, and how many more there are.
  public var description: String {
    let shown = problems.prefix(20)
    let more = problems.count - shown.count
    return (shown + (more > 0 ? ["and \(more) more problems"] : [])).joined(separator: "\n")
  }
}

/// Where something was written.
struct Origin: Hashable {
  /// `file:line` or `--set training.steps=0`.
  let text: String
  /// Whether it came from the command line, not from the file.
  let isOption: Bool

  static func line(_ line: Int, of file: String) -> Origin { Origin(text: "\(file):\(line)", isOption: false) }

  static func option(_ name: String, _ argument: String) -> Origin {
    Origin(text: "\(name) \(argument.shown(atMost: 120))", isOption: true)
  }

  func error(_ message: String) -> TopologyError { TopologyError(problems: ["\(text): \(message)"]) }
}

/// Gathers problems while reading goes on, so that one reading reports all that do not follow from each other.
final class Problems {
  private(set) var lines: [String] = []
  private var refusals: [String] = []

  func add(_ line: String) { lines.append(line) }

  /// Adds a line that says where an inequality does not hold, which `refusal` says by itself.
  func add(_ line: String, refusal: String) {
    lines.append(line)
    refusals.append(refusal)
  }

  func add(_ error: TopologyError) { lines += error.problems }

  func throwIfAny() throws(TopologyError) {
    guard lines.isEmpty else {
      throw TopologyError(problems: lines, refusals: refusals.count == lines.count ? refusals : [])
    }
  }
}

extension String {
  /// The text on one line and of bounded length, fit for a message: a hostile file must not paint the terminal.
  func shown(atMost limit: Int = 60) -> String {
    let clipped = unicodeScalars.prefix(limit)
    let visible = clipped.map { scalar in
      scalar == " " || scalar.isYAMLText && !scalar.properties.isPatternWhitespace ? scalar : "\u{FFFD}"
    }
    return String(String.UnicodeScalarView(visible)) + (clipped.endIndex < unicodeScalars.endIndex ? "..." : "")
  }
}
