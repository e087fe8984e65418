import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTorch
import ByzTransport

extension Topology {
  /// Where the servers are; empty if the topology does not say.
  var endpoints: [NodeID: Endpoint] {
    nodes.filter { $0.key.role == .server }.compactMapValues { place in
      place.address.map { Endpoint(address: $0, bind: place.bind) }
    }
  }

  /// The place of `node` among its accomplices.
  func bus(of node: NodeID) -> AdversaryBus {
    let buses = buses
    if let address = buses[node] { return .telling(at: address) }
    return cast.listens(node) && !buses.isEmpty ? .listening(to: buses) : .none
  }

  /// The folder of `data`, as `node` sees it.
  private func path(of data: DataConfiguration, for node: NodeID) -> String { nodes[node]?.dataPath ?? data.path }

  /// The digest in hexadecimal digits.
  public var digestText: String { Self.text(ofDigest: digest) }

  package static func text(ofDigest digest: [UInt8]) -> String {
    digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
  }

  /// The gradients of `worker`, where there are examples on its share of them.
  package func gradientSource(of worker: NodeID) throws -> any GradientSource {
    switch model {
    case .network(let architecture, let data):
      try gradientSource(of: worker, architecture, imagesIn: path(of: data, for: worker))
    case .analytic(let problem):
      problem.gradientSource(seed: seed, worker: worker.index, batch: batch, workers: quorums.workers.count)
    }
  }

  private func gradientSource(
    of worker: NodeID, _ architecture: Architecture, imagesIn path: String
  ) throws -> any GradientSource {
    let count = try MNIST.count(of: .training, in: path)
    let shares = Partition.independent(of: count, among: quorums.workers.count, seed: seed)
    let share = try MNIST.load(.training, in: path, keeping: shares[worker.index])
    return TorchGradientSource(
      model: try TorchModel(architecture), dataset: share,
      sampler: BatchSampler(seed: seed, worker: worker.index, batchSize: batch))
  }

  /// The evaluation of models on the whole test set, or by a formula.
  package func evaluator(of server: NodeID) throws -> any Evaluator {
    switch model {
    case .network(let architecture, let data):
      TorchEvaluator(
        model: try TorchModel(architecture), dataset: try MNIST.load(.test, in: path(of: data, for: server)))
    case .analytic(let problem):
      problem.evaluator(seed: seed)
    }
  }

  /// The data files that `nodes` need and that are missing on this machine, with their folders.
  public func missingData(for nodes: [NodeID]) -> [String] {
    guard case .network(_, let data) = model else { return [] }
    return Set(nodes.map { path(of: data, for: $0) }).sorted().flatMap { path in
      MNIST.missingFiles(in: path).map { "\(path)/\($0)" }
    }
  }

  /// What stands between this topology's model and libtorch, if it is needed and not there: in words, with what to do.
  public var missingLibrary: String? {
    guard case .network = model else { return nil }
    return TorchModel.missingLibrary?.description
  }
}
