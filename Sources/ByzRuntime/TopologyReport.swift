import ByzAggregation
import ByzProtocol
import ByzTopology

/// What a topology promises and costs, in words: what `byzsgd check` says of it.
public struct TopologyReport {
  private let topology: Topology

  public init(_ topology: Topology) { self.topology = topology }

  public var text: String {
    ([bounds, costs] + (warnings.isEmpty ? [] : [warnings]) + ["digest: \(topology.digestText)"])
      .joined(separator: "\n\n")
  }

  private var bounds: String {
    let (servers, workers) = (topology.quorums.servers, topology.quorums.workers)
    return """
      bounds:
        servers: n_ps = \(servers.count), of which f_ps = \(servers.byzantine) may be Byzantine; a quorum is q_ps = \
      \(servers.quorum)
        workers: n_w = \(workers.count), of which f_w = \(workers.byzantine) may be Byzantine; a quorum is q_w = \
      \(workers.quorum)
        aggregation: \(topology.aggregation)
      \(pulls)
      \(guarantees)
      """
  }

  /// What models and aggregates of a synchronous run rest on.
  private var pulls: String {
    guard let pull = topology.training.mode.pull else { return "" }
    let (servers, workers) = (topology.quorums.servers, topology.quorums.workers)
    let delay = topology.patience.delay
    let isSafe = servers.count > 3 * servers.byzantine && workers.count > 3 * workers.byzantine
    let model =
      pull.isCertified
      ? "a model that f_ps + 1 = \(servers.byzantine + 1) servers have; where so many do not agree, as if filtered"
      : "one server's model that passes both filters; right after a gather the median of all"
    let bound =
      delay.isMeasured
      ? "measured, from \(delay.floorMilliseconds) to \(delay.milliseconds) ms" : "\(delay.milliseconds) ms"
    return """
        a gradient is taken at \(model)
        Delta: \(bound); \(isSafe ? "medians and aggregates are safe whatever the delays" : "safety rests on it, see below")

      """
  }

  /// What is proven of the rule, for the fewest momentums that it gets and for all.
  private var guarantees: String {
    let workers = topology.quorums.workers
    let counts = workers.quorum == workers.count ? [workers.count] : [workers.quorum, workers.count]
    let tolerated = counts.map(topology.quorums.tolerance)
    let proven = zip(counts, tolerated).map {
      topology.rule.guarantee(inputs: $0, tolerating: $1, dimension: topology.model.dimension)
    }
    let numbers = counts.map(String.init).joined(separator: " and for ")
    let byzantine = tolerated.first == tolerated.last ? "\(tolerated[0])" : "\(tolerated[0]) and \(tolerated[1])"
    guard proven.allSatisfy({ $0.lambda != nil }) else {
      return
        "nothing is proven of \(topology.aggregation) for \(numbers) momentums of which \(byzantine) may be "
        + "Byzantine:\n  \(proven.first { $0.lambda == nil }?.remark ?? "")"
    }
    func values(_ coefficient: (Guarantee) -> Double?) -> String {
      proven.map { coefficient($0).map { $0.isInfinite ? "anything" : Self.short($0) } ?? "none" }.joined(
        separator: ", ")
    }
    return """
      what is proven of \(topology.aggregation) for \(numbers) momentums of which \(byzantine) may be Byzantine \
      (\(proven[proven.count - 1].remark)):
        lambda = \(values(\.lambda)): the aggregate is at most this many times the diameter of the honest momentums away
          from their mean (RESAM)
        kappa = \(values(\.kappa)): its squared distance from there is at most this many times their variance (Fixing by
          Mixing)
        variance to norm < \(values(\.varianceToNorm)): the model goes downhill while the standard deviation of honest
          momentums, divided by the norm of their mean, is below this; momentum at the workers lowers that ratio
          (Distributed Momentum)
      """
  }

  private var costs: String {
    let (n_ps, n_w) = (topology.quorums.servers.count, topology.quorums.workers.count)
    let vector = 4 * topology.model.dimension
    let models = modelsToWorkers
    let gathers = Double(n_ps * (n_ps - 1)) / Double(topology.training.gatherEvery)
    let retained = topology.protocolConfiguration.patience.retainedSteps
    // Of each peer the current and the newest vector, in each direction 2 R in libzmq and R of each of two kinds on their
    // way there; what is kept of R steps; for rejoining, of each other server as much; and a few at work.
    let link = 2 + 4 * retained + 2 * retained
    let serverVectors = (n_w + n_ps - 1) * link + 2 * retained * n_ps + 4
    let workerVectors = n_ps * link + retained + 6
    return """
      a step with d = \(topology.model.dimension), a vector of \(Self.size(vector)):
        models to workers: \(Self.short(models)) messages\(models == models.rounded() ? "" : " on average"), \
      \(Self.size(Int(models * Double(vector))))
        momentums to servers: \(n_ps * n_w) messages, \(Self.size(n_ps * n_w * vector))
        models among servers: \(Self.short(gathers)) messages on average, \(Self.size(Int(gathers * Double(vector))))
        vectors held at most: \(Self.size(serverVectors * vector)) in a server, \
      \(Self.size(workerVectors * vector)) in a worker
      """
  }

  /// How many models servers send to workers in a step, on average where nobody lies.
  private var modelsToWorkers: Double {
    let (servers, workers) = (topology.quorums.servers, Double(topology.quorums.workers.count))
    let count = Double(servers.count)
    guard let pull = topology.training.mode.pull else { return workers * count }
    if pull.isCertified { return workers }
    return workers * (1 + (count - 1) / Double(topology.training.gatherEvery) + Double(servers.byzantine) / count)
  }

  private var warnings: String { topology.warnings.map { "warning: \($0)" }.joined(separator: "\n") }

  private static func size(_ bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1000 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return "\(short(value)) \(units[unit])"
  }

  /// Three digits, or all of those before the point.
  private static func short(_ value: Double) -> String {
    let digits = value >= 100 ? 1.0 : value >= 10 ? 10 : 100
    let rounded = (value * digits).rounded() / digits
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
