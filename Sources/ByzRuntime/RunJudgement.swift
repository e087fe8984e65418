import ByzProtocol
import ByzTopology

/// How a run ended whose nodes nobody watched.
///
/// No single node is believed: of each role so many may say anything as the topology declares as possibly Byzantine.
struct RunJudgement: Equatable {
  /// How a node's part in a run ended, as far as what it left behind tells.
  enum Ending: Equatable {
    case completed
    case diverged(String?)
    case interrupted(String?)
    case failed(String?)
    /// It left nothing that says so.
    case missing

    /// The ending that a node's own summary tells of.
    init(_ summary: NodeSummary) {
      self =
        switch summary.outcome {
        case .completed: .completed
        case .diverged: .diverged(summary.reason)
        case .interrupted: .interrupted(summary.reason)
        case .failed: .failed(summary.reason)
        }
    }

    fileprivate var isDivergence: Bool { if case .diverged = self { true } else { false } }
    fileprivate var isInterruption: Bool { if case .interrupted = self { true } else { false } }

    fileprivate var reason: String? {
      switch self {
      case .diverged(let reason), .interrupted(let reason), .failed(let reason): reason
      case .completed, .missing: nil
      }
    }
  }

  var outcome: Outcome
  /// What kept the run from completing, in sentences.
  var reasons: [String] = []
  /// The nodes that did not reach the end, unless that was the end of all.
  var lost: Set<NodeID> = []
}

extension RunJudgement {
  /// - Parameter endings: of all nodes of which anything is known.
  init(_ endings: [NodeID: Ending], in topology: Topology) {
    let ids = topology.quorums.nodeIDs
    let all = ids.map { (id: $0, ending: endings[$0] ?? .missing) }
    func excess(_ isCounted: (NodeID, Ending) -> Bool) -> [Excess] {
      topology.excess(of: all.filter { isCounted($0.id, $0.ending) }.map(\.id))
    }
    func sentences(_ nodes: [NodeID]) -> [String] {
      nodes.compactMap { id in endings[id]?.reason.map { "\(id): \($0.harmless)" } }
    }
    let isHonest = { (id: NodeID) in topology.faults[id] == nil }

    let diverged = excess { isHonest($0) && $1.isDivergence }.flatMap(\.nodes)
    let gone = excess { $1 != .completed && !$1.isInterruption }
    let unfinished = excess { $1 != .completed }
    if !diverged.isEmpty {
      self.init(outcome: .diverged, reasons: Array(sentences(diverged).prefix(1)))
    } else if !gone.isEmpty {
      self.init(outcome: .failed)
      reasons = gone.map(\.lossSentence) + sentences(gone.flatMap(\.nodes))
    } else if !unfinished.isEmpty {
      let interrupted = unfinished.flatMap(\.nodes).filter { endings[$0]?.isInterruption == true }
      self.init(outcome: .interrupted, reasons: Array(sentences(interrupted).prefix(1)))
    } else if !all.contains(where: { isHonest($0.id) && $0.ending == .completed }) {
      self.init(outcome: .failed, reasons: ["no honest node is left"])
    } else {
      self.init(outcome: .completed)
    }
    let outcome = outcome
    lost = Set(
      all.filter { _, ending in
        switch ending {
        case .completed: false
        case .diverged: outcome != .diverged
        case .interrupted: outcome != .interrupted
        case .failed, .missing: true
        }
      }.map(\.id))
  }
}
