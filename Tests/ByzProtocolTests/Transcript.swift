import ByzAggregation
import ByzNumerics
import ByzProtocol

/// A protocol scenario in text: what happens to one node, and what it does about it.
///
/// The first line that is neither empty nor a comment describes the node. After that a line `> EVENT` is fed to the machine
/// and the lines `< ACTION` below it are what must come out. Vectors have one element.
struct Transcript {
  struct Malformed: Error, CustomStringConvertible {
    let line: String
    let reason: String
    var description: String { "\(reason): \(line)" }
  }

  /// The text as it would read if every action were written down as it comes out.
  static func replay(_ text: String) throws -> String {
    var lines: [String] = []
    var machine: (any Machine)?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("<") { continue }
      lines.append(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      if line.hasPrefix(">") {
        let event = try parse(event: Words(line))
        guard let actions = machine?.handle(event) else { throw Malformed(line: line, reason: "no node yet") }
        lines += actions.map { "< \(describe($0))" }
      } else {
        machine = try parse(node: line)
      }
    }
    return lines.joined(separator: "\n")
  }
}

// MARK: - Reading

/// The words of a line, taken one by one.
private struct Words {
  let line: String
  private var rest: [String]

  init(_ line: String) {
    self.line = line
    rest = line.split(separator: " ").map(String.init).filter { $0 != ">" }
  }

  mutating func next() throws -> String {
    guard !rest.isEmpty else { throw Transcript.Malformed(line: line, reason: "something is missing") }
    return rest.removeFirst()
  }

  mutating func next<Value>(_ read: (String) -> Value?) throws -> Value {
    let word = try next()
    guard let value = read(word) else { throw Transcript.Malformed(line: line, reason: "cannot read '\(word)'") }
    return value
  }

  mutating func sender() throws -> NodeID {
    guard try next() == "from" else { throw Transcript.Malformed(line: line, reason: "expected 'from'") }
    return try next { NodeID($0) }
  }
}

extension Transcript {
  /// `node worker-0: servers=5/1 workers=7/2 steps=4`, with `gather`, `retained`, `grace`, `quorums`, `momentum`, `clip`,
  /// `decay`, `rate` and `theta` where they matter; `pull=filtered` or `certified` makes the run synchronous, with `delta=80` or
  /// `delta=80/20`, the second number being the floor, and `batch=same`.
  private static func parse(node line: String) throws -> any Machine {
    let parts = line.split(separator: ":").map(String.init)
    guard parts.count == 2, parts[0].hasPrefix("node "), let id = NodeID(parts[0].dropFirst(5)) else {
      throw Malformed(line: line, reason: "expected 'node ID: settings'")
    }
    var settings: [String: String] = [:]
    for setting in parts[1].split(separator: " ") {
      let pair = setting.split(separator: "=").map(String.init)
      guard pair.count == 2 else { throw Malformed(line: line, reason: "cannot read '\(setting)'") }
      settings[pair[0]] = pair[1]
    }
    let configuration = try configuration(settings, line: line)
    let theta = Float(settings["theta"] ?? "0") ?? 0
    return id.role == .server
      ? ServerMachine(id.index, configuration, model: Vector([theta])) : WorkerMachine(id.index, configuration)
  }

  private static func configuration(_ settings: [String: String], line: String) throws -> ProtocolConfiguration {
    func pair(_ name: String, _ text: String?) throws -> (Int, Int)? {
      guard let text else { return nil }
      let numbers = text.split(separator: "/").compactMap { Int($0) }
      guard numbers.count == 2 else { throw Malformed(line: line, reason: "'\(name)' needs two numbers") }
      return (numbers[0], numbers[1])
    }
    guard let servers = try pair("servers", settings["servers"]), let workers = try pair("workers", settings["workers"])
    else { throw Malformed(line: line, reason: "'servers' and 'workers' are needed") }
    let quorums = try pair("quorums", settings["quorums"])
    let grace = Int(settings["grace"] ?? "0") ?? 0
    let mode = mode(settings)
    let delta = (settings["delta"] ?? "0").split(separator: "/").compactMap { Int($0) }
    guard (1...2).contains(delta.count) else { throw Malformed(line: line, reason: "'delta' is one number or two") }
    let coefficient = Double(settings["momentum"] ?? "0") ?? 0
    return ProtocolConfiguration(
      quorums: Quorums(
        servers: (servers.0, servers.1), workers: (workers.0, workers.1), serverQuorum: quorums?.0,
        workerQuorum: quorums?.1, in: mode),
      training: TrainingParameters(
        mode: mode, steps: Int(settings["steps"] ?? "10") ?? 10, gatherEvery: Int(settings["gather"] ?? "100") ?? 100,
        learningRate: LearningRate(initial: Double(settings["rate"] ?? "1") ?? 1),
        momentum: coefficient == 0 ? .none : Momentum(coefficient: coefficient, form: .dampened),
        gradientClip: settings["clip"].flatMap(Double.init), weightDecay: Double(settings["decay"] ?? "0") ?? 0),
      patience: Patience(
        graceMilliseconds: grace, startGraceMilliseconds: grace,
        delay: DelayBound(milliseconds: delta[0], floorMilliseconds: delta[delta.count - 1]),
        retainedSteps: Int(settings["retained"] ?? "3") ?? 3),
      rule: MinimumDiameterAveraging(), dimension: 1)
  }

  private static func mode(_ settings: [String: String]) -> TrainingMode {
    let batch = LipschitzBatch(rawValue: settings["batch"] ?? "own") ?? .own
    switch settings["pull"] {
    case "filtered": return .synchronous(.filtered(batch))
    case "certified": return .synchronous(.certified(batch))
    default: return .asynchronous
    }
  }

  private static func parse(event words: Words) throws -> Event {
    var words = words
    switch try words.next() {
    case "start": return .start
    case "gradient": return .gradient(step: try words.next { Int($0) }, draw: 0, try words.next(vector), loss: 0)
    case "reconnected": return .reconnected(try words.next { NodeID($0) })
    case "timer": return .timer(try timer(&words))
    case "done": return .received(.done, from: try words.sender())
    case "digest":
      let message = Message.digest(step: try words.next { Int($0) }, try words.next(digest))
      return .received(message, from: try words.sender())
    case "request":
      let message = Message.request(try words.next(kind), step: try words.next { Int($0) })
      return .received(message, from: try words.sender())
    case let name:
      guard let kind = kind(name) else { throw Malformed(line: words.line, reason: "no event '\(name)'") }
      let message = Message.vector(kind, step: try words.next { Int($0) }, try words.next(vector))
      return .received(message, from: try words.sender())
    }
  }

  private static func timer(_ words: inout Words) throws -> Timer {
    switch try words.next() {
    case "grace": .grace(try words.next(kind), step: try words.next { Int($0) })
    case "ask": .askAgain(try words.next(kind), step: try words.next { Int($0) })
    case "pull": .pull(step: try words.next { Int($0) }, attempt: try words.next { Int($0) })
    default: .linger
    }
  }

  private static func kind(_ name: String) -> VectorKind? { VectorKind.allCases.first { "\($0)" == name } }

  /// `of:5:[1]`, the digest of that model of step 5.
  private static func digest(_ text: String) -> ModelDigest? {
    let parts = text.split(separator: ":").map(String.init)
    guard parts.count == 3, parts[0] == "of", let step = Int(parts[1]), let model = vector(parts[2]) else { return nil }
    return ModelDigest(of: model, step: step, topologyDigest: [])
  }

  /// `[1]` or `[1,2]`.
  private static func vector(_ text: String) -> Vector? {
    let elements = text.dropFirst().dropLast().split(separator: ",").map { Float($0) }
    guard text.hasPrefix("["), text.hasSuffix("]"), !elements.contains(nil) else { return nil }
    return Vector(elements.compactMap { $0 })
  }
}

// MARK: - Writing

extension Transcript {
  static func describe(_ action: Action) -> String {
    switch action {
    case .send(let message, let receivers): "send \(describe(message)) to \(list(receivers))"
    case .computeGradient(let step, let draw, _, let parameters):
      "compute gradient \(step) draw \(draw) at \(parameters)"
    case .schedule(let timer, let milliseconds): "schedule \(describe(timer)) after \(milliseconds) ms"
    case .report(.updated(let step, let parameters, let contributors, let selected)):
      "reached \(step) with \(parameters), averaged \(list(selected)) of \(list(contributors))"
    case .report(.adopted(let step, let parameters, let contributors)):
      "adopted \(step) with \(parameters), the median of \(list(contributors))"
    case .report(.estimated(let step, _, let contributors, let source)):
      "estimated \(step) from \(list(contributors))" + (source == .median ? "" : ", \(source)")
    case .report(.refused(let step, let server, let refusal)): "refused model \(step) of \(server): \(refusal)"
    case .report(.forged(let step, _, _)): "forged \(step)"
    case .reject(let sender, let reason): "reject \(sender): \(reason)"
    case .diverge(let step): "diverge at \(step)"
    case .finish: "finish"
    case .crash: "crash"
    case .confide(let message, let sender): "confide \(describe(message)) of \(sender)"
    case .garble(let message, let receivers, _): "garble \(describe(message)) to \(list(receivers))"
    }
  }

  private static func describe(_ message: Message) -> String {
    switch message {
    case .vector(let kind, let step, let vector): "\(kind) \(step) \(vector)"
    case .request(let kind, let step): "request \(kind) \(step)"
    case .digest(let step, let digest): "digest \(step) \(digest)"
    case .done: "done"
    }
  }

  private static func describe(_ timer: Timer) -> String {
    switch timer {
    case .grace(let kind, let step): "grace \(kind) \(step)"
    case .askAgain(let kind, let step): "ask \(kind) \(step)"
    case .pull(let step, let attempt): "pull \(step) \(attempt)"
    case .linger: "linger"
    case .fault(let number): "fault \(number)"
    }
  }

  private static func list(_ nodes: [NodeID]) -> String {
    nodes.isEmpty ? "nobody" : nodes.map(\.description).joined(separator: " ")
  }
}
