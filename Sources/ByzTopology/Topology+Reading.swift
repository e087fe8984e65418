import ByzProtocol

enum TopologyKey: String, CaseIterable {
  case name, seed, model, data, training, security, servers, workers, quorum, faults, simulation
}

extension Topology {
  /// Reads the topology at `path`.
  ///
  /// - Parameters:
  ///   - path: a file, or a pipe; messages cite it as given.
  ///   - assignments: what `--set` got, `training.steps=200`, applied in order. The field is given by the names of the
  ///     keys joined by dots, items of lists by their number from 0; the value is YAML, and `null` takes a field away.
  ///     Paths among the values are relative to the file, like all paths of a topology.
  ///   - faults: what `--fault` got, `worker-3=little-is-enough`, applied after all assignments.
  public init(
    file path: String, overriding assignments: [String] = [], faults: [String] = []
  ) throws(TopologyError) {
    try self.init(yaml: TopologyFile(path: path).text(), file: path, overriding: assignments, faults: faults)
  }

  /// Reads a topology from its text, as if the file at `path`, which need not exist, held it.
  public init(
    yaml text: String, file path: String, overriding assignments: [String] = [], faults: [String] = []
  ) throws(TopologyError) {
    var tree = try Topology.tree(in: text, of: path)
    let problems = Problems()
    for assignment in assignments {
      do { try Assignment(option: assignment).apply(to: &tree) } catch { problems.add(error) }
    }
    for fault in faults {
      do { try Overrides.fault(fault, in: &tree) } catch { problems.add(error) }
    }
    try problems.throwIfAny()
    try self.init(tree, file: path)
  }

  /// What the text of the file at `path` says: a mapping.
  static func tree(in text: String, of path: String) throws(TopologyError) -> Tree {
    guard let tree = try Tree.parse(text, origin: { .line($0, of: path) }), !tree.isNull else {
      throw Origin.line(1, of: path).error(
        "there is nothing in the file; see the documentation for an example of a topology")
    }
    guard case .mapping = tree.content else {
      throw tree.origin.error("a topology is a mapping with keys such as name, model and training, not \(tree.shown)")
    }
    return tree
  }

  /// Reads a topology from its `tree`, as if the file at `path` held it.
  init(_ tree: Tree, file path: String) throws(TopologyError) {
    let root = Field(path: "", origin: .line(1, of: path), value: tree, problems: Problems())
    try self.init(Section(root), file: TopologyFile(path: path))
  }

  private init(_ root: Section<TopologyKey>, file: TopologyFile) throws(TopologyError) {
    let problems = root.field.problems
    let folder = file.folder
    let name = root[.name].runName(standard: file.standardName)
    let seed = root[.seed].whole(in: 0...Int.max, standard: 1)
    let model = ModelValues(root[.model], data: root[.data], folder: folder)
    let training = TrainingValues(root[.training])
    let servers = PopulationValues(root[.servers], role: .server, folder: folder)
    let workers = PopulationValues(root[.workers], role: .worker, folder: folder)
    let security = SecurityValues(root[.security])
    let quorum = QuorumValues(root[.quorum])
    let quorums = quorum.quorums(
      servers: servers, workers: workers, in: training?.parameters.mode ?? .asynchronous)
    let faults = FaultValues(root[.faults])
    let schedule = ScheduleValues(root[.simulation])
    // What follows compares fields with each other, which means something only when each of them was understood.
    try problems.throwIfAny()
    // Each of these is missing only after a report; the compiler cannot know.
    guard let model, let training else { throw root.field.origin.error("the topology is incomplete") }
    quorum.check(quorums, servers: servers, workers: workers, training: training)
    faults.check(quorums)
    schedule.check(quorums)
    model.check(servers: servers, workers: workers)
    PopulationValues.checkAddresses(servers, workers)
    let chosenSecurity = security.check(servers, workers)
    try problems.throwIfAny()
    self.init(
      name: name, seed: UInt64(seed), model: model.model, training: training.parameters, batch: training.batch,
      evaluateEvery: training.evaluateEvery, quorums: quorums, patience: quorum.patience,
      security: chosenSecurity,
      nodes: servers.places.merging(workers.places) { first, _ in first }, faults: faults.specifications,
      schedule: schedule.schedule, rule: training.rule)
  }
}

extension Field {
  /// The name of a run, or of a grid of them.
  func runName(standard: String) -> String {
    guard let name = text() else { return standard }
    if !RunName.isGood(name) {
      report(
        "must be 1 to \(RunName.longest) of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not begin with '.' or "
          + "'-'; it is '\(name.shown())'")
    }
    return name
  }
}
