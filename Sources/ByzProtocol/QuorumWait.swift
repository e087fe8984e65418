/// A wait for a quorum of vectors of one kind and step: whether to wait on, to give the rest their grace, or to proceed.
struct QuorumWait {
  enum Verdict: Equatable {
    /// The quorum is not there.
    case lacking
    /// The quorum has just come together: set the timer, the rest gets its time.
    case startGrace
    /// The rest has its time.
    case grace
    case proceed
  }

  let kind: VectorKind
  let step: Int
  private let graceMilliseconds: Int
  /// Whether what this wait lacks was asked for as soon as others were seen to be ahead of it, before any timer.
  var hasAskedEarly = false
  private var graceStarted = false
  private var graceElapsed = false

  init(_ kind: VectorKind, step: Int, in configuration: ProtocolConfiguration) {
    self.kind = kind
    self.step = step
    graceMilliseconds = configuration.graceMilliseconds(at: step)
  }

  private var graceTimer: Timer { .grace(kind, step: step) }
  /// The action that lets `verdict` say `proceed` later.
  var startGrace: Action { .schedule(graceTimer, afterMilliseconds: graceMilliseconds) }
  var askTimer: Timer { .askAgain(kind, step: step) }

  /// What to do when vectors of `present` are there.
  mutating func verdict(present: [NodeID], quorum: Int, attendance: Attendance) -> Verdict {
    guard present.count >= quorum else { return .lacking }
    guard attendance.isMissingSome(of: present), !graceElapsed, graceMilliseconds > 0 else { return .proceed }
    if graceStarted { return .grace }
    graceStarted = true
    return .startGrace
  }

  /// Takes note that `timer` is up, if it is this wait's grace.
  mutating func end(_ timer: Timer) {
    if timer == graceTimer && graceStarted { graceElapsed = true }
  }
}
