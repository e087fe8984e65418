import ByzAdversary
import ByzGradients
import ByzKeys
import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTransport
import ByzWire
import Glibc
import Logging

/// One real node: drives a machine with the network, gradients, a clock and a disk.
///
/// One thread owns the machine and the sockets and waits for whichever of messages, timers and notices comes first. The
/// gradients of a worker and the evaluations of a server are computed on a thread of their own, so that the node goes on
/// serving its peers meanwhile.
public final class Node {
  private let id: NodeID
  private let topology: Topology
  private let logger: Logger
  private let transport: Transport
  private let mailbox: Mailbox
  private let record: NodeRecord
  private var machine: any Machine
  private var timers = TimerQueue()
  private var stall = StallWatch()
  private var meter = ProcessorMeter()
  private var gradients: WorkThread<any GradientSource>?
  private var evaluations: Evaluations?
  /// Set when the machine has nothing left to do, or cannot go on.
  private var ending: Ending?

  private struct Ending {
    let outcome: Outcome
    let reason: String?
  }

  /// Prepares a node and opens its links.
  ///
  /// - Parameters:
  ///   - id: the node.
  ///   - topology: the run, with an address for every server.
  ///   - directory: where the node writes its part of the run.
  ///   - logger: where it tells what happens.
  ///   - secretKey: that of the node's public key in the topology; nil where links are not protected.
  /// - Throws: what is wrong with the topology for this node, or an address that cannot be used.
  public init(
    _ id: NodeID, in topology: Topology, directory: RunDirectory, logger: Logger, secretKey: SecretKey? = nil
  ) throws {
    self.id = id
    self.topology = topology
    self.logger = logger
    let configuration = topology.protocolConfiguration
    let codec = Codec(node: id, digest: topology.digest, configuration: configuration)
    let keys = secretKey.map { LinkKeys(secretKey: $0, publicKeys: topology.publicKeys) }
    // A connection is a descriptor, and a shell's usual limit is lower than what a large run needs.
    raiseDescriptorLimit()
    transport = try Transport(codec, endpoints: topology.endpoints, keys: keys, bus: topology.bus(of: id))
    mailbox = Mailbox(waking: transport.waker)
    record = try NodeRecord(of: id, in: topology, directory: directory)
    machine = topology.machine(of: id)
  }

  /// Takes part in the run until it ends here, and writes the node's summary.
  ///
  /// - Throws: what the disk or libzmq refuses.
  public func run() throws -> NodeSummary {
    logger.info("\(id) starts as process \(getpid()) with topology digest \(topology.digestText)")
    let interruption = Interruption { [mailbox] in mailbox.post(.interrupted) }
    defer { interruption.cancel() }
    startWork()
    defer {
      gradients?.end()
      evaluations?.end()
    }
    try pass(.start)
    while !isOver { try waitAndHandle() }
    let ending = ending ?? Ending(outcome: .failed, reason: "it stopped without a reason")
    logger.info("\(id) ends: \(ending.outcome.rawValue)\(ending.reason.map { ", \($0)" } ?? "")")
    return try record.finish(ending.outcome, reason: ending.reason, traffic: transport.counters)
  }

  /// A node that has completed its part waits for its own last evaluation.
  private var isOver: Bool {
    guard let ending else { return false }
    return ending.outcome != .completed || evaluations?.isIdle ?? true
  }

  private func startWork() {
    let failed: @Sendable (any Error) -> Void = { [mailbox] in mailbox.post(.failed("\($0)")) }
    switch id.role {
    case .worker:
      gradients = WorkThread(
        name: "gradients", prepare: { [topology, id] in try topology.gradientSource(of: id) }, failed: failed)
    case .server:
      evaluations = Evaluations(in: topology, node: id, mailbox: mailbox, failed: failed)
    }
  }
}

// MARK: - Events

extension Node {
  private func waitAndHandle() throws {
    try transport.poll(atMost: timers.millisecondsToNext) { event in
      if ending == nil { try handle(event) }
    }
    for notice in mailbox.takeAll() { try handle(notice) }
    for timer in timers.takeDue() where ending == nil { try pass(.timer(timer)) }
    if ending == nil, let time = stall.notice(at: record.step, now: .now) { tellOfWaiting(for: time) }
  }

  private func tellOfWaiting(for time: Duration) {
    let (needed, group) =
      id.role == .worker ? (Role.server, topology.quorums.servers) : (.worker, topology.quorums.workers)
    let silent = transport.silentPeers(for: time).map { "\($0.peer) (\($0.reason))" }
    logger.notice(
      """
      has been at step \(record.step) for \(time.components.seconds) s; a step needs \(group.quorum) of \(group.count) \
      \(needed.rawValue)s; \(silent.isEmpty ? "all peers are there" : "nothing from \(silent.joined(separator: ", "))")
      """)
  }

  private func handle(_ event: TransportEvent) throws {
    switch event {
    case .received(let message, let sender):
      try pass(.received(message, from: sender))
    case .reconnected(let peer):
      logger.info("the link to \(peer) is back")
      try pass(.reconnected(peer))
    case .overheard(let message, let sender):
      try pass(.overheard(message, of: sender))
    case .differingTopology(let peer, let theirs):
      let name = peer?.description ?? "a node that is not in this topology"
      logger.error(
        "\(name) runs another topology: its digest is \(Topology.text(ofDigest: theirs)), ours \(topology.digestText)")
    case .refused(let key, let owner, let address):
      let reason = owner.map { "\($0) does not connect to \(id)" } ?? "no node of this topology has it"
      logger.warning("turned away a connection from \(address) with the key \(key): \(reason)")
    }
  }

  private func handle(_ notice: Notice) throws {
    switch notice {
    case .gradient(let step, let draw, let gradient, let loss):
      guard ending == nil else { return }
      try pass(.gradient(step: step, draw: draw, gradient, loss: loss))
    case .evaluated(let step, let evaluation):
      try record.note(evaluation, step: step)
      let accuracy = evaluation.accuracy.map { "accuracy \($0), " } ?? ""
      logger.info("step \(step): \(accuracy)loss \(evaluation.loss)")
      evaluations?.startNext()
    case .failed(let reason):
      end(.failed, reason)
    case .interrupted:
      end(.interrupted, "it was asked to stop at step \(record.step)")
    }
  }
}

// MARK: - Actions

extension Node {
  /// Gives `event` to the machine and does what it says.
  private func pass(_ event: Event) throws {
    meter.charge(\.links)
    let actions = machine.handle(event)
    meter.charge(\.machine)
    for action in actions where ending == nil { try perform(action) }
  }

  private func perform(_ action: Action) throws {
    switch action {
    case .send(let message, let receivers):
      try transport.send(message, to: receivers)
    case .computeGradient(let step, let draw, let flippingLabels, let parameters):
      compute(step: step, draw: draw, flippingLabels: flippingLabels, at: parameters)
    case .schedule(let timer, let milliseconds):
      timers.schedule(timer, afterMilliseconds: milliseconds)
    case .report(let report):
      try note(report)
    case .reject(let sender, let reason):
      transport.countDropped(from: sender, reason.rawValue)
    case .diverge(let step):
      end(.diverged, "its state became non-finite at step \(step)")
    case .finish:
      end(.completed, nil)
    case .crash:
      logger.info("\(id) crashes, as it was told to")
      exitWithoutAWord()
    case .confide(let message, let sender):
      try transport.confide(message, of: sender)
    case .garble(let message, let receivers, let damages):
      try transport.garble(message, to: receivers, damages)
    }
  }

  private func compute(step: Int, draw: Int, flippingLabels: Bool, at parameters: Vector) {
    gradients?.perform { [mailbox] source in
      do {
        let sample = try source.gradient(at: parameters, step: step, draw: draw, flippingLabels: flippingLabels)
        mailbox.post(.gradient(step: step, draw: draw, sample.gradient, loss: sample.loss))
      } catch {
        mailbox.post(.failed("the gradient of step \(step) failed: \(error)"))
      }
    }
  }

  private func note(_ report: Report) throws {
    meter.charge(\.links)
    try record.note(report) { [self] in meter.total(work: gradients?.cpuSeconds ?? evaluations?.cpuSeconds ?? 0) }
    meter.charge(\.records)
    switch report {
    case .updated(let step, let parameters, _, _):
      if step == 1 { logger.info("first step completed") }
      evaluate(parameters, step: step)
    case .adopted(let step, let parameters, let servers):
      logger.info("rejoins at step \(step) with the median of \(servers.map(\.description).joined(separator: ", "))")
      evaluate(parameters, step: step)
    case .estimated, .refused, .forged:
      break
    }
  }

  private func evaluate(_ parameters: Vector, step: Int) {
    if step % topology.evaluateEvery == 0 || step == topology.training.steps {
      evaluations?.request(step: step, parameters)
    }
  }

  private func end(_ outcome: Outcome, _ reason: String?) {
    if ending == nil { ending = Ending(outcome: outcome, reason: reason) }
  }
}

/// Permits this process as many open descriptors as the system lets it have.
private func raiseDescriptorLimit() {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
  limit.rlim_cur = limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
