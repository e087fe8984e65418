import ByzKeys
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzTopology

/// Public keys are written into a topology's text, and nothing else of it changes.
@Suite struct TopologyDraftTests {
  private static let key = PublicKey(bytes: [UInt8](repeating: 7, count: 32))!

  private static func text(_ servers: String, workers: String = "[{id: worker-0}]") -> String {
    "model: {analytic: quadratic}\nservers:\n  nodes:\(servers)\nworkers:\n  nodes: \(workers)\n"
  }

  private static func problems(_ text: String, _ id: NodeID = .server(0)) -> [String] {
    do {
      _ = try TopologyDraft(yaml: text, file: "t.yaml").inserting([id: key])
      return []
    } catch {
      return error.problems
    }
  }

  @Test(arguments: 0..<400) func drawnTopologies(seed: Int) throws {
    var drawing = DraftDrawing(seed: UInt64(seed))
    let (before, after, keys) = drawing.topology()
    let draft = try TopologyDraft(yaml: before, file: "t.yaml")
    let result = try draft.inserting(keys)
    #expect(result.unicodeScalars.elementsEqual(after.unicodeScalars), "got\n\(result)\nexpected\n\(after)")
    let topology = try Topology(yaml: result, file: "t.yaml")
    #expect(topology.security == .curve && topology.publicKeys.merging(keys) { $1 } == topology.publicKeys)
    // A second time there is nothing to do.
    #expect(try TopologyDraft(yaml: result, file: "t.yaml").inserting([:]) == result)
  }

  /// An id that begins in the middle of a line after characters of several bytes, and a list in one line.
  @Test func columnsAreCharacters() throws {
    let before = Self.text(" [{data: \"/ä/𝄞\", id: server-0, address: \"tcp://h:1\"}]")
      .replacing("{analytic: quadratic}", with: "{architecture: mlp}\ndata: {dataset: mnist, path: /d}")
    let result = try TopologyDraft(yaml: before, file: "t.yaml").inserting([.server(0): Self.key])
    #expect(result == before.replacing("id: server-0", with: "id: server-0, public_key: \"\(Self.key)\""))
  }

  @Test func countsAreRefused() {
    let counted = "model: {analytic: quadratic}\nservers: {count: 2}\nworkers: {nodes: [{id: worker-0}]}\n"
    #expect(
      Self.problems(counted) == [
        "t.yaml:2: servers: only nodes that are listed, with their addresses, can have keys; byzsgd init writes such a "
          + "topology"
      ])
    let half = Self.text(" [{id: server-0, address: \"tcp://h:1\"}]").replacing(
      "nodes: [{id: worker-0}]", with: "count: 1")
    #expect(Self.problems(half).first?.hasPrefix("t.yaml:4: workers: only nodes that are listed") == true)
  }

  /// What cannot be written into is refused, and never written into wrongly.
  @Test(arguments: [
    ("\n    - {id: !!str server-0, address: \"tcp://h:1\"}", "t.yaml:4: cannot write behind the id of this node"),
    ("\n    - id: |-\n        server-0\n      address: \"tcp://h:1\"", "t.yaml:4: cannot write behind the id"),
    ("\n    - {id: \"\\x73erver-0\", address: \"tcp://h:1\"}", "t.yaml:4: cannot write behind the id of this node"),
    ("\n    - ? id\n      : server-0\n      address: \"tcp://h:1\"", "t.yaml:1: cannot write keys into its lists"),
    ("\n    - {id: server-0, address: \"tcp://h:1\", public_key: ~}", "t.yaml:4: public_key is empty; take it out"),
    ("\n    - id: server-0\n      public_key:\n      address: \"tcp://h:1\"", "t.yaml:5: public_key is empty"),
  ])
  func awkwardEntries(servers: String, message: String) {
    let problems = Self.problems(Self.text(servers))
    #expect(problems.count == 1 && problems[0].hasPrefix(message), "\(problems)")
  }

  @Test func otherMistakesAreThoseOfATopology() {
    #expect(
      Self.problems(Self.text(" [{id: server-0, adress: \"tcp://h:1\"}]")).contains {
        $0.contains("adress: unknown key; did you mean 'address'?")
      })
    #expect(Self.problems("").first?.hasPrefix("t.yaml:1: there is nothing in the file") == true)
  }
}

/// Draws topologies whose nodes lack keys, together with what they read when they have them.
private struct DraftDrawing {
  private var generator: SeededGenerator
  private var keys: [NodeID: PublicKey] = [:]

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &generator)]
  }

  private mutating func key() -> PublicKey {
    PublicKey(bytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })!
  }

  mutating func topology() -> (before: String, after: String, keys: [NodeID: PublicKey]) {
    let head = "model: {analytic: quadratic}  # \u{1D11E} é, {id: server-0}\n"
    let (servers, workers) = (nodes(.server, 1 + pick([0, 1, 4])), nodes(.worker, 1 + pick([0, 2, 6])))
    let (lineBreak, mark) = (pick(["\n", "\n", "\r\n", "\r", "\u{2028}"]), pick(["", "", "\u{FEFF}"]))
    let end = pick(["\n", "\n\n# id: worker-0\n", ""])
    let texts = [servers.before + workers.before, servers.after + workers.after].map { body in
      mark + (head + body.dropLast() + end).replacing("\n", with: lineBreak)
    }
    return (texts[0], texts[1], keys)
  }

  private mutating func nodes(_ role: Role, _ count: Int) -> (before: String, after: String) {
    let indentation = String(repeating: " ", count: pick([0, 2, 5]))
    var (before, after) = ("\(role.rawValue)s:\n  nodes:\n", "\(role.rawValue)s:\n  nodes:\n")
    for index in (0..<count).shuffled(using: &generator) {
      let (old, new) = entry(NodeID(role, index), "  \(indentation)")
      before += old
      after += new
    }
    return (before, after)
  }

  private mutating func entry(_ id: NodeID, _ indentation: String) -> (before: String, after: String) {
    let name = pick(["\(id)", "\"\(id)\"", "'\(id)'"])
    let place = pick([[], ["host: h-\(id.index)"], ["host: \"ada@h\""]])
    let address = id.role == .server ? ["address: \"tcp://h:\(7000 + id.index)\""] : []
    let hasKey = pick([true, false, false])
    let key = key()
    let own = "public_key: \"\(key)\""
    if !hasKey { keys[id] = key }
    var others = (place + address + (hasKey ? [own] : [])).shuffled(using: &generator)
    let position = Int.random(in: 0...others.count, using: &generator)
    let idField = pick(["id: ", "\"id\": ", "id:   "]) + name
    others.insert(idField, at: position)
    var withKey = others
    if !hasKey { withKey.insert(own, at: position + 1) }
    if pick([true, false]) {
      let (open, close) = (pick(["{", "{ "]), pick(["}", " }", "}  # \u{1D11E} id: server-9"]))
      let separator = pick([", ", " , "])
      // The separator before what is inserted is ours.
      let texts = [others.joined(separator: separator), others.joined(separator: separator)]
      let after = hasKey ? texts[1] : texts[1].replacing(idField, with: "\(idField), \(own)", maxReplacements: 1)
      return ("\(indentation)- \(open)\(texts[0])\(close)\n", "\(indentation)- \(open)\(after)\(close)\n")
    }
    let dash = pick(["- ", "-   ", "-\n\(indentation)  "])
    let inner = indentation + (dash.hasSuffix("  ") && !dash.contains("\n") ? "    " : "  ")
    let comment = pick(["", "  # é: it's {odd}, \"quoted\""])
    func block(_ fields: [String]) -> String {
      let lines = fields.map { $0 == idField ? $0 + comment : $0 }
      return indentation + dash + lines.joined(separator: "\n\(inner)") + "\n"
    }
    return (block(others), block(withKey))
  }
}
