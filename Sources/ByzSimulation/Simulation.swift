import ByzAdversary
import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology

/// A whole run in one place under virtual time: the machines of the real nodes, a network and nodes that behave as the
/// topology's schedule says, and a checker that watches.
///
/// Everything follows from the topology: run again, it does the same to the bit.
///
/// ```swift
/// var simulation = try Simulation(of: topology) { worker in try topology.gradientSource(of: worker) }
/// let result = try simulation.run()
/// for violation in result.violations { print(violation) }
/// ```
public struct Simulation {
  /// How a simulated run ended.
  public struct Result: Sendable {
    /// What must not happen and did; empty if all is well.
    public let violations: [Violation]
    /// The last step that each node reported.
    public let steps: [NodeID: Int]
    /// Over everything that happened.
    public let digest: String
    /// When the last thing happened.
    public let end: VirtualTime
    public let events: Int
  }

  /// Hears of everything that happens, in order.
  public typealias Observer = (Occurrence) throws -> Void

  enum Happening {
    case event(Event, node: Int, incarnation: Int)
    case delivery(Delivery)
    /// A link is there again after a cut that lost messages.
    case reconnection(of: Int, at: Int)
    case stop(Int)
    case start(Int)
  }

  /// A message on its way.
  struct Delivery {
    let message: Message
    let sender: Int
    /// Who it says that it is from, which the link does not believe.
    let claimed: Int
    let receiver: Int
    let incarnation: Int
  }

  struct Node {
    enum Condition { case running, down, ended }

    var machine: any Machine
    var condition = Condition.running
    var incarnation = 0
    /// The step at which a restarted node counts as honest again; nil if it never was restarted, or has got there.
    var rejoinsAt: Int?
    /// The last step it reported.
    var step = 0
  }

  let topology: Topology
  let configuration: ProtocolConfiguration
  /// What the machines are told: the same, unless a mistake is planted.
  private let machineConfiguration: ProtocolConfiguration
  let roster: Roster
  let isHonest: [Bool]
  /// The adversary of a simulator knows everything and rushes.
  let cast: Cast
  /// The nodes that use what it knows.
  let listeners: [Int]
  let observer: Observer?
  var nodes: [Node] = []
  var queue = EventQueue<Happening>()
  var now = VirtualTime.start
  var network: Network
  var links: LinkQueues
  var checker: Checker
  var digest = TraceDigest()
  var lastProgress = VirtualTime.start
  var hasDeserted = false
  /// How often honest servers have rejoined.
  var rejoins = 0
  let quietTime: VirtualTime
  let planEnd: VirtualTime
  var fingerprints: Fingerprints
  /// The honest nodes that have not done their last step.
  var underWay: Int
  private var sources: [Int: any GradientSource] = [:]
  private var events = 0

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - topology: the run, with the faults that are played and the schedule of its network and nodes.
  ///   - observer: is told of everything that happens; an error that it throws ends the run.
  ///   - gradients: the gradients of a worker.
  /// - Throws: what `gradients` throws.
  public init(
    of topology: Topology, observer: Observer? = nil, gradients: (NodeID) throws -> any GradientSource
  ) throws {
    try self.init(of: topology, planting: nil, observer: observer, gradients: gradients)
  }

  /// The same with a mistake in all machines, for tests of the checker.
  package init(
    of topology: Topology, planting bug: PlantedBug?, observer: Observer? = nil,
    gradients: (NodeID) throws -> any GradientSource
  ) throws {
    self.topology = topology
    self.observer = observer
    let configuration = topology.protocolConfiguration
    self.configuration = configuration
    machineConfiguration = bug.map { configuration.planting($0) } ?? configuration
    let roster = Roster(configuration.quorums)
    self.roster = roster
    isHonest = roster.all.map { topology.faults[roster.id($0)] == nil }
    let cast = Cast(topology.faults, channel: .omniscience)
    self.cast = cast
    listeners = roster.all.filter { cast.listens(roster.id($0)) }
    network = Network(topology.schedule, roster: roster, seed: topology.seed)
    links = LinkQueues(nodes: roster.all.count, capacity: 2 * configuration.patience.retainedSteps)
    checker = Checker(
      configuration, isHonest: isHonest, initialParameters: topology.model.initialParameters(seed: topology.seed),
      holdsDelta: Self.holdsDelta(topology))
    quietTime = Self.quietTime(network, configuration)
    planEnd = Self.planEnd(topology.schedule, configuration.patience)
    fingerprints = Fingerprints(nodes: roster.all.count)
    underWay = isHonest.count { $0 }
    for number in roster.all {
      nodes.append(Node(machine: topology.machine(of: roster.id(number), in: machineConfiguration, cast: cast)))
      if !roster.isServer(number) { sources[number] = try gradients(roster.id(number)) }
    }
  }

  /// A digest of everything that has happened so far, in hexadecimal digits.
  public var traceDigest: String { digest.text }

  /// Runs until every honest node has done its last step, or nothing has moved for so long that nothing will.
  ///
  /// - Throws: what a gradient source or the observer throws.
  public mutating func run() throws -> Result {
    for number in roster.all { queue.insert(.start(number), at: .start) }
    schedulePlans()
    while underWay > 0, let (time, happening) = queue.next() {
      now = time
      if isStalled { break }
      events += 1
      try handle(happening)
    }
    if underWay > 0 { reportStall() }
    let steps = Dictionary(uniqueKeysWithValues: roster.all.map { (roster.id($0), nodes[$0].step) })
    return Result(violations: checker.violations, steps: steps, digest: traceDigest, end: now, events: events)
  }

  private mutating func handle(_ happening: Happening) throws {
    switch happening {
    case .event(let event, let node, let incarnation):
      guard nodes[node].incarnation == incarnation else { return }
      try feed(event, to: node)
    case .delivery(let delivery):
      try deliver(delivery)
    case .reconnection(let peer, let node):
      try feed(.reconnected(roster.id(peer)), to: node)
    case .stop(let plan):
      try stop(plan)
    case .start(let node):
      try start(node)
    }
  }

  private mutating func deliver(_ delivery: Delivery) throws {
    links.leave(delivery.sender, delivery.receiver)
    // What faulty nodes seemed to have sent when they fall silent, they have not sent to those whom it has not reached.
    let isWithheld = hasDeserted && !isHonest[delivery.sender]
    guard nodes[delivery.receiver].incarnation == delivery.incarnation, !isWithheld,
      nodes[delivery.receiver].condition == .running
    else { return try lose(delivery) }
    // The link decides who a message counts for.
    let sender = machineConfiguration.plantedBug == .trustedClaim ? delivery.claimed : delivery.sender
    try feed(.received(delivery.message, from: roster.id(sender)), to: delivery.receiver, sender: delivery.sender)
  }

  /// Lets `node` handle `event` and does what it says.
  mutating func feed(_ event: Event, to node: Int, sender: Int? = nil) throws {
    guard nodes[node].condition == .running else { return }
    try note(event, at: node)
    let actions = nodes[node].machine.handle(event)
    if case .gradient(_, draw: 0, _, _) = event { checker.computed(by: node) }
    if case .received(.vector(let kind, let step, _), _) = event, let sender, !actions.containRejection {
      checker.accepted(kind, step: step, from: sender, by: node)
    }
    for action in actions where nodes[node].condition == .running {
      checker.performed(action, fingerprint: fingerprints.of(action, by: node), by: node, at: now)
      try perform(action, of: node)
    }
    checker.settle(node, at: now)
  }

  private mutating func note(_ event: Event, at node: Int) throws {
    switch event {
    case .start: try occur(.started, at: node)
    case .received(let message, let sender): try occur(.received(message, from: sender), at: node)
    case .gradient(let step, let draw, _, _): try occur(.computed(step: step, draw: draw), at: node)
    case .timer(let timer): try occur(.fired(timer), at: node)
    case .reconnected(let peer): try occur(.reconnected(peer), at: node)
    case .overheard(let message, let sender): try occur(.overheard(message, of: sender), at: node)
    }
  }

  private mutating func perform(_ action: Action, of node: Int) throws {
    switch action {
    case .send(let message, let receivers):
      try send(message, from: node, to: receivers)
    case .computeGradient(let step, let draw, let flippingLabels, let parameters):
      guard
        let sample = try sources[node]?.gradient(
          at: parameters, step: step, draw: draw, flippingLabels: flippingLabels)
      else { return }
      let event = Event.gradient(step: step, draw: draw, sample.gradient, loss: sample.loss)
      insert(event, for: node, afterMilliseconds: topology.schedule.gradient)
    case .schedule(let timer, let milliseconds):
      insert(.timer(timer), for: node, afterMilliseconds: Double(milliseconds))
    case .report(let report):
      try occur(.reported(report), at: node)
      if case .adopted = report, isHonest[node] { rejoins += 1 }
      try advance(node, to: report.step)
    case .reject(let sender, let reason):
      try occur(.rejected(from: sender, reason), at: node)
    case .diverge: try end(node, .diverged)
    case .finish: try end(node, .finished)
    case .crash: try end(node, .crashed)
    // There is no channel that accomplices need: they know everything.
    case .confide: break
    case .garble(let message, let receivers, _):
      try sendGarbled(message, from: node, to: receivers)
    }
  }

  mutating func insert(_ event: Event, for node: Int, afterMilliseconds delay: Double) {
    queue.insert(
      .event(event, node: node, incarnation: nodes[node].incarnation), at: now + VirtualTime(milliseconds: delay))
  }

  mutating func end(_ node: Int, _ end: Occurrence.End) throws {
    nodes[node].condition = .ended
    try occur(.ended(end), at: node)
  }

  /// Takes note of something that happened: in the digest, and for whoever watches.
  mutating func occur(_ what: Occurrence.What, at node: Int) throws {
    digest.add(now.microseconds)
    digest.add(node)
    digest.add(what)
    try observer?(Occurrence(time: now, node: roster.id(node), what: what))
  }

  /// Starts `node`, for the first time or again with nothing on disk.
  private mutating func start(_ node: Int) throws {
    guard nodes[node].incarnation > 0 else { return try feed(.start, to: node) }
    nodes[node].machine = topology.machine(of: roster.id(node), in: machineConfiguration, cast: cast)
    nodes[node].condition = .running
    nodes[node].step = 0
    checker.restart(node)
    try feed(.start, to: node)
    for peer in roster.all where peer != node && roster.areLinked(peer, node) {
      let delay = topology.schedule.delay.upperBound
      queue.insert(.reconnection(of: node, at: peer), at: now + VirtualTime(milliseconds: delay))
    }
  }
}

extension [Action] {
  fileprivate var containRejection: Bool {
    contains { if case .reject = $0 { true } else { false } }
  }
}

extension Report {
  /// The steps that the node has completed.
  var step: Int {
    switch self {
    case .updated(let step, _, _, _), .adopted(let step, _, _): step
    case .estimated(let step, _, _, _), .forged(let step, _, _): step + 1
    case .refused(let step, _, _): step
    }
  }
}
