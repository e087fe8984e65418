import ByzKeys
import ByzProtocol
import Yams

/// A topology's text, into which public keys are written without changing anything else of it, comments included.
///
/// As long as keys are missing, a topology whose nodes can be reached from other machines is not complete; so here it is read
/// as one without protection.
public struct TopologyDraft: Sendable {
  /// The file, as messages cite it.
  public let path: String
  /// What is in it.
  public let text: String
  /// What it says, keys included, as if it said `security: none`.
  public let topology: Topology

  fileprivate let entries: [NodeID: Entry]

  /// A node's mapping in a list of nodes, in lines and columns from 1.
  fileprivate struct Entry: Sendable {
    let key: Mark
    let value: Mark
    /// The id as written there means.
    let name: String
    /// Where the whole entry begins: in flow style, with a brace.
    let beginning: Mark
    /// Where it has a field for the key without a key in it.
    let emptyField: Mark?
  }

  /// What the text of the file is read with, while it lacks keys.
  private static let assignment = "security=none"

  /// Reads the file at `path`, whose nodes must be listed.
  public init(file path: String) throws(TopologyError) {
    try self.init(yaml: TopologyFile(path: path).text(), file: path)
  }

  /// Reads `text` as if the file at `path` held it.
  public init(yaml text: String, file path: String) throws(TopologyError) {
    topology = try Topology(yaml: text, file: path, overriding: [Self.assignment])
    self.text = text
    self.path = path
    entries = try Self.entries(in: text, of: path)
  }
}

// MARK: - Where the entries are

extension TopologyDraft {
  private static func entries(in text: String, of path: String) throws(TopologyError) -> [NodeID: Entry] {
    // The text was read before, so that only what has no meaning here is left to chance.
    let root: Node?
    do {
      root = try Parser(yaml: text.withoutByteOrderMark, resolver: .basic, encoding: .utf8).singleRoot()
    } catch {
      throw Origin.line(1, of: path).error("not valid YAML")
    }
    var entries: [NodeID: Entry] = [:]
    for role in Role.allCases {
      let section = root?.field("\(role.rawValue)s")
      guard let list = section?.value.field("nodes")?.value.sequence else {
        throw Origin.line(section?.key.mark?.line ?? 1, of: path).error(
          "\(role.rawValue)s: only nodes that are listed, with their addresses, can have keys; byzsgd init writes such a "
            + "topology")
      }
      for node in list {
        guard let (id, entry) = entry(of: node) else { continue }
        entries[id] = entry
      }
    }
    return entries
  }

  private static func entry(of node: Node) -> (NodeID, Entry)? {
    guard let (key, value) = node.field("id"), let name = value.scalar?.string, let id = NodeID(name),
      let keyMark = key.mark, let valueMark = value.mark, let beginning = node.mark
    else { return nil }
    let field = node.field(NodeKey.publicKey.rawValue)
    let isEmpty =
      field?.value.scalar.map { $0.style == .plain && Tree.nullWords.contains($0.string) } ?? false
    return (
      id,
      Entry(
        key: keyMark, value: valueMark, name: name, beginning: beginning, emptyField: isEmpty ? field?.key.mark : nil)
    )
  }
}

extension Node {
  fileprivate func field(_ name: String) -> (key: Node, value: Node)? {
    mapping?.first { $0.key.scalar?.string == name }.map { ($0.key, $0.value) }
  }
}

extension String {
  /// The text without the mark that may begin a file.
  fileprivate var withoutByteOrderMark: String {
    unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
  }
}

// MARK: - Writing keys

extension TopologyDraft {
  /// The text with the public keys of some nodes that have none yet, each right behind its node's id.
  ///
  /// - Throws: if an entry is written so that nothing can be inserted, or what came out would mean anything else. The
  ///   result is not checked further: with `Topology(yaml:file:)` one finds out whether it is complete.
  public func inserting(_ keys: [NodeID: PublicKey]) throws(TopologyError) -> String {
    let body = text.withoutByteOrderMark
    let lines = ScalarLines(body)
    var insertions: [(offset: Int, text: String)] = []
    for (id, key) in keys {
      guard let entry = entries[id] else {
        throw Origin.line(1, of: path).error("there is no entry of \(id) that a key can be written into")
      }
      if let mark = entry.emptyField {
        throw Origin.line(mark.line, of: path).error(
          "public_key is empty; take it out, so that byzsgd keys can write it, or give \(id)'s key")
      }
      guard let insertion = entry.insertion(of: key, in: lines) else {
        throw Origin.line(entry.value.line, of: path).error(
          "cannot write behind the id of this node; write it plainly, as id: \(id)")
      }
      insertions.append(insertion)
    }
    let prefix = text.unicodeScalars.count > body.unicodeScalars.count ? "\u{FEFF}" : ""
    let result = prefix + lines.inserting(insertions)
    guard means(result, the: keys) else {
      throw Origin.line(1, of: path).error(
        "cannot write keys into its lists of nodes as they are written; write each node as {id: \(NodeID.server(0)), ...}, or "
          + "give each its public_key by hand")
    }
    return result
  }

  /// Whether `result` is the same topology with these keys in addition.
  private func means(_ result: String, the keys: [NodeID: PublicKey]) -> Bool {
    var places = topology.nodes
    for (id, key) in keys { places[id]?.publicKey = key }
    let read = try? Topology(yaml: result, file: path, overriding: [Self.assignment])
    return read == topology.placing(places, security: .none)
  }
}

extension TopologyDraft.Entry {
  fileprivate func insertion(of publicKey: PublicKey, in lines: ScalarLines) -> (offset: Int, text: String)? {
    guard let start = lines.offset(of: value), let end = lines.end(ofScalar: name, at: start) else { return nil }
    let field = "\(NodeKey.publicKey.rawValue): \"\(publicKey)\""
    if lines.scalar(at: beginning) == "{" { return (end, ", \(field)") }
    // A line of its own below that of the id, behind whose value only a comment can stand.
    let line = lines.line(at: end)
    let indented = String(repeating: " ", count: key.column - 1) + field
    let isLast = lines.lineBreak(of: line).isEmpty
    let lineBreak = lines.lineBreak(of: isLast ? max(0, line - 1) : line)
    return (lines.end(of: line), isLast ? lineBreak + indented : indented + lineBreak)
  }
}

/// A text in lines as libyaml counts them, whose columns are Unicode scalars.
private struct ScalarLines {
  private let scalars: [Unicode.Scalar]
  /// Where each line begins; the last one may be empty.
  private let starts: [Int]

  init(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    self.scalars = scalars
    var starts = [0]
    for (index, scalar) in scalars.enumerated() where Self.isBreak(scalar) {
      let isCut = scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n"
      if !isCut { starts.append(index + 1) }
    }
    self.starts = starts
  }

  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    ["\r", "\n", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
  }

  func offset(of mark: Mark) -> Int? {
    guard starts.indices.contains(mark.line - 1) else { return nil }
    let offset = starts[mark.line - 1] + mark.column - 1
    return scalars.indices.contains(offset) ? offset : nil
  }

  func scalar(at mark: Mark) -> Unicode.Scalar? { offset(of: mark).map { scalars[$0] } }

  /// The index of the line that holds the place before `offset`.
  func line(at offset: Int) -> Int { (starts.firstIndex { $0 >= offset } ?? starts.count) - 1 }

  /// Where the line ends, its line break included.
  func end(of line: Int) -> Int { line + 1 < starts.count ? starts[line + 1] : scalars.count }

  func lineBreak(of line: Int) -> String {
    let characters = scalars[starts[line]..<end(of: line)].reversed().prefix { Self.isBreak($0) }
    return String(String.UnicodeScalarView(characters.reversed()))
  }

  /// The end of the scalar that begins at `start` and reads `name`, which has neither spaces nor quotes in it; nil if it is
  /// not written in one piece.
  func end(ofScalar name: String, at start: Int) -> Int? {
    let quote = scalars[start]
    let isQuoted = quote == "\"" || quote == "'"
    let token = Array((isQuoted ? "\(quote)\(name)\(quote)" : name).unicodeScalars)
    return scalars[start...].starts(with: token) ? start + token.count : nil
  }

  func inserting(_ insertions: [(offset: Int, text: String)]) -> String {
    var result = String.UnicodeScalarView()
    var done = 0
    for (offset, text) in insertions.sorted(by: { $0.offset < $1.offset }) {
      result.append(contentsOf: scalars[done..<offset])
      result.append(contentsOf: text.unicodeScalars)
      done = offset
    }
    result.append(contentsOf: scalars[done...])
    return String(result)
  }
}
