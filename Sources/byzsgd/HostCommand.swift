import ArgumentParser
import ByzProtocol
import ByzRuntime

/// What launch starts on a host, and what it starts there for its part.
struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host", abstract: "Run a host's nodes for a launcher.", shouldDisplay: false)

  @Argument(help: "The host's part of the run, a folder; relative to the user's home.")
  var folder: String

  @Flag(help: "Run the nodes named, in a folder that has been prepared.")
  var supervise = false

  @Flag(help: "Go on when standard input ends.")
  var detached = false

  @Argument(help: "The nodes.")
  var nodes: [String] = []

  func run() throws {
    try reporting {
      let executable = try runningProgram()
      guard supervise else {
        return HostSession(folder: folder, executable: executable).run() ? ExitStatus.completed : ExitStatus.failed
      }
      try Supervisor(
        folder: folder, nodes: nodes.compactMap { NodeID($0) }, executable: executable, isDetached: detached
      ).run()
      return ExitStatus.completed
    }
  }
}
