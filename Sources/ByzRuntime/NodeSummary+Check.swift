import ByzProtocol
import ByzTopology
import Glibc

extension NodeSummary {
  /// More than any count or size in a run comes to, and little enough that those of all nodes can be added up.
  private static let largestCount = 1 << 50
  /// Kinds of messages, or reasons for dropping one.
  private static let mostNames = 64

  /// What in this summary cannot be of `node` in a run of `topology`; nil if nothing is amiss.
  ///
  /// A host may have written anything. What passes is not true for that, but harmless: its numbers can be added up, and its
  /// names are those of a run.
  func objection(of node: NodeID, in topology: Topology) -> String? {
    let ids = Set(topology.quorums.nodeIDs.map(\.description))
    let steps = 0...topology.training.steps
    let tests: [(String, Bool)] = [
      ("it is that of another node", id == "\(node)"),
      ("it is of a run of another topology", topologyDigest == topology.digestText && seed == topology.seed),
      ("its steps", steps.contains(step) && evaluatedStep.map(steps.contains) ?? true),
      ("it completed before the last step", outcome != .completed || step == topology.training.steps),
      ("its times", [startedAt, firstStepAt ?? 0, lastStepAt ?? 0].allSatisfy { abs($0) < 1e12 }),
      ("its last step before its first", lastStepAt.map { $0 >= firstStepAt ?? $0 } ?? true),
      ("its accuracy", accuracy.map((0...1).contains) ?? true),
      ("its loss", loss.map { abs($0) < 1e300 } ?? true),
      ("its shares", [selected ?? [:], admitted ?? [:]].allSatisfy { Self.areShares($0, of: ids) }),
      ("its forgeries", forged.map { steps.contains($0.overheard) && steps.contains($0.estimated) } ?? true),
      (
        "its pulls",
        (pulled ?? [:]).allSatisfy { ModelSource(rawValue: $0.key) != nil && steps.contains($0.value) }
          && steps.contains((pulled ?? [:]).values.reduce(0, +))
      ),
      ("its refusals", (refused ?? [:]).allSatisfy { Self.areRefusals($0.value, of: $0.key, in: topology) }),
      (
        "its counts of messages sent",
        Self.areNames(sent.keys) && sent.values.allSatisfy { Self.isCount($0.messages) && Self.isCount($0.bytes) }
      ),
      ("its counts of messages dropped", dropped.allSatisfy { Self.areDrops($0.value, of: $0.key, in: ids) }),
      ("its use of the machine", Self.isUsage(usage, steps: steps)),
    ]
    return tests.first { !$0.1 }?.0
  }

  /// Models of `server` that a worker can have refused, each at most once a step.
  private static func areRefusals(_ reasons: [String: Refusals], of server: String, in topology: Topology) -> Bool {
    topology.quorums.serverIDs.contains { "\($0)" == server } && areNames(reasons.keys)
      && reasons.values.allSatisfy { refusals in
        (0...topology.training.steps).contains(refusals.models)
          && [refusals.meanExcess, refusals.largestExcess].allSatisfy { $0.map { $0 >= 0 && $0 < 1e300 } ?? true }
      }
  }

  private static func isCount(_ number: Int) -> Bool { (0...largestCount).contains(number) }

  private static func areShares(_ shares: [String: Double], of ids: Set<String>) -> Bool {
    shares.allSatisfy { ids.contains($0.key) && (0...1).contains($0.value) }
  }

  private static func areNames(_ names: some Collection<String>) -> Bool {
    names.count <= mostNames
      && names.allSatisfy { name in
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { (0x20...0x7E).contains($0) }
      }
  }

  private static func areDrops(_ reasons: [String: Int], of peer: String, in ids: Set<String>) -> Bool {
    (peer == "unknown" || ids.contains(peer) || isAddress(peer)) && areNames(reasons.keys)
      && reasons.values.allSatisfy(isCount)
  }

  /// Whether `text` could be the IP address of a stranger; how many of those a summary has, its size bounds.
  private static func isAddress(_ text: String) -> Bool {
    var bytes = in6_addr()
    let address = text.prefix { $0 != "%" }
    return text.utf8.count <= 64 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
      && (inet_pton(AF_INET, String(address), &bytes) == 1 || inet_pton(AF_INET6, String(address), &bytes) == 1)
  }

  private static func isUsage(_ usage: [ResourceUsage], steps: ClosedRange<Int>) -> Bool {
    usage.count <= 3
      && usage.allSatisfy { usage in
        steps.contains(usage.step) && isCount(usage.residentBytes) && isCount(usage.proportionalBytes)
          && ProcessorTime.parts.allSatisfy { abs(usage.processor[keyPath: $0.path]) < 1e12 }
      }
  }
}
