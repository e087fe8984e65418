import ArgumentParser
import ByzKeys
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

extension Reach.Means: ExpressibleByArgument {}

/// What is executed to reach other hosts, and there.
struct ReachOptions: ParsableArguments {
  @Option(help: ArgumentHelp("With ssh: how to call it, as a shell reads it.", valueName: "command"))
  var ssh: String?

  @Option(help: "The path of byzsgd on the hosts. Default: the path of this program.")
  var program: String?

  func program(over means: Reach.Means) throws -> HostProgram {
    HostProgram(
      path: try program ?? runningProgram(),
      over: means == .ssh ? .ssh(command: ssh ?? "ssh") : .slurm)
  }

  /// These options as words of a command, each behind a space, for a shell.
  var words: String {
    [("--ssh", ssh), ("--program", program)].map { name, value in
      value.map { " \(name) \(Reach.quoted($0))" } ?? ""
    }.joined()
  }
}

/// Where else than on this machine the nodes run.
struct HostOptions: ParsableArguments {
  @Option(help: "Run the nodes on other hosts: ssh, or slurm for those of an allocation.")
  var over: Reach.Means?

  @Option(
    help: "The folder with the nodes' secret keys. Default: keys beside the topology.", completion: .directory
  )
  var keys: String?

  @OptionGroup var reach: ReachOptions

  @Flag(help: "With ssh: start the nodes, which then go on by themselves, and end. Go on with byzsgd follow.")
  var detach = false

  @Option(name: .customLong("hosts"), help: "With slurm: how many hosts.")
  var hostCount: Int?

  @Flag(help: "With slurm: print a script for sbatch instead.")
  var script = false

  /// - Throws: `ValidationError` for options that do not go together.
  func check() throws {
    let strangers: [(name: String, isGiven: Bool, home: Reach.Means)] = [
      ("--ssh", reach.ssh != nil, .ssh), ("--hosts", hostCount != nil, .slurm),
      ("--script", script, .slurm),
    ]
    if detach && over == .slurm {
      throw ValidationError(
        "--detach does not go with --over slurm: print a script with --script --hosts N, and give it to sbatch")
    }
    for stranger in strangers + [("--detach", detach, .ssh)] where stranger.isGiven && over != stranger.home {
      throw ValidationError("\(stranger.name) needs --over \(stranger.home.rawValue)")
    }
    if keys != nil && over == .slurm {
      throw ValidationError("--keys does not go with --over slurm, which makes keys for each run")
    }
    if reach.program != nil && over == nil { throw ValidationError("--program needs --over ssh or --over slurm") }
    if let hostCount, hostCount < 1 { throw ValidationError("--hosts must be at least 1") }
  }

  /// Where the secret keys of the topology at `path` lie.
  func keyFolder(for path: String) -> KeyFolder {
    KeyFolder(path: RunDirectory.absolute(keys ?? KeyFolder.beside(topology: path).path))
  }

  /// The secret keys of all nodes of `topology`, which lies at `path`.
  ///
  /// - Throws: `UsageFailure` with all keys that are missing or wrong.
  func readKeys(of topology: Topology, at path: String) throws -> [NodeID: SecretKey] {
    guard topology.security == .curve else { return [:] }
    let folder = keyFolder(for: path)
    var found: [NodeID: SecretKey] = [:]
    var problems: [String] = []
    for node in topology.quorums.nodeIDs {
      do {
        let key = try folder.secretKey(of: "\(node)")
        found[node] = key
        if let listed = topology.publicKeys[node], listed != key.publicKey {
          problems.append(KeyAssignment.mismatch(of: node, key, in: folder, listed: listed, path))
        }
      } catch {
        problems.append("\(error)")
      }
    }
    guard problems.isEmpty else { throw UsageFailure(description: problems.joined(separator: "\n")) }
    return found
  }
}
