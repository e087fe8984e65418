import ByzRuntime
import ByzTopology

/// How the runs of a sweep are made.
public enum RunKind: String, Sendable {
  /// In one process each, under virtual time.
  case simulated
  /// With a process for each node.
  case processes

  /// The command that makes such a run.
  var command: String {
    switch self {
    case .simulated: "simulate"
    case .processes: "launch"
    }
  }
}

/// A combination of a grid and what has become of it.
struct SweepRow {
  /// The values of the axes.
  let labels: [String]
  /// The run; nil if the combination is refused.
  let run: SweptRun?
  var state: State

  enum State {
    /// It cannot run, for this reason.
    case refused(String)
    /// It has not ended yet.
    case open
    case ended(RunSummary)
    /// It has ended without a summary, in this way.
    case lost(String)
  }

  /// - Parameter program: a digest of the program that makes the run.
  init(_ combination: Grid.Combination, as kind: RunKind, by program: String) {
    labels = combination.labels
    switch combination.topology {
    case .success(let topology):
      run = SweptRun(topology, as: kind, by: program)
      state = .open
    case .failure(let refusal):
      run = nil
      state = .refused(refusal.reason)
    }
  }

  /// What there is to say of a run that has a summary.
  var summary: RunSummary? {
    if case .ended(let summary) = state { summary } else { nil }
  }

  /// How it ended, in a word; nil if it has not.
  var outcome: String? {
    switch state {
    case .refused: "refused"
    case .open: nil
    case .ended(let summary): summary.outcome.rawValue
    case .lost: Outcome.failed.rawValue
    }
  }

  /// Why it has no result, in sentences.
  var reason: String? {
    switch state {
    case .refused(let reason), .lost(let reason): reason
    case .open: nil
    case .ended(let summary): summary.reasons.joined(separator: "; ")
    }
  }
}

/// A run of a sweep.
struct SweptRun {
  let topology: Topology
  let kind: RunKind
  /// The first 16 hexadecimal digits of a digest of what its result depends on: the complete topology, how it is run, and the
  /// program, but neither data files nor libtorch. So whoever finds a result under this name may take it.
  let id: String

  init(_ topology: Topology, as kind: RunKind, by program: String) {
    self.topology = topology
    self.kind = kind
    let text = "program \(program)\n\(kind.rawValue)\n\(topology.yaml)"
    id = String(Topology.text(ofDigest: sha256(of: text)).prefix(16))
  }
}
