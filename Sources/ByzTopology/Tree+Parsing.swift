import Yams

extension Tree {
  /// How deep values may be nested: a topology needs five levels.
  private static let deepestLevel = 32

  /// Reads `text`, which must be one YAML document without anchors, aliases and tags; nil if it holds no value at all.
  ///
  /// - Parameter origin: gives the place of a line, counted from 1.
  static func parse(_ text: String, origin: (Int) -> Origin) throws(TopologyError) -> Tree? {
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    try refuseControlCharacters(in: text, origin: origin)
    // A few aliases of aliases stand for billions of values, and Yams walks through all of them when they are in a key.
    // So a first reading has every '*' replaced by a character without meaning: what remains of aliases are the anchors
    // that they need, and these are refused. After that an alias can only be an error.
    let harmless = text.unicodeScalars.map { $0 == "*" ? "\u{E000}" : $0 }
    let tree = try document(in: String(String.UnicodeScalarView(harmless)), origin: origin)
    return text.utf8.contains(UInt8(ascii: "*")) ? try document(in: text, origin: origin) : tree
  }

  private static func document(in text: String, origin: (Int) -> Origin) throws(TopologyError) -> Tree? {
    do {
      // Without rules for what looks like a number or a date: each field's reader knows better what it wants.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      // The nodes refer to their anchors weakly; the parser owns them.
      return try withExtendedLifetime(parser) { try parser.singleRoot().map { try Tree($0, level: 0, origin: origin) } }
    } catch let error as TopologyError {
      throw error
    } catch {
      let (line, message) = explanation(of: error)
      // The end of the file counts as a line of its own, which an editor does not show.
      let lineFeeds = text.utf8.dropLast().count { $0 == UInt8(ascii: "\n") }
      throw origin(min(max(1, line), lineFeeds + 1)).error(message)
    }
  }

  private init(_ node: Node, level: Int, origin: (Int) -> Origin) throws(TopologyError) {
    let place = origin(node.mark?.line ?? 1)
    guard node.anchor == nil else { throw place.error("anchors and aliases ('&name', '*name') are not permitted") }
    guard level <= Tree.deepestLevel else { throw place.error("nested more than \(Tree.deepestLevel) levels deep") }
    self.origin = place
    switch node {
    case .scalar(let scalar):
      try Tree.refuse(tag: scalar.tag, unless: .str, at: place)
      content = .scalar(scalar.string, isPlain: scalar.style == .plain)
    case .sequence(let sequence):
      try Tree.refuse(tag: sequence.tag, unless: .seq, at: place)
      var items: [Tree] = []
      for item in sequence { items.append(try Tree(item, level: level + 1, origin: origin)) }
      content = .sequence(items)
    case .mapping(let mapping):
      try Tree.refuse(tag: mapping.tag, unless: .map, at: place)
      var entries: [Entry] = []
      for (key, value) in mapping { entries.append(try Tree.entry(key, value, level: level + 1, origin: origin)) }
      content = .mapping(entries)
    case .alias:
      throw place.error("anchors and aliases ('&name', '*name') are not permitted")
    }
  }

  private static func entry(
    _ key: Node, _ value: Node, level: Int, origin: (Int) -> Origin
  ) throws(TopologyError) -> Entry {
    let key = try Tree(key, level: level, origin: origin)
    guard case .scalar(let name, _) = key.content else {
      throw key.origin.error("a key must be a word, not \(key.shown)")
    }
    return Entry(key: name, origin: key.origin, value: try Tree(value, level: level, origin: origin))
  }

  private static func refuse(tag: Tag, unless standard: Tag.Name, at place: Origin) throws(TopologyError) {
    guard tag.rawValue.isEmpty || tag.rawValue == standard.rawValue else {
      throw place.error("tags ('\(tag.rawValue.shown())') are not permitted")
    }
  }

  private static func explanation(of error: any Error) -> (line: Int, message: String) {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      (mark.line, "not valid YAML: " + (context.map { "\($0.text), " } ?? "") + problem)
    case .duplicatedKeysInMapping(let keys, let context):
      (context.mark.line, "'\(keys.first?.shown() ?? "a key")' is given more than once in the same mapping, first here")
    case .reader(let problem, _, _, _):
      (1, "not valid YAML: \(problem)")
    default:
      (1, "not valid YAML")
    }
  }

  private static func refuseControlCharacters(
    in text: String, origin: (Int) -> Origin
  ) throws(TopologyError) {
    var line = 1
    for scalar in text.unicodeScalars {
      guard scalar.isYAMLText else {
        let code = String(scalar.value, radix: 16, uppercase: true)
        let padding = String(repeating: "0", count: max(0, 4 - code.count))
        throw origin(line).error("the character U+\(padding)\(code) is not permitted")
      }
      if scalar == "\n" { line += 1 }
    }
  }
}

extension Unicode.Scalar {
  /// Whether YAML permits this character as it is (YAML 1.2, production 1); a byte order mark only begins a file.
  var isYAMLText: Bool {
    switch value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }
}
