import Foundation

/// A topology's text, from wherever the path leads, and the meaning of paths in it.
struct TopologyFile {
  /// More than any topology needs: a thousand nodes with addresses take a tenth of it.
  static let largestSize = 1 << 20

  /// The path as given, which messages cite.
  let path: String

  /// The folder of the file; paths in the file are relative to it.
  var folder: String {
    let absolute = TopologyFile.absolute(path, in: FileManager.default.currentDirectoryPath)
    let parent = absolute.split(separator: "/").dropLast().joined(separator: "/")
    return "/" + parent
  }

  /// The name of a run whose topology gives none: the file's own, without extension and with '-' for what a name must
  /// not hold.
  var standardName: String {
    let file = path.split(separator: "/").last ?? ""
    let stem = file.lastIndex(of: ".").map { $0 > file.startIndex ? file[..<$0] : file[...] } ?? file[...]
    let name = stem.map { RunName.isPermitted($0) ? $0 : "-" }.drop { $0 == "." || $0 == "-" }.prefix(RunName.longest)
    return name.isEmpty ? "topology" : String(name)
  }

  /// `path` from the root, read in `folder` if it is relative; `.` and `..` are resolved by name, as one reads them.
  static func absolute(_ path: String, in folder: String) -> String {
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : "\(folder)/\(path)").split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// The whole file.
  func text() throws(TopologyError) -> String {
    let bytes = try contents()
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    // A line feed is never part of a longer character, so the line that is wrong by itself is the one.
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    throw Origin.line(line + 1, of: path).error("not UTF-8 text")
  }

  private func contents() throws(TopologyError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw unreadable(errno) }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: TopologyFile.largestSize + 1)
    // One bounded read, without asking for the size first: the path may be a pipe, or /dev/zero.
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw unreadable(errno) }
    guard count <= TopologyFile.largestSize else {
      throw TopologyError(problems: ["cannot read \(path): larger than 1 MiB, which no topology needs"])
    }
    return Array(bytes[..<count])
  }

  private func unreadable(_ code: Int32) -> TopologyError {
    let reason =
      switch code {
      case ENOENT: "no such file"
      case EISDIR: "it is a directory"
      case EACCES: "permission denied"
      default: String(cString: strerror(code))
      }
    return TopologyError(problems: ["cannot read \(path): \(reason)"])
  }
}

/// What a run may be called: its name becomes the name of a folder.
enum RunName {
  static let longest = 100

  static func isPermitted(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
  }

  /// Whether `name` is a good name; one that begins with a dot would hide the folder, with a hyphen look like an option.
  static func isGood(_ name: String) -> Bool {
    (1...longest).contains(name.count) && name.allSatisfy(isPermitted) && !name.hasPrefix(".") && !name.hasPrefix("-")
  }
}
