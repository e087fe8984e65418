import ByzAggregation
import ByzGradients
import ByzProtocol

extension Topology {
  /// The topology as resolved: every field spelled out, in the documented order, paths from the root. Reading it, from
  /// wherever, gives an equal topology.
  public var yaml: String {
    """
    name: \(name.yamlScalar)
    seed: \(seed)
    \(model.yaml)
    training:
    \(trainingLines)
    security: \(security.rawValue)
    \(populationLines(.server, quorums.servers))
    \(populationLines(.worker, quorums.workers))
    quorum:
      servers: \(quorums.servers.quorum)
      workers: \(quorums.workers.quorum)
      grace_ms: \(patience.graceMilliseconds)
      start_grace_ms: \(patience.startGraceMilliseconds)
      delta_ms: \(patience.delay.milliseconds)
      delta_floor_ms: \(patience.delay.floorMilliseconds)
      ask_again_ms: \(patience.askAgainMilliseconds)
      linger_ms: \(patience.lingerMilliseconds)
      retained_steps: \(patience.retainedSteps)
    \(faultLines)
    \(schedule.yaml)

    """
  }

  private var trainingLines: String {
    let rate = training.learningRate
    return """
        \(training.mode.yaml)
        steps: \(training.steps)
        batch: \(batch)
        learning_rate: {initial: \(rate.initial), decay_steps: \(rate.decaySteps.yaml)}
        momentum: \(training.momentum.yaml)
        gradient_clip: \(training.gradientClip.yaml)
        weight_decay: \(training.weightDecay)
        gather_every: \(training.gatherEvery)
        aggregation: \(aggregation.yaml)
        evaluate_every: \(evaluateEvery)
      """
  }

  /// With a list of nodes as soon as something is known of one of them.
  private func populationLines(_ role: Role, _ group: Group) -> String {
    let places = (0..<group.count).map { (id: NodeID(role, $0), place: nodes[NodeID(role, $0)] ?? NodePlace()) }
    guard places.contains(where: { $0.place != NodePlace() }) else {
      return "\(role.rawValue)s: {count: \(group.count), byzantine: \(group.byzantine)}"
    }
    let lines = places.map { id, place in
      let fields = [
        ("id", id.description), ("host", place.host), ("address", place.address), ("bind", place.bind),
        ("public_key", place.publicKey?.description), ("data", place.dataPath), ("bus", place.bus),
      ]
      let given = fields.compactMap { key, value in value.map { "\(key): \($0.yamlScalar)" } }
      return "    - {\(given.joined(separator: ", "))}"
    }
    return (["\(role.rawValue)s:", "  byzantine: \(group.byzantine)", "  nodes:"] + lines).joined(separator: "\n")
  }

  private var faultLines: String {
    guard !faults.isEmpty else { return "faults: {}" }
    let lines = faults.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value.description.yamlScalar)" }
    return (["faults:"] + lines).joined(separator: "\n")
  }
}

extension Model {
  fileprivate var yaml: String {
    switch self {
    case .network(let architecture, let data):
      """
      model: {architecture: \(architecture.rawValue)}
      data: {dataset: \(data.dataset.rawValue), path: \(data.path.yamlScalar)}
      """
    case .analytic(.quadratic(let dimension, let noise)):
      "model: {analytic: quadratic, dimension: \(dimension), noise: \(noise)}"
    case .analytic(.logistic(let dimension, let examples)):
      "model: {analytic: logistic, dimension: \(dimension), examples: \(examples)}"
    }
  }
}

extension TrainingMode {
  fileprivate var yaml: String {
    guard let pull else { return "mode: asynchronous" }
    return "mode: synchronous\n  pull: \(pull.name)\n  lipschitz_batch: \(pull.lipschitzBatch.rawValue)"
  }
}

extension Momentum? {
  fileprivate var yaml: String {
    guard let momentum = self else { return "{at: none}" }
    return "{coefficient: \(momentum.coefficient), form: \(momentum.form.rawValue), at: \(momentum.place.rawValue)}"
  }
}

extension AggregationSpecification {
  fileprivate var yaml: String {
    if before.isEmpty { return rule.description.yamlScalar }
    let steps = before.map(\.description.yamlScalar).joined(separator: ", ")
    return "{rule: \(rule.description.yamlScalar), before: [\(steps)]}"
  }
}

extension Double? {
  fileprivate var yaml: String { map { "\($0)" } ?? "null" }
}

extension String {
  /// The text as a YAML scalar that is read back as the same text: bare if nothing in it means anything to YAML, else in
  /// double quotes.
  var yamlScalar: String {
    // A name's characters and the slash mean nothing to YAML, but a number or a hyphen in front may.
    let isWord = allSatisfy { RunName.isPermitted($0) || $0 == "/" }
    if isWord, let first, first.isLetter || first == "/", !Tree.nullWords.contains(self) { return self }
    return "\"\(unicodeScalars.map(\.inDoubleQuotes).joined())\""
  }
}

extension Unicode.Scalar {
  fileprivate var inDoubleQuotes: String {
    switch self {
    case "\"", "\\": return "\\\(self)"
    // Line and paragraph separators are folded like line feeds.
    // Nor should a text look like another one, with its direction turned.
    case _
    where value < 0x20 || !isYAMLText || properties.generalCategory == .format
      || ["\u{85}", "\u{2028}", "\u{2029}"].contains(self):
      let digits = String(value, radix: 16)
      return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    default: return String(self)
    }
  }
}
