import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

struct Follow: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Follow a run that was launched with --detach to its end.",
    discussion: """
      Brings what the nodes have written since into the run directory, shows progress, and at the end writes and prints the \
      summary, with the exit status of launch. An interrupt ends the following only; the nodes go on, and can be followed \
      again. A host that cannot be reached does not count as lost before all others have ended.

      Where launch was given --ssh or --program, follow needs the same: what a run directory says is never executed.
      """)

  @Argument(help: "The run directory that launch wrote.", completion: .directory)
  var runDirectory: String

  @Flag(help: "End the nodes, which write what they have come to.")
  var stop = false

  @Flag(help: "Show no progress.")
  var quiet = false

  @Flag(help: "Print the summary as JSON.")
  var json = false

  @OptionGroup var reach: ReachOptions

  func run() throws {
    try reporting {
      let directory = RunDirectory(path: RunDirectory.absolute(runDirectory))
      let record = try directory.readLaunchRecord()
      let topology: Topology
      do { topology = try Topology(file: directory.topology) } catch { throw UsageFailure(description: "\(error)") }
      if let objection = record.objection(in: topology) {
        throw UsageFailure(
          description: "\(RunDirectory.shown(directory.path))/hosts.json cannot be right: \(objection); follow the "
            + "directory that launch has written")
      }
      if reach.ssh != nil && record.means != .ssh {
        throw UsageFailure(description: "--ssh: this run was launched over \(record.means.rawValue); leave it out")
      }
      if let summary = directory.finalSummary(of: topology) { return try summary.report(asJSON: json, directory) }
      let display = Display(isQuiet: quiet)
      let crew = try RemoteCrew(
        topology, in: directory, record, program: reach.program(over: record.means), task: .follow, display: display)
      let launcher = Launcher(topology, directory: directory, crew: crew, record, display: display)
      guard let summary = try launcher.follow(crew, isStopping: stop) else {
        display.show("the nodes go on; to follow them again: byzsgd follow \(Reach.quoted(runDirectory))\(reach.words)")
        return ExitStatus.interrupted
      }
      return try summary.report(asJSON: json, directory)
    }
  }
}
