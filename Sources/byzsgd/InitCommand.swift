import ArgumentParser
import ByzRuntime
import ByzTopology
import Foundation

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a topology for some hosts.",
    discussion: """
      Node k of each role is placed on host k, and on from the first host again when there are more nodes than hosts. \
      server-i listens at the port --port + i of its host. What is written is the MNIST job without faults and without \
      keys; edit it as you like. A file that is there already is never overwritten.
      """)

  @Option(
    name: .customLong("host"), parsing: .singleValue,
    help: ArgumentHelp(
      "A machine, by the name or address at which the others reach it; ada@beta if ssh needs a user. Repeatable.",
      valueName: "host"))
  var hosts: [String] = []

  @Option(help: "How many servers.")
  var servers: Int

  @Option(help: "How many workers.")
  var workers: Int

  @Option(help: "How many servers may be Byzantine. Default: as many as can be, (servers - 2) / 3.")
  var byzantineServers: Int?

  @Option(help: "How many workers may be Byzantine. Default: as many as can be, (workers - 1) / 3.")
  var byzantineWorkers: Int?

  @Option(help: "The port of server-0.")
  var port = 7000

  @Option(help: ArgumentHelp("The folder of the data, relative to the file.", valueName: "path"))
  var data = "Datasets/mnist"

  @Option(help: "What the run is called.")
  var name = "mnist"

  @Option(help: "The file to write.", completion: .file(extensions: ["yaml", "yml"]))
  var output = "topology.yaml"

  func run() throws {
    try reporting {
      var template = TopologyTemplate(
        hosts: hosts, servers: servers, workers: workers, byzantineServers: byzantineServers,
        byzantineWorkers: byzantineWorkers)
      template.port = port
      template.dataPath = data
      template.name = name
      let text: String
      do { text = try template.yaml(file: output) } catch { throw UsageFailure(description: "\(error)") }
      try write(text)
      try StandardOutput.write(Data(report(template).utf8))
      return ExitStatus.completed
    }
  }

  private func write(_ text: String) throws {
    let descriptor = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        throw UsageFailure(
          description: "\(output) is there already and is not overwritten; name another file with --output")
      }
      throw UsageFailure(description: "cannot write \(output): \(String(cString: strerror(errno)))")
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      unlink(output)
      throw error
    }
  }

  private func report(_ template: TopologyTemplate) -> String {
    """
    wrote \(output): \(servers) servers of which \(template.byzantineServers) may be Byzantine, \(workers) workers of which \
    \(template.byzantineWorkers) may be, on \(hosts.count) host\(hosts.count == 1 ? "" : "s")
    what to do next:
      byzsgd keys \(output)
          if all hosts are yours; else each owner runs byzsgd keys --node ID, and you paste the public_key that it
          prints into the node's entry
      byzsgd check \(output)
          says what the topology promises
      byzsgd launch \(output) --over ssh
          runs all nodes on their hosts; or on each host, for each of its nodes:
      byzsgd node server-0 \(output)

    """
  }
}
