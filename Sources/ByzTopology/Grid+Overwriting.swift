/// Looks for assignments of a grid of which nothing is left because an axis, whose values come later, replaces them.
struct Overwriting {
  let settings: [Assignment]
  let options: [Assignment]
  let axes: [Grid.Axis]

  func report(to problems: Problems) {
    for (number, axis) in axes.enumerated() {
      let earlier = axes[..<number].flatMap(\.values).flatMap(\.assignments)
      let later = axis.values.flatMap(\.assignments)
      report(settings + earlier, replacedBy: later, "set by the axis '\(axis.name)', too", to: problems)
      report(
        options, replacedBy: later, "what the axis '\(axis.name)' varies; choose among its values with --only",
        to: problems)
    }
  }

  private func report(
    _ earlier: [Assignment], replacedBy later: [Assignment], _ reason: String, to problems: Problems
  ) {
    var reported: Set<[String]> = []
    for assignment in earlier where later.contains(where: { $0.replaces(assignment) }) {
      guard reported.insert(assignment.path).inserted else { continue }
      let field = assignment.path.joined(separator: ".").shown()
      problems.add("\(assignment.value.origin.text): \(field) is \(reason)")
    }
  }
}
