import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation

/// Runs every node of a topology as a process, on this machine or on others.
///
/// The launcher is a convenience: it starts processes, watches them and sums up what they wrote. No node asks it anything,
/// and nothing that the run computes depends on it.
public final class Launcher {
  private let topology: Topology
  private let directory: RunDirectory
  private let crew: any Crew
  let display: Display
  private let launchedAt: Double
  private var progress: Progress
  private var judgement: Judgement

  /// - Parameters:
  ///   - topology: with an address for every server.
  ///   - directory: where the crew's nodes write, or where what they write is brought.
  ///   - display: where progress is shown, and what nodes come to.
  ///   - launchedAt: when the nodes were started, in seconds since 1970.
  package init(
    _ topology: Topology, directory: RunDirectory, crew: any Crew, display: Display,
    launchedAt: Double = Date().timeIntervalSince1970
  ) {
    self.topology = topology
    self.directory = directory
    self.crew = crew
    self.display = display
    self.launchedAt = launchedAt
    progress = Progress(of: topology, in: directory)
    judgement = Judgement(of: topology, in: directory)
  }

  /// A launcher of processes on this machine, which end with it.
  ///
  /// - Parameters:
  ///   - topology: servers without an address get one that only this user can connect to.
  ///   - directory: where the run is written; the nodes' folders in it are made here.
  ///   - executable: the program whose `node` command runs a node.
  ///   - keys: the nodes' secret keys, where links are protected.
  ///   - display: where progress is shown, and what nodes come to.
  /// - Throws: if the run directory cannot be written.
  public convenience init(
    _ topology: Topology, directory: RunDirectory, executable: String, keys: KeyFolder? = nil, display: Display
  ) throws {
    try directory.makeNodeFolders(for: topology)
    let crew = try LocalCrew(topology, in: directory, executable: executable, keys: keys)
    try directory.write(crew.topology)
    self.init(crew.topology, directory: directory, crew: crew, display: display)
  }

  /// Starts all nodes, waits for their end and writes the run's summary.
  ///
  /// - Precondition: called on the main thread, whose end, too, would end the nodes of this machine.
  public func run() throws -> RunSummary {
    let interruption = Interruption(crew.waker)
    defer { interruption.cancel() }
    do {
      try crew.start()
    } catch {
      crew.stop(isUrgent: true)
      throw error
    }
    return try conclude(watch(interruption) ?? .interruption)
  }

  /// Waits for the run's end; nil if there is an interruption before.
  func watch(_ interruption: Interruption) -> Judgement.Verdict? {
    while !interruption.isRaised {
      if let verdict = look() { return verdict }
      crew.wait(milliseconds: Display.refreshMilliseconds)
    }
    return nil
  }

  /// Tells what there is to tell, and how the run ended, if it has.
  func look() -> Judgement.Verdict? {
    progress.update()
    for message in judgement.note(crew.endings, at: progress.step) { display.show(message) }
    display.show(progress: progress.line)
    return judgement.verdict()
  }

  /// Ends what is left of the run and writes its summary.
  func conclude(_ verdict: Judgement.Verdict) throws -> RunSummary {
    display.finish()
    crew.stop(isUrgent: false)
    let builder = SummaryBuilder(
      topology: topology, directory: directory, launchedAt: launchedAt, lost: judgement.lost(verdict.outcome))
    let summary = builder.build(verdict.outcome, reasons: verdict.reasons)
    try JSON.write(summary, to: directory.summary)
    return summary
  }
}

extension RunDirectory {
  /// Makes the folders of all nodes.
  func makeNodeFolders(for topology: Topology) throws(Failure) {
    for node in topology.quorums.nodeIDs { try makeFolder(of: node) }
  }

  /// Writes the topology as resolved.
  func write(_ topology: Topology) throws {
    try topology.yaml.write(toFile: self.topology, atomically: true, encoding: .utf8)
  }

  /// Makes what a run on other hosts needs here.
  package func prepare(for topology: Topology, _ record: LaunchRecord) throws {
    try makeNodeFolders(for: topology)
    try write(topology)
    try write(record)
  }
}
