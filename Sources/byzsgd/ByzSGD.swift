import ArgumentParser
import ByzRuntime

@main
struct ByzSGD: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "byzsgd",
    abstract: "Train a model across machines of which none is trusted.",
    discussion: """
      Up to a third of the parameter servers and up to a third of the workers may send anything, differently to each, and \
      collude (ByzSGD, PODC 2020). A topology file says what is trained, by how many nodes, and how many of them may be \
      Byzantine.
      """,
    version: Version.current,
    subcommands: [
      Launch.self, Follow.self, NodeCommand.self, Simulate.self, SweepCommand.self, InitCommand.self, KeysCommand.self,
      Check.self, CollectCommand.self, Faults.self, AggregateCommand.self, Bench.self, HostCommand.self,
    ])

  static func main() {
    StandardOutput.reserveStandardDescriptors()
    main(nil)
  }
}
