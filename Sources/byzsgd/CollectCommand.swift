import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

struct CollectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect",
    abstract: "Put together what the hosts of a run have left.",
    discussion: """
      Each directory is a run directory as byzsgd node writes it, brought here from its host. The hosts need not be trusted: \
      only the files of a run are taken, of the size that they can have, and no link is followed. Exit status: as of launch, \
      with every node lost that is in none of the directories or did not reach the end.
      """)

  @OptionGroup var options: TopologyOptions

  @Argument(help: "Run directories of the hosts.", completion: .directory)
  var directories: [String]

  @OptionGroup var output: OutputOptions

  func run() throws {
    try reporting {
      let topology = try options.read(running: .none)
      let directory = try output.openDirectory(for: topology)
      let display = Display(isQuiet: output.quiet)
      for warning in topology.warnings { display.show("warning: \(warning)") }
      let collection: RunCollection
      do {
        collection = try RunCollection(topology, from: directories, into: directory, display: display)
      } catch {
        throw UsageFailure(description: "\(error)")
      }
      return try output.report(collection.run(), directory)
    }
  }
}
