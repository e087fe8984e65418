import Foundation
import Testing

@testable import ByzTopology

@Suite struct SyntaxTests {
  @Test(arguments: [
    ("", "mnist.yaml:1: there is nothing in the file; see the documentation for an example of a topology"),
    (
      "# only a comment\n",
      "mnist.yaml:1: there is nothing in the file; see the documentation for an example of a topology"
    ),
    ("---\n...\n", "mnist.yaml:1: there is nothing in the file; see the documentation for an example of a topology"),
    ("\n- a\n- b\n", "mnist.yaml:2: a topology is a mapping with keys such as name, model and training, not a list"),
    ("hello", "mnist.yaml:1: a topology is a mapping with keys such as name, model and training, not 'hello'"),
    ("a: 1\nb: [1\n", "mnist.yaml:2: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
    ("a: 1\nb: c: d\n", "mnist.yaml:2: not valid YAML: mapping values are not allowed in this context"),
    (
      "a: [1,\n`b: 2]\n",
      "mnist.yaml:2: not valid YAML: while scanning for the next token, found character that cannot start any token"
    ),
    ("a: 1\nb: 2\na: 3\n", "mnist.yaml:1: 'a' is given more than once in the same mapping, first here"),
    ("x:\n  a: 1\n  'a': 3\n", "mnist.yaml:2: 'a' is given more than once in the same mapping, first here"),
    (
      "a: 1\n---\nb: 2\n",
      "mnist.yaml:2: not valid YAML: expected a single document in the stream, but found another document"
    ),
    ("a: 1\nb: x\u{7}y\n", "mnist.yaml:2: the character U+0007 is not permitted"),
    ("a: 1\nb: &c 2\n", "mnist.yaml:2: anchors and aliases ('&name', '*name') are not permitted"),
    ("a: &c [1]\nb: *c\n", "mnist.yaml:1: anchors and aliases ('&name', '*name') are not permitted"),
    ("a: 1\nb: *c\n", "mnist.yaml:2: not valid YAML: found undefined alias"),
    ("a: !!str 1\nb: !mine 2\n", "mnist.yaml:2: tags ('!mine') are not permitted"),
    ("a: 1\n? [b]\n: 2\n", "mnist.yaml:2: a key must be a word, not a list"),
  ])
  func message(text: String, expected: String) {
    #expect(Examples.problems(text) == [expected])
  }

  /// Nine levels of nine aliases each stand for 387 million values; in a key, Yams would visit them all.
  @Test(.timeLimit(.minutes(1)), arguments: ["x: *l9", "*l9 : x", "? [*l9]\n: x", "? {*l9 : *l9}\n: x"])
  func aliasBomb(last: String) {
    var lines = ["l0: &l0 [a]"]
    for level in 1...9 {
      let references = Array(repeating: "*l\(level - 1)", count: 9).joined(separator: ", ")
      lines.append("l\(level): &l\(level) [\(references)]")
    }
    let found = Examples.problems((lines + [last]).joined(separator: "\n"))
    #expect(found == ["mnist.yaml:1: anchors and aliases ('&name', '*name') are not permitted"])
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["[", "{", "- ", "? ", "{a: ", "[{"], [40, 900, 200_000])
  func deepNesting(opening: String, depth: Int) {
    let problems = Examples.problems("a:\n  " + String(repeating: opening, count: depth))
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix("mnist.yaml:") == true)
  }

  @Test(arguments: [33, 400, 900])
  func deepButWellFormed(depth: Int) {
    let text = "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(Examples.problems(text) == ["mnist.yaml:1: nested more than 32 levels deep"])
    // As a key of a key of a key, where Yams compares whole trees.
    let keys = String(repeating: "{", count: depth) + "a" + String(repeating: "}", count: depth)
    #expect(Examples.problems(keys).count == 1)
  }
}

@Suite struct TopologyFileTests {
  /// A folder that exists while `body` runs.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("topology-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func problems(_ path: String) -> [String] {
    do {
      _ = try Topology(file: path)
      return []
    } catch {
      return error.problems
    }
  }

  @Test func readsAFile() throws {
    try withFolder { folder in
      let path = "\(folder)/first.yaml"
      try Examples.smallest.write(toFile: path, atomically: true, encoding: .utf8)
      let topology = try Topology(file: path, overriding: ["data.path=../data"], faults: ["worker-0=sign-flip"])
      #expect(topology.name == "first")
      let data = DataConfiguration(dataset: .mnist, path: TopologyFile.absolute("../data", in: folder))
      #expect(topology.model == .network(.logistic, data))
      #expect(topology.faults.count == 1)
    }
  }

  @Test func unreadableFiles() throws {
    try withFolder { folder in
      #expect(problems("\(folder)/x.yaml") == ["cannot read \(folder)/x.yaml: no such file"])
      #expect(problems(folder) == ["cannot read \(folder): it is a directory"])
      #expect(problems("") == ["cannot read : no such file"])
      #expect(problems("/dev/zero") == ["cannot read /dev/zero: larger than 1 MiB, which no topology needs"])
      #expect(problems("/dev/null").first?.hasPrefix("/dev/null:1: there is nothing in the file") == true)
      let latin = Data("a: 1\nb: caf".utf8) + [0xE9, 0x0A]
      try latin.write(to: URL(fileURLWithPath: "\(folder)/latin.yaml"))
      #expect(problems("\(folder)/latin.yaml") == ["\(folder)/latin.yaml:2: not UTF-8 text"])
    }
  }
}
