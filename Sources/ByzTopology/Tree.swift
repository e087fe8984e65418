/// A YAML value whose parts know where they were written, so that an override can replace any part and an error can still
/// cite the right place.
struct Tree: Sendable {
  struct Entry: Sendable {
    let key: String
    /// Where the key was written.
    var origin: Origin
    var value: Tree
  }

  enum Content: Sendable {
    /// `isPlain`: written without quotes, so that it may be a number or null.
    case scalar(String, isPlain: Bool)
    case sequence([Tree])
    case mapping([Entry])
  }

  var content: Content
  var origin: Origin

  /// Whether this is YAML's null: nothing, `~` or `null`. It stands for "not given" everywhere in a topology.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return Tree.nullWords.contains(text)
  }

  static let nullWords: Set<String> = ["", "~", "null", "Null", "NULL"]

  /// What this is, for "must be ..., not ...".
  var shown: String {
    switch content {
    case .scalar(let text, isPlain: true): "'\(text.shown())'"
    case .scalar(let text, isPlain: false): "the text \"\(text.shown())\""
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension Tree {
  /// Puts `value` where `path` leads, in place of what is there; mappings that the path needs are added.
  ///
  /// - Parameter walked: the part of the whole path that led here, for messages.
  mutating func set(
    _ path: ArraySlice<String>, to value: Tree, walked: String = ""
  ) throws(TopologyError) {
    guard let key = path.first else {
      self = value
      return
    }
    if isNull { content = .mapping([]) }
    let here = walked.isEmpty ? key.shown() : "\(walked).\(key.shown())"
    switch content {
    case .mapping(var entries):
      let index = entries.firstIndex { $0.key == key } ?? entries.endIndex
      if index == entries.endIndex {
        entries.append(Entry(key: key, origin: value.origin, value: Tree(content: .mapping([]), origin: value.origin)))
      }
      if path.count == 1 || entries[index].value.isNull { entries[index].origin = value.origin }
      try entries[index].value.set(path.dropFirst(), to: value, walked: here)
      content = .mapping(entries)
    case .sequence(var items):
      guard let index = Int(key), items.indices.contains(index) else {
        throw value.origin.error("\(walked) is a list of \(items.count), counted from 0; it has no '\(key.shown())'")
      }
      try items[index].set(path.dropFirst(), to: value, walked: here)
      content = .sequence(items)
    case .scalar:
      throw value.origin.error("\(walked) is \(shown) at \(origin.text), which has no fields; set \(walked) as a whole")
    }
  }
}
