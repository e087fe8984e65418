import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Validate a topology and say what it promises and costs.",
    discussion: """
      Prints the topology with every field spelled out, its bounds and quorums, what is not protected, and the memory and \
      traffic of a step. Exit status: 0, or 64 with a message for each thing that is wrong.
      """)

  @OptionGroup var options: TopologyOptions

  func run() throws {
    try reporting {
      let topology = try options.read(running: .thoseWithSharedData)
      print(topology.yaml)
      print(TopologyReport(topology).text)
      return ExitStatus.completed
    }
  }
}
