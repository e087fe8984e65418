import ByzAdversary
import ByzProtocol

extension Schedule {
  /// The section `simulation`, every field of it that has a value.
  var yaml: String {
    var lines = ["delay_ms: {from: \(delay.lowerBound), to: \(delay.upperBound)}", "gradient_ms: \(gradient)"]
    if let late { lines.append("late: {share: \(late.share), up_to_ms: \(late.upTo)}") }
    if let loss { lines.append("loss: {share: \(loss.share), again_ms: \(loss.again)}") }
    if !slow.isEmpty {
      let entries = slow.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      lines.append("slow_ms: {\(entries.joined(separator: ", "))}")
    }
    lines += Self.list("cuts", cuts.map(\.yaml)) + Self.list("restarts", restarts.map(\.yaml))
    if let adversary { lines.append("adversary: \(adversary.yaml)") }
    return (["simulation:"] + lines.map { "  \($0)" }).joined(separator: "\n")
  }

  private static func list(_ key: String, _ items: [String]) -> [String] {
    items.isEmpty ? [] : ["\(key):"] + items.map { "  - \($0)" }
  }
}

extension Schedule.Cut {
  fileprivate var yaml: String {
    let names = nodes.sorted().map(\.description).joined(separator: ", ")
    return "{nodes: [\(names)], from_ms: \(from), to_ms: \(to), direction: \(direction.rawValue), lossy: \(isLossy)}"
  }
}

extension Schedule.Restart {
  fileprivate var yaml: String { "{node: \(node), at_ms: \(at), after_ms: \(after)}" }
}

extension Schedule.NetworkAdversary {
  fileprivate var yaml: String {
    let desertion =
      switch deserts {
      case .gap(let gap)?: ", deserts_at_gap: \(gap)"
      case .rejoin(let number)?: ", deserts_at_rejoin: \(number)"
      case nil: ""
      }
    return "{starves: \(starves.rawValue), hold_ms: \(hold)\(desertion)}"
  }
}
