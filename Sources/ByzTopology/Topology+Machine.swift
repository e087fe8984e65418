import ByzAdversary
import ByzProtocol

extension Topology {
  /// The machine of `id` as it begins: with theta_0 if it is a server, and behind its fault if it has one.
  public func machine(of id: NodeID) -> any Machine { machine(of: id, in: protocolConfiguration, cast: cast) }

  /// The same under another `configuration`, into which a mistake may be planted, and in another `cast`.
  package func machine(of id: NodeID, in configuration: ProtocolConfiguration, cast: Cast) -> any Machine {
    let honest: any Machine =
      switch id.role {
      case .worker: WorkerMachine(id.index, configuration)
      case .server: ServerMachine(id.index, configuration, model: model.initialParameters(seed: seed))
      }
    guard let fault = faults[id] else { return honest }
    return FaultCatalogue.machine(honest, playing: fault, in: configuration, seed: seed, cast: cast)
  }
}

// MARK: - The adversary

extension Topology {
  /// What the faulty nodes of a real run know of each other.
  public var cast: Cast { Cast(faults, channel: buses.isEmpty ? .none : .bus) }

  /// Where faulty servers tell their accomplices what they get: those that have something to tell, if somebody listens, and
  /// a place to do it. Beside a server's own socket there is one; elsewhere the topology names it.
  public var buses: [NodeID: String] {
    let tellers = Cast(faults).tellers.compactMap { server -> (NodeID, String)? in
      let place = nodes[server] ?? NodePlace()
      return (place.bus ?? place.address.flatMap(Self.bus(besideSocketAt:))).map { (server, $0) }
    }
    return Dictionary(uniqueKeysWithValues: tellers)
  }

  /// Nil where there is no socket, or no room for its path.
  private static func bus(besideSocketAt address: String) -> String? {
    guard address.hasPrefix("ipc://") else { return nil }
    let path = "\(address.dropFirst(6)).bus"
    return path.utf8.count <= Endpoint.longestSocketPath ? "ipc://\(path)" : nil
  }
}
