extension [Grid.Axis] {
  /// These axes with those of their values that `--only` asks for.
  ///
  /// - Parameter restrictions: `AXIS=VALUE,VALUE` each. Names of axes and values may hold commas and equals signs, so they
  ///   are looked for as they are; an axis may be called by its short name, too.
  func restricted(by restrictions: [String]) throws(TopologyError) -> [Grid.Axis] {
    var restricted = self
    var seen: Set<Int> = []
    for restriction in restrictions {
      let origin = Origin.option("--only", restriction)
      guard let (index, wanted) = split(restriction) else {
        let names = map { "'\($0.name)'" }.joined(separator: ", ")
        throw origin.error("expected AXIS=VALUE,VALUE with one of the axes \(names)")
      }
      guard seen.insert(index).inserted else { throw origin.error("the axis '\(self[index].name)' is given twice") }
      let labels = self[index].values.map(\.label)
      guard let chosen = Self.items(of: wanted, among: labels) else {
        throw origin.error(
          "'\(String(wanted).shown())' is not one or more, separated by commas, of \(labels.joined(separator: ", "))")
      }
      restricted[index].values.removeAll { !chosen.contains($0.label) }
    }
    return restricted
  }

  /// The number of the axis that `restriction` begins with, by its name or its short one, and what follows.
  private func split(_ restriction: String) -> (axis: Int, values: Substring)? {
    for names in [map(\.name), shortNames] {
      for (index, name) in names.enumerated() where restriction.hasPrefix("\(name)=") {
        return (index, restriction.dropFirst(name.count + 1))
      }
    }
    return nil
  }

  /// Those of `labels` that, joined by commas, make up `text`; nil if none do.
  private static func items(of text: Substring, among labels: [String]) -> Set<String>? {
    for label in labels where text.hasPrefix(label) {
      let rest = text.dropFirst(label.count)
      if rest.isEmpty { return [label] }
      if rest.first == ",", let others = items(of: rest.dropFirst(), among: labels) { return others.union([label]) }
    }
    return nil
  }
}
