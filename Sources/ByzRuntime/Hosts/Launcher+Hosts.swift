import ByzTopology
import Foundation

extension Launcher {
  /// A launcher of processes on other hosts.
  package convenience init(
    _ topology: Topology, directory: RunDirectory, crew: RemoteCrew, _ record: LaunchRecord, display: Display
  ) {
    self.init(topology, directory: directory, crew: crew, display: display, launchedAt: record.launchedAt)
  }

  /// Starts the nodes of `crew`, which then go on by themselves, and waits until the hosts say that they run.
  ///
  /// - Returns: nil if they run; the run's summary if it is over before.
  package func detach(_ crew: RemoteCrew) throws -> RunSummary? {
    let interruption = Interruption()
    defer { interruption.cancel() }
    try crew.start()
    while !crew.isSettled {
      if interruption.isRaised { return try conclude(.interruption) }
      if let verdict = look() { return try conclude(verdict) }
      crew.wait(milliseconds: Display.refreshMilliseconds)
    }
    if let verdict = look() { return try conclude(verdict) }
    display.finish()
    crew.leave()
    return nil
  }

  /// Follows the nodes of `crew`, which run already, to their end and writes the run's summary.
  ///
  /// - Parameter isStopping: whether to end them.
  /// - Returns: nil if the following ended by an interruption; the nodes go on.
  package func follow(_ crew: RemoteCrew, isStopping: Bool) throws -> RunSummary? {
    let interruption = Interruption()
    defer { interruption.cancel() }
    try crew.start()
    while !crew.isSettled && !interruption.isRaised { crew.wait(milliseconds: Display.refreshMilliseconds) }
    if isStopping && !interruption.isRaised {
      return try conclude(look() ?? Judgement.Verdict(outcome: .interrupted, reasons: ["it was stopped"]))
    }
    guard let verdict = watch(interruption) else {
      display.finish()
      crew.leave()
      return nil
    }
    return try conclude(verdict)
  }
}

extension RunDirectory {
  /// The summary of a run of which nothing more can come: the ends of all nodes are here.
  package func finalSummary(of topology: Topology) -> RunSummary? {
    guard topology.quorums.nodeIDs.allSatisfy({ access(ending(of: $0), F_OK) == 0 }),
      let data = FileManager.default.contents(atPath: summary)
    else { return nil }
    return try? JSON.value(RunSummary.self, in: data)
  }
}
