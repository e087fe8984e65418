extension Tree {
  /// How much of a scalar is shown.
  static let longestFlow = 200

  /// The value on one line, in YAML's flow style, without the quotes that it was written with.
  var flow: String {
    switch content {
    case .scalar(let text, _): isNull ? "null" : text.shown(atMost: Tree.longestFlow)
    case .sequence(let items): "[\(items.map(\.flow).joined(separator: ", "))]"
    case .mapping(let entries): "{\(entries.map { "\($0.key.shown()): \($0.value.flow)" }.joined(separator: ", "))}"
    }
  }
}
