import ByzGradients

/// What a topology that leaves out a field of an analytic model gets.
private enum AnalyticDefaults {
  static let dimension = 10
  static let noise = 1.0
  static let examples = 1_000
}

private enum ModelKey: String, CaseIterable {
  case architecture, analytic, dimension, noise, examples
}

private enum DataKey: String, CaseIterable {
  case dataset, path
}

/// The analytic problems, by the names that a topology calls them by.
private enum AnalyticName: String, CaseIterable {
  case quadratic, logistic
}

/// The values of the sections `model` and `data`.
struct ModelValues {
  /// A logistic problem's examples with all their inputs: 400 MB of floats.
  private static let largestExamples = 100_000_000

  let model: Model
  private let section: Section<ModelKey>

  /// The values of `field` and `data`; nil, after a report, if they do not say what the model is.
  ///
  /// - Parameter folder: what paths in the topology are relative to.
  init?(_ field: Field, data: Field, folder: String) {
    section = Section(field)
    let (architecture, analytic) = (section[.architecture], section[.analytic])
    let read: Model?
    switch (architecture.value, analytic.value) {
    case (_, nil): read = section.network(data, folder: folder).map { .network($0, $1) }
    case (nil, _): read = section.problem(data).map { .analytic($0) }
    default:
      (architecture.origin.isOption ? architecture : analytic).report("give either architecture or analytic, not both")
      read = nil
    }
    guard let read else { return nil }
    model = read
  }

  /// Reports what an analytic problem and the nodes of the run do not have in common.
  func check(servers: PopulationValues, workers: PopulationValues) {
    guard case .analytic(let problem) = model else { return }
    for field in servers.dataFields + workers.dataFields { field.reportNeedless() }
    guard case .logistic(let dimension, let examples) = problem else { return }
    if examples < workers.count {
      section[.examples].report("\(workers.count) workers share \(examples) examples; each must have one")
    }
    let most = max(examples, AnalyticProblem.testExamples)
    if dimension > Self.largestExamples / most {
      section[.dimension].report(
        "\(most) examples for training or test of \(dimension) inputs are too many; at most \(Self.largestExamples) "
          + "inputs are permitted")
    }
  }
}

extension Section<ModelKey> {
  fileprivate func network(_ data: Field, folder: String) -> (Architecture, DataConfiguration)? {
    let architecture = self[.architecture].choice(Architecture.self, or: "a problem without data as model.analytic")
    refuse([.dimension, .noise, .examples], because: "only a model that is analytic has it")
    guard let data = data.dataConfiguration(folder: folder), let architecture else { return nil }
    return (architecture, data)
  }

  fileprivate func problem(_ data: Field) -> AnalyticProblem? {
    if data.value != nil { data.reportNeedless() }
    let dimension = self[.dimension].whole(in: 1...100_000_000, standard: AnalyticDefaults.dimension)
    switch self[.analytic].choice(AnalyticName.self) {
    case nil: return nil
    case .quadratic:
      refuse([.examples], because: "quadratic has none; it has dimension and noise")
      let noise = self[.noise].number(in: .notNegative, standard: AnalyticDefaults.noise)
      return .quadratic(dimension: dimension, noise: noise)
    case .logistic:
      refuse([.noise], because: "logistic has none; it has dimension and examples")
      let examples = self[.examples].whole(in: 1...1_000_000, standard: AnalyticDefaults.examples)
      return .logistic(dimension: dimension, examples: examples)
    }
  }

  /// Reports those of `keys` that are given.
  private func refuse(_ keys: [ModelKey], because reason: String) {
    for key in keys where self[key].value != nil { self[key].report(reason) }
  }
}

extension Field {
  fileprivate func reportNeedless() { report("an analytic model needs no data; leave it out") }

  /// One of the cases of `Choice`, by name; if nothing is given, a report that also names the `alternative`.
  fileprivate func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _: Choice.Type, or alternative: String? = nil
  ) -> Choice? {
    let options = Choice.allCases.map { (name: $0.rawValue, choice: $0) }
    if value == nil, let alternative {
      reportMissing("\(options.map(\.name).listed(or: "or")), or \(alternative)")
      return nil
    }
    return choice(of: options, standard: nil)
  }

  fileprivate func dataConfiguration(folder: String) -> DataConfiguration? {
    let section = Section<DataKey>(self)
    let dataset = section[.dataset].choice(DataConfiguration.Dataset.self)
    if section[.path].value == nil { section[.path].reportMissing("the folder of the data set") }
    guard let path = section[.path].optionalPath(in: folder), let dataset else { return nil }
    return DataConfiguration(dataset: dataset, path: path)
  }
}
