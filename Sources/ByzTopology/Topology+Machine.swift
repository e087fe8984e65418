import ByzAdversary
import ByzProtocol

extension Topology {
  /// The machine of `id` as it begins: with theta_0 if it is a server, and behind its fault if it has one.
  public func machine(of id: NodeID) -> any Machine { machine(of: id, in: protocolConfiguration) }

  /// The same under another `configuration`, into which a mistake may be planted.
  package func machine(of id: NodeID, in configuration: ProtocolConfiguration) -> any Machine {
    let honest: any Machine =
      switch id.role {
      case .worker: WorkerMachine(id.index, configuration)
      case .server: ServerMachine(id.index, configuration, model: model.initialParameters(seed: seed))
      }
    guard let fault = faults[id] else { return honest }
    return FaultCatalogue.machine(honest, playing: fault, in: configuration, seed: seed)
  }
}
