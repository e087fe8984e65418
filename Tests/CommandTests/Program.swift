import ByzProtocol
import ByzRuntime
import Foundation

/// The program that users run, built by `swift build -c release`, or named by BYZSGD_EXECUTABLE.
enum Program {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static let path = ProcessInfo.processInfo.environment["BYZSGD_EXECUTABLE"] ?? "\(root)/.build/release/byzsgd"

  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs the program to its end.
  static func run(_ arguments: String...) throws -> Result {
    let running = try Running(arguments)
    return try running.wait()
  }
}

/// The program while it runs, as a user sees it.
final class Running {
  let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  private var errorText = Data()

  init(_ arguments: [String], program: String = Program.path) throws {
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  /// Reads standard error until it holds `text`; says whether it did before its end.
  func waits(for text: String) -> Bool {
    while !String(decoding: errorText, as: UTF8.self).contains(text) {
      let data = errors.fileHandleForReading.availableData
      if data.isEmpty { return false }
      errorText += data
    }
    return true
  }

  func wait() throws -> Program.Result {
    // The summary is short enough for the pipe, so errors can be read first.
    errorText += try errors.fileHandleForReading.readToEnd() ?? Data()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    return Program.Result(
      status: status, output: String(decoding: text, as: UTF8.self), errors: String(decoding: errorText, as: UTF8.self))
  }
}

/// A folder for one test, removed with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "byzsgd-test-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file into the folder and gives its path.
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    return "\(path)/\(name)"
  }
}

/// What a run left in its directory.
struct RunFiles {
  let path: String

  func summary() throws -> RunSummary { try decode(RunSummary.self, "\(path)/summary.json") }

  func summary(of node: String) throws -> NodeSummary {
    try decode(NodeSummary.self, "\(path)/nodes/\(node)/summary.json")
  }

  func log(of node: String) -> String {
    (try? String(contentsOfFile: "\(path)/nodes/\(node)/log.txt", encoding: .utf8)) ?? ""
  }

  /// The process that a node's log names last.
  func process(of node: String) -> pid_t? {
    let words = log(of: node).split(whereSeparator: \.isWhitespace)
    return words.lastIndex(of: "process").flatMap { pid_t(words[$0 + 1]) }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: URL(filePath: path)))
  }
}

/// Waits until a process, which need not be a child of this one, has ended; at most 20 seconds.
func waitForEnd(of pid: pid_t) throws -> Bool {
  let watch = Process()
  watch.executableURL = URL(filePath: "/usr/bin/timeout")
  watch.arguments = ["20", "tail", "--pid=\(pid)", "-f", "/dev/null"]
  try watch.run()
  watch.waitUntilExit()
  return watch.terminationStatus == 0
}
