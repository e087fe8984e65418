/// The text of a new topology: the MNIST job, spread over some hosts, without faults and without keys.
///
/// ```swift
/// let text = try TopologyTemplate(hosts: ["alpha", "beta"], servers: 5, workers: 7).yaml(file: "topology.yaml")
/// ```
public struct TopologyTemplate: Sendable {
  /// The machines, each as ssh knows it: a name or an address, perhaps with a user before it. Node k of each role runs on
  /// host k modulo their number.
  public var hosts: [String]
  public var servers: Int
  public var workers: Int
  /// How many servers may be Byzantine.
  public var byzantineServers: Int
  /// How many workers may be Byzantine.
  public var byzantineWorkers: Int
  /// The port of server-0; the other servers' follow.
  public var port = 7000
  /// The folder of the data, relative to the file.
  public var dataPath = "Datasets/mnist"
  public var name = "mnist"

  /// What cannot be written as a topology, with the option of `byzsgd init` that says so.
  public struct Refusal: Error, Hashable, CustomStringConvertible {
    public let description: String
  }

  /// - Parameters:
  ///   - hosts: the machines, by the names that ssh knows them by; node k of each role is on host k modulo their number.
  ///   - servers: n_ps.
  ///   - workers: n_w.
  ///   - byzantineServers: if nil, as many as the protocol permits, (n_ps - 2) / 3.
  ///   - byzantineWorkers: if nil, as many as the protocol permits, (n_w - 1) / 3.
  public init(
    hosts: [String], servers: Int, workers: Int, byzantineServers: Int? = nil, byzantineWorkers: Int? = nil
  ) {
    self.hosts = hosts
    self.servers = servers
    self.workers = workers
    self.byzantineServers = byzantineServers ?? max(0, (servers - 2) / 3)
    self.byzantineWorkers = byzantineWorkers ?? max(0, (workers - 1) / 3)
  }

  /// The topology's text, which can be read as soon as every node has a key.
  ///
  /// - Parameter path: the file that it is for.
  public func yaml(file path: String) throws(Refusal) -> String {
    try check()
    let hosts = try hosts.map { text throws(Refusal) in try TemplateHost(text) }
    let text = text(for: hosts, file: path)
    do {
      _ = try Topology(yaml: text, file: path, overriding: ["security=none"])
    } catch {
      // Every field by itself has been checked by now.
      let sentences = error.refusals.isEmpty ? error.problems : error.refusals
      throw Refusal(
        description: sentences.map { "--servers \(servers) --workers \(workers): \($0)" }.joined(separator: "\n"))
    }
    return text
  }
}

extension TopologyTemplate {
  private func check() throws(Refusal) {
    if hosts.isEmpty {
      throw Refusal(description: "--host: name at least one machine, as in --host alpha --host ada@beta.example")
    }
    for (option, count) in [("--servers", servers), ("--workers", workers)]
    where !PopulationValues.counts.contains(count) {
      throw Refusal(description: "\(option) must be from 1 to \(PopulationValues.counts.upperBound), not \(count)")
    }
    for (option, bound) in [("--byzantine-servers", byzantineServers), ("--byzantine-workers", byzantineWorkers)]
    where !(0...PopulationValues.counts.upperBound).contains(bound) {
      throw Refusal(
        description: "\(option) must be from 0 to \(PopulationValues.counts.upperBound), not \(bound)")
    }
    guard (1...65_535).contains(port), port + servers - 1 <= 65_535 else {
      throw Refusal(
        description:
          "--port \(port): the \(servers) servers listen at ports from there on, which must be from 1 to 65535")
    }
    guard RunName.isGood(name) else {
      throw Refusal(
        description:
          "--name must be 1 to \(RunName.longest) of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not "
          + "begin with '.' or '-'; it is '\(name.shown())'")
    }
    guard !dataPath.isEmpty, !dataPath.unicodeScalars.contains("\0") else {
      throw Refusal(description: "--data must be a path, not '\(dataPath.shown())'")
    }
  }

  private func text(for hosts: [TemplateHost], file path: String) -> String {
    func host(_ index: Int) -> TemplateHost { hosts[index % hosts.count] }
    let serverLines = (0..<servers).map { index in
      let host = host(index)
      let place = ServerAddress(machine: host.machine, port: port + index)
      let bind = place.bind.map { ", bind: \"\($0)\"" } ?? ""
      return "    - {id: server-\(index), host: \(host.name.yamlScalar), address: \"\(place.address)\"\(bind)}"
    }
    let workerLines = (0..<workers).map { "    - {id: worker-\($0), host: \(host($0).name.yamlScalar)}" }
    return """
      # \(servers) servers and \(workers) workers train a small network on MNIST. Every field is explained in README.md, and
      # byzsgd check says what this topology promises. All nodes need the same file, keys included.
      name: \(name.yamlScalar)
      seed: 1
      model: {architecture: mlp}
      # The folder of the data on every host, relative to this file; a node's entry below may name another one with data: PATH.
      data: {dataset: mnist, path: \(dataPath.yamlScalar)}
      training:
        mode: asynchronous
        steps: 500
        batch: 32
        learning_rate: {initial: 0.5, decay_steps: 300}
        momentum: {coefficient: 0.9, form: dampened, at: worker}
        gradient_clip: 2
        weight_decay: 1.0e-4
        gather_every: 10
        aggregation: mda
        evaluate_every: 50
      servers:
        # So many may send anything; with f of them there must be at least 3 f + 2 servers.
        byzantine: \(byzantineServers)
        # host: where ssh finds the node; address: where the other nodes find it; bind: where it listens, if elsewhere.
        nodes:
      \(serverLines.joined(separator: "\n"))
      workers:
        # With f of them there must be at least 3 f + 1 workers.
        byzantine: \(byzantineWorkers)
        # Workers only connect to servers, so that nobody needs their addresses.
        nodes:
      \(workerLines.joined(separator: "\n"))
      quorum: {grace_ms: 50, retained_steps: 3}

      """
  }
}

/// A machine as `--host` names it.
private struct TemplateHost {
  /// As ssh knows it: USER@NAME or NAME.
  let name: String
  /// Without a user, and without brackets.
  let machine: String

  init(_ text: String) throws(TopologyTemplate.Refusal) {
    let refusal = TopologyTemplate.Refusal(
      description: "--host '\(text.shown())': must be a machine's name or address without a port, or USER@ and that")
    let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !parts.contains(""), var machine = parts.last else { throw refusal }
    if machine.hasPrefix("["), machine.hasSuffix("]") { machine = String(machine.dropFirst().dropLast()) }
    // The name may stand for the address of IPv6 alone, and a server listens at one of both.
    if machine == "localhost" { machine = "127.0.0.1" }
    self.machine = machine
    name = (parts.dropLast() + [machine]).joined(separator: "@")
    let address = ServerAddress(machine: machine, port: 1).address
    guard !name.hasPrefix("-"), name.utf8.count <= 253, name.utf8.allSatisfy(Endpoint.isOfHost),
      case .success = Endpoint.parse(address, folder: "/", binding: false)
    else { throw refusal }
  }
}
