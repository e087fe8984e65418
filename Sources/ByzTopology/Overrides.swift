/// A value for a field, given outside of the topology's file and applied to its tree before anything is checked: it meets the
/// same checks as the file, and its mistakes are cited where it was given.
struct Assignment: Sendable {
  /// No field lies deeper; a longer path is a mistake, and cheaper to refuse than to follow.
  private static let longestPath = 8

  /// The names of the keys from the root.
  let path: [String]
  let value: Tree

  init(_ value: Tree, to path: [String]) {
    self.path = path
    self.value = value
  }

  /// What `--set FIELD=VALUE` got; the value is YAML, so `{initial: 0.1}` and `null` mean what they mean in the file.
  init(option assignment: String) throws(TopologyError) {
    let origin = Origin.option("--set", assignment)
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let path = Assignment.path(spelled: parts[0]) else {
      throw origin.error("expected FIELD=VALUE, as in --set training.steps=200")
    }
    let nothing = Tree(content: .scalar("", isPlain: true), origin: origin)
    self.init(try Tree.parse(String(parts[1]), origin: { _ in origin }) ?? nothing, to: path)
  }

  /// The path that `text` spells, names joined by dots; nil if it spells none.
  static func path(spelled text: Substring) -> [String]? {
    let path = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return path.contains("") || path.count > longestPath ? nil : path
  }

  func apply(to tree: inout Tree) throws(TopologyError) { try tree.set(path[...], to: value) }

  /// Whether nothing is left of `earlier` once this has been applied after it.
  func replaces(_ earlier: Assignment) -> Bool { earlier.path.starts(with: path) }
}

/// What only the command line can change in a topology.
enum Overrides {
  /// Applies `--fault NODE=FAULT`; it replaces what the file says of that node.
  static func fault(_ assignment: String, in tree: inout Tree) throws(TopologyError) {
    let origin = Origin.option("--fault", assignment)
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw origin.error("expected NODE=FAULT, as in --fault worker-3=little-is-enough or server-1=reversed:scale=100")
    }
    let value = Tree(content: .scalar(parts[1], isPlain: false), origin: origin)
    try tree.set([TopologyKey.faults.rawValue, parts[0]], to: value)
  }
}
