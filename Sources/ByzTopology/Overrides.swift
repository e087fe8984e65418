/// What the command line changes in a topology, applied to the tree before anything is checked: an override meets the
/// same checks as the file, and its mistakes are cited as they were typed.
enum Overrides {
  /// No field lies deeper; a longer path is a mistake, and cheaper to refuse than to follow.
  private static let longestPath = 8

  /// Applies `--set FIELD=VALUE`; the value is YAML, so `{initial: 0.1}` and `null` mean what they mean in the file.
  static func set(_ assignment: String, in tree: inout Tree) throws(TopologyError) {
    let origin = Origin.option("--set", assignment)
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains(""), path.count <= longestPath else {
      throw origin.error("expected FIELD=VALUE, as in --set training.steps=200")
    }
    let nothing = Tree(content: .scalar("", isPlain: true), origin: origin)
    let value = try Tree.parse(String(parts[1]), origin: { _ in origin }) ?? nothing
    try tree.set(path[...], to: value)
  }

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
