import ByzKeys
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

extension Launch {
  func runOverSSH() throws -> Int32 {
    let topology = try options.read(running: .none)
    let places: [RemoteHost]
    do { places = try topology.hosts() } catch { throw UsageFailure(description: "\(options.topology): \(error)") }
    let keys = try hosts.readKeys(of: topology, at: options.topology)
    return try run(topology, on: places, over: .ssh, keys: keys)
  }

  /// Runs the nodes of `topology` on `places`.
  func run(
    _ topology: Topology, on places: [RemoteHost], over means: Reach.Means, keys: [NodeID: SecretKey]
  ) throws -> Int32 {
    let directory = try output.openDirectory(for: topology)
    let display = try display(for: topology)
    let record = LaunchRecord(
      name: topology.name, means: means, isDetached: hosts.detach, hosts: places)
    try directory.prepare(for: topology, record)
    let crew = try RemoteCrew(
      topology, in: directory, record, program: hosts.reach.program(over: means), task: .launch(keys: keys),
      display: display)
    let launcher = Launcher(topology, directory: directory, crew: crew, record, display: display)
    guard hosts.detach else { return try output.report(launcher.run(), directory) }
    if let summary = try launcher.detach(crew) { return try output.report(summary, directory) }
    let path = RunDirectory.shown(directory.path)
    display.show("the nodes run on \(places.count == 1 ? "the host" : "\(places.count) hosts"); to follow them:")
    try StandardOutput.write(Data("byzsgd follow \(Reach.quoted(path))\(hosts.reach.words)\n".utf8))
    return ExitStatus.completed
  }
}
