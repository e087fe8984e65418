import ByzKeys
import ByzProtocol
import ByzTopology
import Foundation

/// The hosts that Slurm has given to the job in which this process runs.
package struct Allocation {
  package struct Host: Equatable {
    package let name: String
    /// Where the others reach it: a name or an address.
    package let address: String

    package init(name: String, address: String) {
      self.name = name
      self.address = address
    }
  }

  /// What Slurm says that it should not, or does not say.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package let hosts: [Host]

  /// Whether this process runs inside of an allocation.
  package static var isPresent: Bool { ProcessInfo.processInfo.environment["SLURM_JOB_ID"] != nil }

  /// Asks Slurm for the hosts of this job.
  package init() throws {
    guard let list = ProcessInfo.processInfo.environment["SLURM_JOB_NODELIST"] else {
      throw Failure(description: "SLURM_JOB_ID is set but SLURM_JOB_NODELIST is not: this is no allocation of Slurm")
    }
    let names = try Self.scontrol("show", "hostnames", list).split(whereSeparator: \.isWhitespace).map(String.init)
    guard !names.isEmpty else {
      throw Failure(description: "scontrol shows no hosts for the allocation '\(list.harmless)'")
    }
    hosts = try names.map { Host(name: $0, address: try Self.address(of: $0)) }
  }

  private static func address(of name: String) throws -> String {
    let text = try scontrol("show", "node", name)
    let key = "NodeAddr="
    guard let word = text.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix(key) }),
      word.count > key.count
    else { throw Failure(description: "scontrol show node \(name.harmless) says no NodeAddr") }
    return String(word.dropFirst(key.count))
  }

  private static func scontrol(_ arguments: String...) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["scontrol"] + arguments
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw Failure(description: "scontrol \(arguments.joined(separator: " ").harmless) failed")
    }
    return String(decoding: data, as: UTF8.self)
  }
}

extension Topology {
  /// The port of the first server that is placed on the hosts of an allocation; the others' follow.
  private static let firstPort = 7000

  /// The same run with its nodes dealt out to `hosts`, each role in turn, and protected by `keys`.
  package func placing(on hosts: [Allocation.Host], keys: [NodeID: SecretKey]) -> Topology {
    var places: [NodeID: NodePlace] = [:]
    for node in quorums.nodeIDs {
      let host = hosts[node.index % hosts.count]
      var place = nodes[node] ?? NodePlace()
      (place.host, place.publicKey, place.bind, place.bus) = (host.name, keys[node]?.publicKey, nil, nil)
      if node.role == .server {
        let server = ServerAddress(machine: host.address, port: Self.firstPort + node.index)
        (place.address, place.bind) = (server.address, server.bind)
      }
      places[node] = place
    }
    return placing(places, security: .curve)
  }

  /// A new key for every node.
  package func makeKeys() -> [NodeID: SecretKey] {
    Dictionary(uniqueKeysWithValues: quorums.nodeIDs.map { ($0, SecretKey()) })
  }
}
