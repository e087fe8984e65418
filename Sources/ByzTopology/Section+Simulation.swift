import ByzAdversary
import ByzProtocol

private enum SimulationKey: String, CaseIterable {
  case delay = "delay_ms"
  case gradient = "gradient_ms"
  case late, loss
  case slow = "slow_ms"
  case cuts, restarts, adversary
}

private enum DelayKey: String, CaseIterable {
  case from, to
}

private enum LateKey: String, CaseIterable {
  case share
  case upTo = "up_to_ms"
}

private enum LossKey: String, CaseIterable {
  case share
  case again = "again_ms"
}

private enum CutKey: String, CaseIterable {
  case nodes
  case from = "from_ms"
  case to = "to_ms"
  case direction, lossy
}

private enum RestartKey: String, CaseIterable {
  case node
  case at = "at_ms"
  case after = "after_ms"
}

private enum AdversaryKey: String, CaseIterable {
  case starves
  case hold = "hold_ms"
  case gap = "deserts_at_gap"
  case rejoin = "deserts_at_rejoin"
}

/// The values of the section `simulation`: how network and nodes behave in a simulated run.
struct ScheduleValues {
  private(set) var schedule = Schedule()
  /// Where nodes are named, for complaints about those that do not exist.
  private var mentions: [(id: NodeID, field: Field)] = []
  /// Who is cut off, and where that is written.
  private var cutOff: [(nodes: Set<NodeID>, field: Field)] = []

  init(_ field: Field) {
    let section = Section<SimulationKey>(field)
    let standard = schedule
    schedule.delay = section[.delay].delay(standard: standard.delay)
    schedule.gradient = section[.gradient].milliseconds(standard: standard.gradient)
    schedule.late = section[.late].late()
    schedule.loss = section[.loss].loss()
    for entry in section[.slow].entries(wanted: "a mapping from nodes to milliseconds, such as {server-0: 20}") {
      let member = section[.slow].member(entry)
      guard let id = member.nodeID(entry.key) else { continue }
      mentions.append((id, member))
      schedule.slow[id] = member.milliseconds(standard: 0)
    }
    for item in section[.cuts].items() ?? [] { read(cut: item) }
    for item in section[.restarts].items() ?? [] { read(restart: item) }
    schedule.adversary = section[.adversary].adversary()
  }

  private mutating func read(cut item: Field) {
    let section = Section<CutKey>(item)
    if section[.nodes].value == nil { section[.nodes].reportMissing("the nodes to cut off, such as [server-0]") }
    let items = section[.nodes].items()
    if items?.isEmpty == true { section[.nodes].report("names nobody; name some nodes") }
    let nodes = (items ?? []).compactMap { item in
      if item.value == nil { item.reportMissing("a node, such as server-0") }
      return item.nodeID()
    }
    mentions += nodes.map { ($0, section[.nodes]) }
    cutOff.append((Set(nodes), section[.nodes]))
    let (from, to) = (section[.from].milliseconds(standard: 0), section[.to].required("the time when it ends"))
    if to < from { section[.to].report("a cut from \(from) ms cannot end at \(to) ms") }
    let direction = section[.direction].choice(
      of: Schedule.Cut.Direction.allCases.map { ($0.rawValue, $0) }, standard: "both")
    let isLossy = section[.lossy].choice(of: [("true", true), ("false", false)], standard: "false")
    schedule.cuts.append(
      Schedule.Cut(Set(nodes), from: from, to: to, direction: direction ?? .both, isLossy: isLossy ?? false))
  }

  private mutating func read(restart item: Field) {
    let section = Section<RestartKey>(item)
    if section[.node].value == nil { section[.node].reportMissing("the node that crashes, such as server-0") }
    let at = section[.at].required("the time when it crashes")
    let after = section[.after].milliseconds(standard: 0)
    guard let node = section[.node].nodeID() else { return }
    mentions.append((node, section[.node]))
    schedule.restarts.append(Schedule.Restart(node, at: at, after: after))
  }

  /// Reports the nodes that do not exist.
  func check(_ quorums: Quorums) {
    for (nodes, field) in cutOff where nodes.count == quorums.servers.count + quorums.workers.count {
      field.report("a cut of all nodes separates nobody; name some of them")
    }
    for (id, field) in mentions where !quorums.contains(id) {
      let count = id.role == .server ? quorums.servers.count : quorums.workers.count
      field.report(
        "there is no \(id); \(count == 1 ? "the only \(id.role.rawValue) is" : "there are") \(id.role.range(count))")
    }
  }
}

extension Field {
  fileprivate func milliseconds(standard: Double) -> Double { number(in: .milliseconds, standard: standard) }

  /// A field that must be given; after a report endless, so that nothing that it ends can seem to begin too late.
  fileprivate func required(_ meaning: String) -> Double {
    if value == nil { reportMissing(meaning) }
    return milliseconds(standard: .infinity)
  }

  fileprivate func delay(standard: ClosedRange<Double>) -> ClosedRange<Double> {
    guard value != nil else { return standard }
    let section = Section<DelayKey>(self)
    let (from, to) = (section[.from].milliseconds(standard: 0), section[.to].required("the longest delay"))
    guard from <= to else {
      section[.to].report("the longest delay, \(to) ms, is below the shortest, \(from) ms")
      return standard
    }
    return from...to
  }

  fileprivate func late() -> Schedule.Late? {
    guard value != nil else { return nil }
    let section = Section<LateKey>(self)
    return Schedule.Late(share: section[.share].share(), upTo: section[.upTo].required("the longest additional delay"))
  }

  fileprivate func loss() -> Schedule.Loss? {
    guard value != nil else { return nil }
    let section = Section<LossKey>(self)
    return Schedule.Loss(
      share: section[.share].share(), again: section[.again].required("after how long a transmission is repeated"))
  }

  private func share() -> Double {
    if value == nil { reportMissing("a share of all messages") }
    return number(in: .belowOne, standard: 0)
  }

  fileprivate func adversary() -> Schedule.NetworkAdversary? {
    guard value != nil else { return nil }
    let section = Section<AdversaryKey>(self)
    typealias Target = Schedule.NetworkAdversary.Target
    let target = section[.starves].choice(
      of: Target.allCases.map { ($0.rawValue, $0) }, standard: Target.nobody.rawValue)
    let (gap, rejoin) = (section[.gap], section[.rejoin])
    if gap.value != nil && rejoin.value != nil { rejoin.report("give either deserts_at_gap or deserts_at_rejoin") }
    let number = (gap.value == nil ? rejoin : gap).whole(in: 1...NumberBounds.largest, standard: 1)
    let deserts: Schedule.NetworkAdversary.Desertion? =
      gap.value != nil ? .gap(number) : rejoin.value != nil ? .rejoin(number) : nil
    return Schedule.NetworkAdversary(
      starves: target ?? .nobody, hold: section[.hold].milliseconds(standard: 0), deserts: deserts)
  }

  /// The node that the text names.
  fileprivate func nodeID() -> NodeID? { text().flatMap { nodeID($0) } }

  /// The node of that `name`; nil after a report if there can be none.
  fileprivate func nodeID(_ name: String) -> NodeID? {
    if let id = NodeID(name) { return id }
    report("'\(name.shown())' is not the name of a node, such as server-0 or worker-0")
    return nil
  }
}

extension NumberBounds {
  /// Up to nearly three hours: nodes that wait ask again all the time, and who simulates that waits with them.
  static let milliseconds = NumberBounds(
    minimum: 0, maximum: 1e7, description: "a number of milliseconds from 0 to 1e7")
}
