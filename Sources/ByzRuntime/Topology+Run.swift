import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTorch
import ByzTransport

extension Topology {
  /// What the machines of this run have to know.
  public var protocolConfiguration: ProtocolConfiguration {
    ProtocolConfiguration(
      quorums: quorums, training: training, patience: patience, rule: rule, dimension: architecture.dimension)
  }

  /// Where the servers are; empty if the topology does not say.
  var endpoints: [NodeID: Endpoint] {
    nodes.filter { $0.key.role == .server }.compactMapValues { place in
      place.address.map { Endpoint(address: $0, bind: place.bind) }
    }
  }

  /// The folder of the data set, as `node` sees it.
  func dataPath(of node: NodeID) -> String { nodes[node]?.dataPath ?? data.path }

  /// The digest in hexadecimal digits.
  public var digestText: String { Self.text(ofDigest: digest) }

  static func text(ofDigest digest: [UInt8]) -> String {
    digest.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
  }

  /// The gradients of `worker` on its share of the training images.
  func gradientSource(of worker: NodeID) throws -> any GradientSource {
    let path = dataPath(of: worker)
    let count = try MNIST.count(of: .training, in: path)
    let shares = Partition.independent(of: count, among: quorums.workers.count, seed: seed)
    let share = try MNIST.load(.training, in: path, keeping: shares[worker.index])
    return TorchGradientSource(
      model: try TorchModel(architecture), dataset: share,
      sampler: BatchSampler(seed: seed, worker: worker.index, batchSize: batch))
  }

  /// The evaluation of models on the whole test set.
  func evaluator(of server: NodeID) throws -> any Evaluator {
    TorchEvaluator(
      model: try TorchModel(architecture), dataset: try MNIST.load(.test, in: dataPath(of: server)))
  }

  /// The data files that are missing, with their folders: empty if all nodes find what they need.
  public var missingData: [String] {
    Set((quorums.serverIDs + quorums.workerIDs).map(dataPath)).sorted().flatMap { path in
      MNIST.missingFiles(in: path).map { "\(path)/\($0)" }
    }
  }
}
