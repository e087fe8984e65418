import ByzProtocol
import Foundation

/// Where a run writes what: `topology.yaml` and `summary.json` of the whole, and a folder for each node.
public struct RunDirectory: Sendable {
  public let path: String

  public init(path: String) { self.path = path }

  public var topology: String { "\(path)/topology.yaml" }
  public var summary: String { "\(path)/summary.json" }

  public func folder(of node: NodeID) -> String { "\(path)/nodes/\(node)" }
  public func summary(of node: NodeID) -> String { "\(folder(of: node))/summary.json" }
  public func metrics(of node: NodeID) -> String { "\(folder(of: node))/metrics.jsonl" }
  public func log(of node: NodeID) -> String { "\(folder(of: node))/log.txt" }

  public func checkpoint(of node: NodeID, step: Int) -> String {
    "\(folder(of: node))/checkpoint-\(step).safetensors"
  }

  /// What keeps a run from being written, and where.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Makes the folder of `node` and those above it.
  public func makeFolder(of node: NodeID) throws(Failure) {
    guard let reason = makeFolders(Self.absolute(folder(of: node))) else { return }
    throw Failure(description: "cannot write the run directory \(path): \(reason); name one with --run-directory")
  }
}

/// Makes the folder at `path`, from the root on, and those above it, unless they are there; the reason if that cannot be.
package func makeFolders(_ path: String) -> String? {
  var made = ""
  // Foundation's error would not say why; the system's does.
  for part in path.split(separator: "/") {
    made += "/\(part)"
    guard mkdir(made, 0o777) == 0 || errno == EEXIST else { return String(cString: strerror(errno)) }
  }
  return nil
}

extension FileHandle {
  /// Opens the end of the file at `path`, which need not exist.
  static func appending(to path: String) throws -> FileHandle {
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.seekToEnd()
    return file
  }
}

package enum JSON {
  /// `value` as readable JSON: names in snake case, keys sorted.
  package static func text(of value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  package static func value<Value: Decodable>(_ type: Value.Type, in data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data)
  }

  /// Writes `value` to `path`: the whole file or nothing of it.
  static func write(_ value: some Encodable, to path: String) throws {
    try text(of: value).write(to: URL(filePath: path), options: .atomic)
  }
}

extension RunDirectory {
  /// `path` from the root on.
  public static func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }

  /// `path`, from the root on, as it is shown: from the current folder on if it lies there.
  package static func shown(_ path: String) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
  }

  /// A folder for a run of the topology `name` that begins now: `runs/NAME-TIME`, numbered on if there is one.
  public static func unusedPath(for name: String) -> String {
    let path = absolute("runs/\(name)-\(timestamp())")
    let numbered = [path] + (2...1000).map { "\(path)-\($0)" }
    return numbered.first { (try? isUnused($0)) == true } ?? path
  }

  /// The time of day and year as `20261121-224228`.
  static func timestamp() -> String {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    var text = [UInt8](repeating: 0, count: 32)
    let length = text.withUnsafeMutableBytes { text in
      strftime(text.baseAddress, text.count, "%Y%m%d-%H%M%S", &parts)
    }
    return String(decoding: text.prefix(length), as: UTF8.self)
  }

  /// Whether there is nothing at `path`, or an empty folder.
  public static func isUnused(_ path: String) throws -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return true }
    guard isFolder.boolValue else {
      throw Failure(
        description: "cannot write the run directory \(path): it is a file; name a folder with --run-directory")
    }
    return try FileManager.default.contentsOfDirectory(atPath: path).isEmpty
  }
}
