import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

struct Launch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run all nodes of a topology as processes on this machine.",
    discussion: """
      Progress goes to standard error, the summary to standard output. Exit status: 0 if every honest node that was not lost \
      reached the last step and no more were lost than the topology declares as possibly Byzantine; 1 if not, or if the \
      model diverged; 64 for wrong usage or a wrong topology; 130 after an interrupt.
      """)

  @OptionGroup var options: TopologyOptions

  @Option(
    help: "Where the run is written; must be new or empty. Default: runs/NAME-TIME.", completion: .directory)
  var runDirectory: String?

  @Flag(help: "Show no progress.")
  var quiet = false

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func run() throws {
    try reporting {
      let topology = try options.read()
      let directory = try openDirectory(for: topology)
      let display = Display(isQuiet: quiet)
      for warning in topology.warnings { display.show("warning: \(warning)") }
      let launcher = try Launcher(
        topology, directory: directory, executable: try Self.executable(), display: display)
      let summary = try launcher.run()
      if json { try summary.printJSON() } else { try summary.printText(directory: directory) }
      return ExitStatus.status(of: summary.outcome)
    }
  }

  private func openDirectory(for topology: Topology) throws -> RunDirectory {
    guard let runDirectory else { return RunDirectory(path: RunDirectory.unusedPath(for: topology.name)) }
    let path = RunDirectory.absolute(runDirectory)
    guard try RunDirectory.isUnused(path) else {
      throw UsageFailure(
        description: "--run-directory \(runDirectory): there is something in it already; name a new folder")
    }
    return RunDirectory(path: path)
  }

  /// The path of the running program, which is started again for each node.
  private static func executable() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }
}
