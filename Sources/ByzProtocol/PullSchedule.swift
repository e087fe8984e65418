/// Who pulls what from whom in a synchronous run, which follows from the step and the worker, so that nobody has to ask.
extension ProtocolConfiguration {
  /// Whether the model of `step` comes right after a gather, or is the first: the one that the filters' reference is made
  /// from.
  public func isReference(_ step: Int) -> Bool { step == 0 || gathers(after: step - 1) }

  /// The servers in the order in which `worker` pulls the model of `step` from them: from server (j + t) mod n_ps on.
  public func pullOrder(of worker: Int, at step: Int) -> [NodeID] {
    let count = quorums.servers.count
    return (0..<count).map { .server((worker + step + $0) % count) }
  }

  /// The servers that give `worker` their model of `step` when it has sent its momentum of the step before.
  public func givers(to worker: Int, at step: Int) -> [NodeID] {
    quorums.serverIDs.filter { share(of: $0.index, for: worker, at: step) == .model }
  }

  /// What a server gives a worker of itself.
  enum Share: Equatable { case model, digest, nothing }

  /// What `server` gives `worker` for `step` when that has sent its momentum of the step before.
  func share(of server: Int, for worker: Int, at step: Int) -> Share {
    guard let pull = training.mode.pull else { return .model }
    if (worker + step) % quorums.servers.count == server { return .model }
    if pull.isCertified && step > 0 { return quorums.servers.byzantine > 0 ? .digest : .nothing }
    return isReference(step) ? .model : .nothing
  }
}
