import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

/// The topology and what overrides it, as all commands that run or check one take them.
struct TopologyOptions: ParsableArguments {
  @Argument(help: "The topology, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var topology: String

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Set a field of the topology, as in training.steps=200. Repeatable.", valueName: "field=value"))
  var assignments: [String] = []

  @Option(
    name: .customLong("fault"), parsing: .singleValue,
    help: ArgumentHelp(
      "Let a node play a fault, as in worker-3=little-is-enough or server-1=reversed:scale=10. Repeatable.",
      valueName: "node=fault"))
  var faults: [String] = []

  /// Reads the topology and checks that its data is there; on problems prints them and ends with status 64.
  func read() throws -> Topology {
    do {
      let topology = try Topology(file: topology, overriding: assignments, faults: faults)
      try checkData(of: topology)
      return topology
    } catch let error as TopologyError {
      throw UsageFailure(description: "\(error)")
    }
  }

  private func checkData(of read: Topology) throws {
    let missing = read.missingData
    guard !missing.isEmpty else { return }
    let lines = missing.map { "\(topology): data.path: \($0) is missing, with .gz and without" }
    throw UsageFailure(description: lines.joined(separator: "\n"))
  }
}

/// Wrong usage or a wrong topology: a message and exit status 64.
struct UsageFailure: Error, CustomStringConvertible {
  let description: String
}

extension ParsableCommand {
  /// Runs `body`, prints what goes wrong in it on standard error, and ends with its exit status.
  func reporting(_ body: () throws -> Int32) throws {
    let status: Int32
    do {
      status = try body()
    } catch let failure as UsageFailure {
      printError(failure)
      status = ExitStatus.usage
    } catch let failure as RunDirectory.Failure {
      printError(failure)
      status = ExitStatus.usage
    } catch let exit as ExitCode {
      throw exit
    } catch {
      printError(error)
      status = ExitStatus.failed
    }
    throw ExitCode(status)
  }

  private func printError(_ error: any Error) {
    // Where standard error is closed, the exit status still tells.
    try? FileHandle.standardError.write(contentsOf: Data("byzsgd: \(error)\n".utf8))
  }
}
