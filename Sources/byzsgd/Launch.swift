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

  @OptionGroup var output: OutputOptions

  @OptionGroup var launcher: LauncherOption

  func run() throws {
    launcher.dieWithIt()
    try reporting {
      let topology = try options.read()
      let directory = try output.openDirectory(for: topology)
      let display = Display(isQuiet: output.quiet)
      for warning in topology.warnings { display.show("warning: \(warning)") }
      let launcher = try Launcher(
        topology, directory: directory, executable: try runningProgram(), display: display)
      let summary = try launcher.run()
      if output.json { try summary.printJSON() } else { try summary.printText(directory: directory) }
      return ExitStatus.status(of: summary.outcome)
    }
  }
}

/// The path of the running program, which is started again for each node.
func runningProgram() throws -> String {
  try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
}
