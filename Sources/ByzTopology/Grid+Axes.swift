extension Field {
  /// A mapping from fields, by their paths, to values.
  func assignments() -> [Assignment] {
    entries(wanted: "a mapping from fields to values, such as {training.steps: 500}").compactMap { entry in
      guard let path = Assignment.path(spelled: Substring(entry.key)) else {
        member(entry).report("'\(entry.key.shown())' is not a field, such as training.steps")
        return nil
      }
      return Assignment(entry.value, to: path)
    }
  }

  /// What varies in a grid, and how.
  func axes() -> [Grid.Axis] {
    let example = "training.aggregation: [mda, median]"
    if value == nil { reportMissing("what varies, such as {\(example)}") }
    let entries = entries(wanted: "a mapping from what varies to its values, such as {\(example)}")
    if entries.isEmpty, case .mapping? = value?.content { report("must have at least one axis") }
    return entries.compactMap { entry in
      let field = member(entry)
      guard let axis = field.axis(named: entry.key) else { return nil }
      let labels = axis.values.map(\.label)
      for (index, label) in labels.enumerated() where labels[..<index].contains(label) {
        field.report("'\(label)' is there twice")
      }
      return axis
    }
  }

  /// A list of what the fields that `name` spells get, or a mapping from labels to fields with their values; nil after a
  /// report.
  private func axis(named name: String) -> Grid.Axis? {
    let shown = name.shown(atMost: Tree.longestFlow)
    switch value?.content {
    case .sequence(let items)? where !items.isEmpty:
      guard let paths = paths(in: name) else { return nil }
      return Grid.Axis(
        name: shown, shortName: paths.compactMap { $0.last?.shown() }.joined(separator: ", "),
        values: items.map { item in
          Grid.Value(label: item.flow, assignments: paths.map { Assignment(item, to: $0) })
        })
    case .mapping(let labels)? where !labels.isEmpty:
      return Grid.Axis(
        name: shown, shortName: shown,
        values: labels.map { label in
          Grid.Value(label: label.key.shown(atMost: Tree.longestFlow), assignments: member(label).assignments())
        })
    default:
      report(
        "must be a list of values, such as [1, 2], or a mapping from labels to what they set, such as "
          + "{none: {training.momentum.at: none}}")
      return nil
    }
  }

  /// The paths that `name` spells, separated by commas; nil after a report.
  private func paths(in name: String) -> [[String]]? {
    var paths: [[String]] = []
    for part in name.split(separator: ",", omittingEmptySubsequences: false) {
      guard let path = Assignment.path(spelled: part.drop { $0 == " " }) else {
        report("'\(String(part).shown())' is not a field, such as training.steps; several are separated by ', '")
        return nil
      }
      paths.append(path)
    }
    return paths
  }
}
