import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

extension Launch {
  func runOverSlurm() throws -> Int32 {
    let topology = try options.read(running: .none)
    if hosts.script { return try printScript(for: topology) }
    guard Allocation.isPresent else { return try allocate(for: topology) }
    let allocation = try Allocation()
    let wanted = hosts.hostCount ?? allocation.hosts.count
    guard wanted <= allocation.hosts.count else {
      throw UsageFailure(description: "--hosts \(wanted): the allocation has only \(allocation.hosts.count)")
    }
    let keys = topology.makeKeys()
    let placed = topology.placing(on: Array(allocation.hosts.prefix(wanted)), keys: keys)
    return try run(placed, on: placed.hosts(), over: .slurm, keys: keys)
  }

  private func neededHosts() throws -> Int {
    guard let count = hosts.hostCount else {
      throw UsageFailure(
        description: "this is not inside an allocation of Slurm: say how many hosts to ask for, with --hosts")
    }
    return count
  }

  /// Becomes a salloc that runs this very command again, inside of an allocation.
  private func allocate(for topology: Topology) throws -> Int32 {
    let words =
      ["salloc", "--nodes=\(try neededHosts())", "--job-name=\(topology.name)", try runningProgram()]
      + CommandLine.arguments.dropFirst()
    let arguments = words.map { strdup($0) } + [nil]
    execvp(words[0], arguments)
    throw UsageFailure(description: "cannot start salloc: \(String(cString: strerror(errno)))")
  }

  /// Prints what sbatch runs this command with.
  private func printScript(for topology: Topology) throws -> Int32 {
    let count = try neededHosts()
    var words = [try runningProgram(), "launch", RunDirectory.absolute(options.topology), "--over", "slurm"]
    for assignment in options.overrides.fields.assignments { words += ["--set", assignment] }
    for fault in options.overrides.faults { words += ["--fault", fault] }
    if let program = hosts.reach.program { words += ["--program", program] }
    if let path = output.runDirectory { words += ["--run-directory", RunDirectory.absolute(path)] }
    words += (output.quiet ? ["--quiet"] : []) + (output.json ? ["--json"] : [])
    let script = """
      #!/bin/sh
      #SBATCH --job-name=\(topology.name)
      #SBATCH --nodes=\(count)
      exec \(words.map(Reach.quoted).joined(separator: " "))

      """
    try StandardOutput.write(Data(script.utf8))
    return ExitStatus.completed
  }
}
