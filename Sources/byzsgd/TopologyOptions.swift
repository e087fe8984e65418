import ArgumentParser
import ByzKeys
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

/// What sets fields of a topology.
struct FieldOverrides: ParsableArguments {
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Set a field of the topology, as in training.steps=200. Repeatable.", valueName: "field=value"))
  var assignments: [String] = []
}

/// What overrides a topology.
struct TopologyOverrides: ParsableArguments {
  @OptionGroup var fields: FieldOverrides

  @Option(
    name: .customLong("fault"), parsing: .singleValue,
    help: ArgumentHelp(
      "Let a node play a fault, as in worker-3=little-is-enough, server-1=reversed:scale=10, or worker-5=none for an honest "
        + "one. Repeatable.",
      valueName: "node=fault"))
  var faults: [String] = []

  /// Whether nothing is to be overridden.
  var isEmpty: Bool { fields.assignments.isEmpty && faults.isEmpty }

  func read(_ path: String, running nodes: NodesHere = .all) throws -> Topology {
    try readTopology(path, overriding: fields.assignments, faults: faults, running: nodes)
  }
}

/// The nodes of a topology that run on this machine, as far as a command knows.
enum NodesHere {
  case all
  /// Those that have no folder of data of their own: whoever has one may be on a host of its own.
  case thoseWithSharedData
  case one(String)
  case none

  func nodes(of topology: Topology) -> [NodeID] {
    switch self {
    case .all: topology.quorums.nodeIDs
    case .thoseWithSharedData: topology.quorums.nodeIDs.filter { topology.nodes[$0]?.dataPath == nil }
    case .one(let name): NodeID(name).map { [$0] } ?? []
    case .none: []
    }
  }
}

/// Reads the topology at `path` and checks that the data and the model's library are there that its nodes here need.
///
/// - Throws: `UsageFailure` with all problems.
func readTopology(
  _ path: String, overriding assignments: [String], faults: [String] = [], running here: NodesHere = .all
) throws -> Topology {
  let topology: Topology
  do {
    topology = try Topology(file: path, overriding: assignments, faults: faults)
  } catch {
    throw UsageFailure(description: "\(error)")
  }
  let nodes = here.nodes(of: topology)
  let missing =
    topology.missingData(for: nodes).map { "\(path): data.path: \($0) is missing, with .gz and without" }
    + (nodes.isEmpty ? [] : topology.missingLibrary.map { [$0] } ?? [])
  guard missing.isEmpty else { throw UsageFailure(description: missing.joined(separator: "\n")) }
  return topology
}

/// The topology and what overrides it, as all commands that run or check one take them.
struct TopologyOptions: ParsableArguments {
  @Argument(help: "The topology, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var topology: String

  @OptionGroup var overrides: TopologyOverrides

  func read(running nodes: NodesHere = .all) throws -> Topology { try overrides.read(topology, running: nodes) }
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
    } catch let failure as KeyFolder.Failure {
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
    // A topology may be somebody else's, and what it names is shown as it is written there.
    let lines = "\(error)".split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0).harmless(atMost: 4_000)
    }
    // Where standard error is closed, the exit status still tells.
    try? FileHandle.standardError.write(contentsOf: Data("byzsgd: \(lines.joined(separator: "\n"))\n".utf8))
  }
}
