import ByzProtocol

/// How a run, or one node's part in it, ended.
public enum Outcome: String, Codable, Sendable {
  /// The last step was reached.
  case completed
  /// It was not reached.
  case failed
  /// The node's own state became non-finite.
  case diverged
  /// Somebody asked for the end before.
  case interrupted
}

/// What one node writes about its part in a run.
public struct NodeSummary: Codable, Sendable {
  public struct Sent: Codable, Sendable, Equatable {
    public var messages: Int
    public var bytes: Int
  }

  /// From what a faulty worker has made the momentums that it sent, in so many steps each.
  public struct Forgeries: Codable, Sendable, Equatable {
    /// Of honest momentums, of which its accomplices had told it.
    public var overheard = 0
    /// Of its own: estimates, or its true momentum alone where it knew nothing else.
    public var estimated = 0

    public init(overheard: Int = 0, estimated: Int = 0) {
      self.overheard = overheard
      self.estimated = estimated
    }
  }

  /// The models of one server that a worker of a synchronous run refused for one reason.
  public struct Refusals: Codable, Sendable, Equatable {
    public var models = 0
    /// What the filter measured divided by its bound: the mean and the largest; nil where no filter did.
    public var meanExcess: Double?
    public var largestExcess: Double?
    /// How many of the models have such a figure.
    private var measured = 0

    private enum CodingKeys: CodingKey { case models, meanExcess, largestExcess }

    public init() {}

    public static func == (left: Self, right: Self) -> Bool {
      (left.models, left.meanExcess, left.largestExcess) == (right.models, right.meanExcess, right.largestExcess)
    }

    /// Adds one model.
    mutating func add(_ refusal: ModelRefusal) {
      models += 1
      guard let excess = refusal.excess, excess.isFinite else { return }
      measured += 1
      meanExcess = (meanExcess ?? 0) + (excess - (meanExcess ?? 0)) / Double(measured)
      largestExcess = max(largestExcess ?? 0, excess)
    }
  }

  public var id: String
  /// The fault it was made to play; nil for an honest node.
  public var fault: String?
  public var outcome: Outcome
  /// Why it did not complete, in a sentence.
  public var reason: String?
  /// A server: the number of updates made; a worker: the number of steps it has sent a momentum of, counting those it
  /// jumped over.
  public var step: Int
  /// Seconds since 1970, as the other times are; in a simulated run, since its start.
  public var startedAt: Double
  /// When the first step was completed.
  public var firstStepAt: Double?
  /// When the last step was completed.
  public var lastStepAt: Double?
  /// Of servers: on the whole test set, after the last step evaluated; nil for a model that classifies nothing.
  public var accuracy: Double?
  public var loss: Double?
  public var evaluatedStep: Int?
  /// Of servers: in what share of its steps the rule selected each worker.
  public var selected: [String: Double]?
  /// Of servers: in what share of its steps the momentum of each worker was in the quorum that it aggregated. Of workers: in
  /// what share of its steps the model of each server was in the quorum of which it took the median.
  public var admitted: [String: Double]?
  /// Of workers whose fault needs to know honest momentums.
  public var forged: Forgeries?
  /// Of workers of a synchronous run: in how many steps each way (`ModelSource`) was taken to a model.
  public var pulled: [String: Int]?
  /// Of workers of a synchronous run, by server and reason (`ModelRefusal.name`): the models that it did without.
  public var refused: [String: [String: Refusals]]?
  /// By kind of message.
  public var sent: [String: Sent]
  /// By peer and reason.
  public var dropped: [String: [String: Int]]
  /// When the first step was completed, half of all, and the last; empty in a simulated run,
  /// where a node is no process.
  public var usage: [ResourceUsage]
  public var seed: UInt64
  public var topologyDigest: String
  public var version: String
}

extension NodeSummary {
  /// Processor time per step, from the first step that the node completed to the last; nil if there are no two.
  var processorPerStep: ProcessorTime? {
    guard let first = usage.first, let last = usage.last, last.step > first.step else { return nil }
    var time = (last.processor - first.processor).divided(by: last.step - first.step)
    // The rest of two clocks' readings, which in a short run can come out below nothing.
    time.network = max(0, time.network)
    return time
  }
}

/// What to quote to say which program ran.
public enum Version {
  public static let current = "0.1.0"
}
