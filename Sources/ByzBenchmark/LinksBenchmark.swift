import ByzKeys
import ByzProtocol
import ByzRuntime
import ByzTopology
import Foundation

/// A whole run in real processes over TCP: as it is, with links protected by CURVE, and with these while strangers do to every
/// server whatever one can do without a key.
public struct LinksBenchmark {
  /// What the links of a run are like.
  public enum Way: String, CaseIterable, Codable, Sendable {
    case open, protected
    case attacked = "protected, attacked"
  }

  public struct Report: Codable, Sendable {
    public struct Row: Codable, Sendable {
      public let way: Way
      public let stepsPerSecond: Timing
      /// Processor seconds per step of all nodes together.
      public let processorSeconds: Timing
      public let accuracy: Double?
      /// The largest proportional memory of a server, in bytes.
      public let serverBytes: Int?
      /// Connections and messages that servers refused or dropped, in all.
      public let refused: Int
    }

    public let topology: String
    public let cores: Int
    /// What strangers open in a second at each server.
    public let hostileConnectionsPerSecond: Int
    public let rows: [Row]
    /// The speed of protected links divided by that of open ones, and that under attack divided by that without.
    public let protectedRatio: Double
    public let attackedRatio: Double
  }

  private let topology: Topology
  private let runs: Int
  private let rounds: Int
  private let executable: String

  /// - Parameters:
  ///   - topology: its faults and places are left out.
  ///   - runs: how often everything is measured, in turn.
  ///   - hostileConnections: how many strangers open in a second at each server, about.
  ///   - executable: the program whose `node` command runs a node.
  public init(_ topology: Topology, runs: Int, hostileConnections: Int, executable: String) {
    self.topology = topology
    self.runs = runs
    rounds = max(1, hostileConnections / HostilePeers.connectionsPerRound)
    self.executable = executable
  }

  /// Runs everything.
  ///
  /// - Throws: `Interrupted`, `RunFailure` if a run does not complete, or what disk, sockets, data or libtorch refuse.
  public func run(showing progress: ProgressBar, unless isInterrupted: @escaping () -> Bool) throws -> Report {
    var summaries: [Way: [RunSummary]] = [:]
    let total = runs * Way.allCases.count
    for round in 0..<runs {
      for (index, way) in Way.allCases.enumerated() {
        if isInterrupted() { throw Interrupted() }
        progress.show(round * Way.allCases.count + index, of: total, "\(topology.name), \(way.rawValue)")
        summaries[way, default: []].append(try measure(way))
      }
    }
    progress.finish()
    let rows = Way.allCases.map { Report.Row($0, summaries[$0] ?? []) }
    return Report(
      topology: topology.name, cores: ProcessInfo.processInfo.activeProcessorCount,
      hostileConnectionsPerSecond: rounds * HostilePeers.connectionsPerRound,
      rows: rows,
      protectedRatio: rows[1].stepsPerSecond.median / rows[0].stepsPerSecond.median,
      attackedRatio: rows[2].stepsPerSecond.median / rows[1].stepsPerSecond.median)
  }

  private func measure(_ way: Way) throws -> RunSummary {
    let places = try Places()
    defer { places.remove() }
    let (placed, folder) = way == .open ? (try topology.open(in: places), nil) : try topology.protected(in: places)
    let targets = topology.quorums.serverIDs.compactMap { server -> (port: UInt16, key: PublicKey)? in
      guard let place = placed.nodes[server], let key = place.publicKey,
        let port = place.address?.split(separator: ":").last.flatMap({ UInt16($0) })
      else { return nil }
      return (port, key)
    }
    let attack = way == .attacked ? HostilePeers(to: targets, rounds: rounds) : nil
    defer { attack?.stop() }
    return try ByzBenchmark.measure(placed, executable, keys: folder)
  }
}

extension Topology {
  /// This run over TCP on this machine.
  func open(in places: Places) throws -> Topology {
    placing(try tcpPlaces(in: places) { _ in nil }, security: .none)
  }

  /// This run over TCP on this machine with links protected by keys, and the folder of the secret ones.
  func protected(in places: Places) throws -> (Topology, KeyFolder) {
    let folder = KeyFolder(path: places.folder(for: "keys"))
    let nodes = try tcpPlaces(in: places) { try folder.makeSecretKey(of: "\($0)").publicKey }
    return (placing(nodes, security: .curve), folder)
  }

  private func tcpPlaces(in places: Places, key: (NodeID) throws -> PublicKey?) throws -> [NodeID: NodePlace] {
    var found: [NodeID: NodePlace] = [:]
    for node in quorums.nodeIDs {
      found[node] = NodePlace(
        address: node.role == .server ? try places.next(.tcp) : nil, publicKey: try key(node),
        dataPath: nodes[node]?.dataPath)
    }
    return found
  }
}

extension LinksBenchmark.Report.Row {
  init(_ way: LinksBenchmark.Way, _ summaries: [RunSummary]) {
    self.way = way
    stepsPerSecond = Timing(summaries.compactMap(\.stepsPerSecond))
    processorSeconds = Timing(summaries.compactMap { $0.processorSecondsPerStep["all"]?.total })
    let accuracies = summaries.compactMap(\.accuracy)
    accuracy = accuracies.isEmpty ? nil : Timing(accuracies).median
    serverBytes = summaries.compactMap { $0.memory["server"]?.proportionalBytes }.max()
    refused = summaries.reduce(0) { $0 + $1.messagesDropped.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
  }
}
