import ByzNumerics
import ByzProtocol

/// A line of a readable trace, such as `    12.345 ms  server-2  receives momentum 3 from worker-1`.
extension Occurrence: CustomStringConvertible {
  public var description: String {
    let (whole, fraction) = (time.microseconds / 1000, time.microseconds % 1000)
    let digits = "\(whole).\(String(repeating: "0", count: 3 - "\(fraction)".count))\(fraction)"
    let padding = String(repeating: " ", count: max(0, 10 - digits.count))
    let name = "\(node)"
    return "\(padding)\(digits) ms  \(name)\(String(repeating: " ", count: max(1, 10 - name.count)))\(what)"
  }
}

extension Occurrence.What: CustomStringConvertible {
  public var description: String {
    switch self {
    case .started: "starts"
    case .stopped: "crashes, to be started again"
    case .received(let message, let sender): "receives \(message.text) from \(sender)"
    case .computed(let step, let draw): "has the gradient of step \(step)" + (draw > 0 ? ", draw \(draw)" : "")
    case .fired(let timer): "\(timer.text)"
    case .reconnected(let peer): "sees the link to \(peer) come back"
    case .overheard(let message, let sender): "overhears \(message.text) of \(sender)"
    case .sent(let message, let receivers): "sends \(message.text) to \(receivers.text)"
    case .lost(let message, let receiver): "loses \(message.text) on its way to \(receiver)"
    case .reported(let report): report.text
    case .rejected(let sender, let reason): "drops what \(sender) sent: \(reason.rawValue)"
    case .ended(let end): end.text
    }
  }
}

extension Occurrence.End {
  fileprivate var text: String {
    switch self {
    case .finished: "ends, being done"
    case .diverged: "ends: its state is not finite"
    case .crashed: "crashes"
    case .deserted: "falls silent"
    }
  }
}

extension Message {
  fileprivate var text: String {
    switch self {
    case .vector(let kind, let step, let vector): "\(kind) \(step) \(vector)"
    case .request(let kind, let step): "a request for \(kind) \(step)"
    case .digest(let step, let digest): "digest \(step) \(digest)"
    case .done: "word of being done"
    }
  }
}

extension Timer {
  fileprivate var text: String {
    switch self {
    case .grace(let kind, let step): "has waited long enough for more of \(kind) \(step)"
    case .askAgain(let kind, let step): "has waited long for \(kind) \(step)"
    case .pull(let step, _): "has waited long enough for one server's model \(step)"
    case .linger: "has lingered long enough"
    case .fault: "does what it had put off"
    }
  }
}

extension Report {
  fileprivate var text: String {
    switch self {
    case .updated(let step, let parameters, let contributors, let selected):
      "reaches step \(step) with \(contributors.text), of which it averages \(selected.text): \(parameters)"
    case .adopted(let step, let parameters, let contributors):
      "adopts step \(step) from \(contributors.text): \(parameters)"
    case .estimated(let step, _, let contributors, .median):
      "completes step \(step) with models of \(contributors.text)"
    case .estimated(let step, _, let contributors, let source):
      "completes step \(step) with the \(source.rawValue) model of \(contributors.text)"
    case .refused(let step, let server, let refusal):
      "does without the model \(step) of \(server): \(refusal.text)"
    case .forged(let step, let samples, let areOverheard):
      "forges momentum \(step) from \(samples) " + (areOverheard ? "that it knows" : "of its own")
    }
  }
}

extension ModelRefusal {
  fileprivate var text: String {
    switch self {
    case .lipschitz(let value, let bound): "the gradient changes by \(value), above \(bound)"
    case .outliers(let value, let bound): "it is \(value) away, not below \(bound)"
    case .digest: "others agree on another one"
    case .absent: "it is not there"
    }
  }
}

extension [NodeID] {
  /// `server-0 1 2, worker-3`.
  fileprivate var text: String {
    Role.allCases.compactMap { role in
      let indices = filter { $0.role == role }.map { "\($0.index)" }
      return indices.isEmpty ? nil : "\(role.rawValue)-\(indices.joined(separator: " "))"
    }.joined(separator: ", ")
  }
}
