/// A wait for a quorum of vectors of one kind and step: whether to wait on, to give the rest their time, or to proceed.
///
/// That time, the grace, or Delta in a synchronous run, counts from the moment that the quorum is there: n - f vectors have
/// an honest one among them, so that what is waited for is how far apart honest nodes are, however long a step takes.
struct QuorumWait {
  enum Verdict: Equatable {
    /// The quorum is not there.
    case lacking
    /// The rest gets its time, a part of which begins now: set the timer.
    case startGrace
    /// The rest has its time.
    case grace
    case proceed
  }

  let kind: VectorKind
  let step: Int
  /// The number of the wait among those of its kind.
  private let round: Int
  /// The parts of the time that the rest gets, in milliseconds.
  private let parts: [Int]
  /// Whether what this wait lacks was asked for as soon as others were seen to be ahead of it, before any timer.
  var hasAskedEarly = false
  /// How often what this wait lacks was asked for because time had passed.
  var timesAsked = 0
  private var isPartRunning = false
  /// How many of the parts have passed.
  private(set) var passed = 0

  /// Whether all nodes of the role wait like that at this step: who is missing then is missed by all.
  let isCommon: Bool

  init(_ kind: VectorKind, step: Int, round: Int, graceInParts parts: [Int], isCommon: Bool = true) {
    self.kind = kind
    self.step = step
    self.round = round
    self.isCommon = isCommon
    self.parts = parts
  }

  private var graceTimer: Timer { .grace(kind, step: step) }
  /// The action that lets `verdict` say `proceed` later.
  var startGrace: Action { .schedule(graceTimer, afterMilliseconds: parts[passed]) }
  var askTimer: Timer { .askAgain(kind, step: step) }

  /// What to do when vectors of `present` are there.
  mutating func verdict(present: [NodeID], quorum: Int, attendance: Attendance) -> Verdict {
    guard present.count >= quorum else { return .lacking }
    guard attendance.isMissingSome(of: present, in: round), passed < parts.count else { return .proceed }
    if isPartRunning { return .grace }
    isPartRunning = true
    return .startGrace
  }

  /// Takes note that `timer` is up, if it is this wait's grace.
  mutating func end(_ timer: Timer) {
    guard timer == graceTimer, isPartRunning else { return }
    isPartRunning = false
    passed += 1
  }
}

/// How long waits for a quorum last in a run: as long as the topology says, or as a node has measured.
struct GraceKeeper {
  private let configuration: ProtocolConfiguration
  private var delay: MeasuredDelay?
  private var pullDelay: MeasuredDelay
  /// The wait that was closed last, and how many parts of it had passed then.
  private var closed: [VectorKind: (step: Int, passed: Int)] = [:]

  init(_ configuration: ProtocolConfiguration) {
    self.configuration = configuration
    delay = configuration.training.mode.isSynchronous ? MeasuredDelay(configuration.patience.delay) : nil
    let share = 2 * (configuration.quorums.servers.byzantine + 1)
    pullDelay = MeasuredDelay(
      DelayBound(
        milliseconds: max(1, configuration.patience.delay.milliseconds / share),
        floorMilliseconds: configuration.patience.delay.floorMilliseconds / share))
  }

  /// A new wait.
  func wait(for kind: VectorKind, step: Int) -> QuorumWait {
    let parts: [Int]
    if step == 0 {
      // Processes start one after the other.
      parts = [configuration.graceMilliseconds(at: 0)].filter { $0 > 0 }
    } else if let delay {
      parts = Array(delay.current)
    } else {
      parts = [configuration.graceMilliseconds(at: step)].filter { $0 > 0 }
    }
    return QuorumWait(kind, step: step, round: round(of: kind, at: step), graceInParts: parts)
  }

  /// A worker's wait for all after it has pulled from one after the other, and waited for those that did not answer.
  func waitAfterPulling(step: Int) -> QuorumWait {
    QuorumWait(
      .model, step: step, round: step, graceInParts: [pullDelay.milliseconds], isCommon: false)
  }

  /// The number of a wait among those of its kind: of a synchronous run's models and pre-gather models there is one in T steps.
  private func round(of kind: VectorKind, at step: Int) -> Int {
    kind == .momentum ? step : step / configuration.training.gatherEvery
  }

  /// Takes note that a vector of `kind` and `step` has come while `wait` was on.
  mutating func arrived(_ kind: VectorKind, step: Int, during wait: QuorumWait) {
    guard delay != nil, step > 0 else { return }
    if wait.kind == kind && wait.step == step {
      delay?.note(passed: wait.passed)
    } else if let closed = closed[kind], closed.step == step {
      delay?.note(passed: closed.passed + 1)
    }
  }

  /// Takes note that `wait` is over.
  mutating func close(_ wait: QuorumWait) { closed[wait.kind] = (wait.step, wait.passed) }

  /// For how long one server's model is waited for before another one is asked, and once in a step the others' digests, in
  /// parts. For f_ps servers in a row, and the digests, that is half of Delta together at most, so that a worker which silent
  /// servers kept waiting is not missed by the others in turn. It is measured by itself, since it counts from the moment that
  /// the worker is done with the step before, and others may be slower.
  var pullParts: [Int] { Array(pullDelay.current) }

  /// Takes note that a pulled model came after `passed` parts of its wait.
  mutating func pulled(after passed: Int) { pullDelay.note(passed: passed) }
}
