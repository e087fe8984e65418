import ByzProtocol
import CSodium

/// The SHA-256 of a text.
package func sha256(of text: String) -> [UInt8] { sha256(of: Array(text.utf8)) }

/// The SHA-256 of some bytes.
package func sha256(of bytes: [UInt8]) -> [UInt8] {
  var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
  // It cannot fail: the function has a status only because all of its library's functions have one.
  _ = crypto_hash_sha256(&hash, bytes, UInt64(bytes.count))
  return hash
}

extension Topology {
  /// The SHA-256 over what all nodes of a run must agree on in order to train together; nodes whose digests differ are
  /// not of the same run.
  ///
  /// It covers the version of this text's form, the seed, the model's architecture, length and data set or all of an
  /// analytic problem, the batch, every training parameter, the rule, both populations with their declared bounds and
  /// quorums (and so the ids, which follow from the counts), the retained steps, and every node's public key where links are
  /// protected.
  ///
  /// It leaves out what may differ from node to node or concerns one node alone: the run's name, paths, addresses,
  /// faults, waiting times, and how often models are evaluated.
  public var digest: [UInt8] { sha256(of: agreement) }

  /// One line for each thing to agree on. Numbers are written with the fewest digits that give the same bits when read,
  /// alike on every platform.
  var agreement: String {
    """
    byzsgd topology 1
    seed \(seed)
    \(model.agreement)
    mode \(training.mode.agreement)
    steps \(training.steps)
    batch \(batch)
    learning rate \(training.learningRate.initial) \(training.learningRate.decaySteps.map { "\($0)" } ?? "constant")
    momentum \(training.momentum.agreement)
    gradient clip \(training.gradientClip.map { "\($0)" } ?? "none")
    weight decay \(training.weightDecay)
    gather every \(training.gatherEvery)
    aggregation \(aggregation)
    servers \(quorums.servers.agreement)
    workers \(quorums.workers.agreement)
    retained steps \(patience.retainedSteps)
    \(publicKeys.sorted { $0.key < $1.key }.map { "key \($0.key) \($0.value)\n" }.joined())
    """
  }
}

extension Model {
  fileprivate var agreement: String {
    switch self {
    case .network(let architecture, let data):
      "model \(architecture.rawValue) \(dimension)\ndataset \(data.dataset.rawValue)"
    case .analytic(.quadratic(let dimension, let noise)):
      "model analytic quadratic \(dimension) noise \(noise)"
    case .analytic(.logistic(let dimension, let examples)):
      "model analytic logistic \(dimension) examples \(examples)"
    }
  }
}

extension TrainingMode {
  fileprivate var agreement: String {
    guard let pull else { return "asynchronous" }
    return "synchronous \(pull.name) \(pull.lipschitzBatch.rawValue)"
  }
}

extension ModelPull {
  /// As a topology spells it.
  var name: String { isCertified ? "certified" : "filtered" }
}

extension Momentum? {
  fileprivate var agreement: String {
    map { "\($0.form.rawValue) \($0.coefficient)\($0.place == .worker ? "" : " at \($0.place.rawValue)")" } ?? "none"
  }
}

extension Group {
  fileprivate var agreement: String { "\(count) \(byzantine) \(quorum)" }
}
