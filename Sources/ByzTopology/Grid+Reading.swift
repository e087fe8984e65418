private enum GridKey: String, CaseIterable {
  case name, topology, set, axes, columns
}

extension Grid {
  /// More runs than anybody waits for; reading and checking them takes seconds.
  private static let mostCombinations = 10_000

  /// Reads the grid at `path`.
  ///
  /// - Parameters:
  ///   - path: a file; messages cite it as given, and paths in it are relative to it.
  ///   - assignments: what `--set` got, `training.steps=50`, set in all runs after what the grid sets in all.
  ///   - restrictions: what `--only` got, `training.aggregation=mda,median`: an axis and those of its values that are wanted.
  public init(
    file path: String, overriding assignments: [String] = [], only restrictions: [String] = []
  ) throws(TopologyError) {
    try self.init(
      yaml: TopologyFile(path: path).text(), file: path, overriding: assignments, only: restrictions)
  }

  /// Reads a grid from its text, as if the file at `path`, which need not exist, held it.
  public init(
    yaml text: String, file path: String, overriding assignments: [String] = [], only restrictions: [String] = []
  ) throws(TopologyError) {
    let start = Origin.line(1, of: path)
    guard let tree = try Tree.parse(text, origin: { .line($0, of: path) }), !tree.isNull else {
      throw start.error("there is nothing in the file; a grid has at least the keys topology and axes")
    }
    guard case .mapping = tree.content else {
      throw tree.origin.error("a grid is a mapping with the keys topology and axes, not \(tree.shown)")
    }
    let problems = Problems()
    let root = Section(Field(path: "", origin: start, value: tree, problems: problems), keys: GridKey.self)
    let file = TopologyFile(path: path)
    let name = root[.name].runName(standard: file.standardName)
    let topology = root[.topology].topologyTree(in: file.folder)
    let settings = root[.set].assignments()
    let options = assignments.compactMap { assignment in
      problems.catching { () throws(TopologyError) in try Assignment(option: assignment) }
    }
    let axes = root[.axes].axes()
    try problems.throwIfAny()
    guard let topology else { throw start.error("the grid has no topology") }

    Overwriting(settings: settings, options: options, axes: axes).report(to: problems)
    let columns = root[.columns].columns(of: axes)
    var base = topology.tree
    for assignment in settings + options {
      problems.catching { () throws(TopologyError) in try assignment.apply(to: &base) }
    }
    let restricted = problems.catching { () throws(TopologyError) in try axes.restricted(by: restrictions) } ?? axes
    if restricted.combinationCount > Grid.mostCombinations {
      root[.axes].report("too many combinations; at most \(Grid.mostCombinations) are permitted")
    }
    try problems.throwIfAny()
    self.init(name: name, axes: restricted, columns: columns, base: base, topologyPath: topology.path)
  }
}

extension Problems {
  /// What `body` gives; nil if it throws what is then one of these problems.
  @discardableResult
  fileprivate func catching<Value>(_ body: () throws(TopologyError) -> Value) -> Value? {
    do {
      return try body()
    } catch {
      add(error)
      return nil
    }
  }
}

extension [Grid.Axis] {
  /// How many combinations there are, as far as numbers go.
  fileprivate var combinationCount: Int {
    reduce(1) { product, axis in
      let (count, isTooLarge) = product.multipliedReportingOverflow(by: axis.values.count)
      return isTooLarge ? .max : count
    }
  }
}

// MARK: - Fields of a grid

extension Field {
  /// The topology that the grid varies; nil after a report.
  fileprivate func topologyTree(in folder: String) -> (tree: Tree, path: String)? {
    if value == nil { reportMissing("the file of the topology that varies") }
    guard let path = optionalPath(in: folder) else { return nil }
    do {
      return (try Topology.tree(in: TopologyFile(path: path).text(), of: path), path)
    } catch {
      // A message that begins with the topology's file and line needs no other place.
      for problem in error.problems { problem.hasPrefix("\(path):") ? problems.add(problem) : report(problem) }
      return nil
    }
  }

  /// The number of the axis that is named, or of the first one that is not the seed.
  fileprivate func columns(of axes: [Grid.Axis]) -> Int? {
    let candidates = axes.map(\.name).filter { $0 != Grid.seedName }
    guard let name = value == nil ? candidates.first : text() else { return nil }
    if let index = axes.firstIndex(where: { $0.name == name }), name != Grid.seedName { return index }
    report(
      candidates.isEmpty
        ? "there is no axis but the seed, over which results are averaged; leave it out"
        : "must be \(candidates.map { "'\($0)'" }.listed(or: "or")), not '\(name.shown())'")
    return nil
  }
}
