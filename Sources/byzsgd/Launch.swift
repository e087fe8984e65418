import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

struct Launch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run all nodes of a topology as processes, on this machine or on others.",
    discussion: """
      Progress goes to standard error, the summary to standard output. Exit status: 0 if every honest node that was not lost \
      reached the last step and no more were lost than the topology declares as possibly Byzantine; 1 if not, or if the \
      model diverged; 64 for wrong usage or a wrong topology; 130 after an interrupt.

      With --over ssh each node runs on the host that the topology names. Each host needs byzsgd with its libraries, and the \
      data at the path that the topology gives, from the root; where a host has them elsewhere, its nodes' own data says so. \
      Nothing asks for passwords: ssh needs a key. What the nodes write is brought into the run directory here while they \
      run; a host that cannot be reached counts as lost. When launch ends, however it does, or a host has not heard of it for \
      a minute, the nodes end, unless --detach was given. On a host the run lies in byzsgd-runs in the home folder, with its \
      nodes' secret keys until they have ended.

      With --over slurm nodes are dealt out to the hosts of the allocation and get addresses and keys for this run; ports \
      from 7000 on have to be free there. Outside of an allocation one is asked for with salloc.
      """)

  @OptionGroup var options: TopologyOptions

  @OptionGroup var output: OutputOptions

  @OptionGroup var hosts: HostOptions

  @OptionGroup var launcher: LauncherOption

  func validate() throws { try hosts.check() }

  func run() throws {
    launcher.dieWithIt()
    try reporting {
      switch hosts.over {
      case nil: try runHere()
      case .ssh: try runOverSSH()
      case .slurm: try runOverSlurm()
      }
    }
  }

  private func runHere() throws -> Int32 {
    let topology = try options.read()
    // Each node reads its own; here they are only looked at, so that what is wrong is said at once.
    _ = try hosts.readKeys(of: topology, at: options.topology)
    let directory = try output.openDirectory(for: topology)
    let display = try display(for: topology)
    let launcher = try Launcher(
      topology, directory: directory, executable: try runningProgram(), keys: hosts.keyFolder(for: options.topology),
      display: display)
    return try output.report(launcher.run(), directory)
  }

  /// A display that has shown the topology's warnings.
  func display(for topology: Topology) throws -> Display {
    let display = Display(isQuiet: output.quiet)
    for warning in topology.warnings { display.show("warning: \(warning)") }
    return display
  }
}

/// The path of the running program, which is started again for each node.
func runningProgram() throws -> String {
  try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
}
