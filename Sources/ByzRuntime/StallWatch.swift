/// Notices that a node gets no further, so that whoever looks on learns whom it waits for.
struct StallWatch {
  private var step: Int?
  private var since = ContinuousClock.now
  private var nextNotice = ContinuousClock.now

  /// How long a step may take before anything is said, and how long until it is said again.
  static let patience = Duration.seconds(10)
  static let pause = Duration.seconds(30)

  /// For how long the node has been at `step`, if it is time to say so.
  mutating func notice(at step: Int, now: ContinuousClock.Instant) -> Duration? {
    if self.step != step {
      self.step = step
      since = now
      nextNotice = now + Self.patience
    }
    guard now >= nextNotice else { return nil }
    nextNotice = now + Self.pause
    return now - since
  }
}
