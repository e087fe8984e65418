import ByzNumerics
import Testing

@testable import ByzTopology

/// Damaged files: whatever the text, reading ends with a topology or with messages that say where.
@Suite struct MutationTests {
  private static let fragments = [
    "&a ", "*a", "!!int ", "{", "}", "[", "]", ": ", "- ", "\n", "\n  ", "\"", "'", "#", ",", "null", "-1", "1e999",
    ".nan",
    "9999999999999999999", "\u{FEFF}", "\u{85}", "\u{0}", "🦉", "\t", "|", ">", "---\n", "...\n", "? ", "%YAML 9.9\n",
    "<<: ",
    "nodes: [{id: server-0}]", "reversed:scale=", "=", "0x10", "\\", "\r", "{}", "[]", "byzantine: 3",
    "analytic: logistic, ", "noise: 0.5, ", "examples: 2, ",
  ]

  private func expectAnAnswer(to text: String, _ what: String) {
    do {
      let topology = try Topology(yaml: text, file: "mnist.yaml")
      #expect(throws: Never.self, "\(what)") { try Topology(yaml: topology.yaml, file: "mnist.yaml") }
    } catch {
      #expect(!error.problems.isEmpty, "\(what)")
      for line in error.problems {
        let place = line.split(separator: ":", maxSplits: 2).dropFirst().first
        #expect(line.hasPrefix("mnist.yaml:"), "\(what): \(line)")
        #expect(place.flatMap { Int($0) } ?? 0 >= 1, "\(what): \(line)")
        #expect(!line.contains("\n"), "\(what)")
      }
    }
  }

  @Test(arguments: [Examples.documented, Examples.listed, Examples.analytic])
  func truncated(text: String) {
    let scalars = Array(text.unicodeScalars)
    for length in 0..<scalars.count {
      expectAnAnswer(to: String(String.UnicodeScalarView(scalars[..<length])), "the first \(length) characters")
    }
  }

  @Test(arguments: [Examples.documented, Examples.listed, Examples.analytic])
  func mutated(text: String) {
    for seed in 0..<600 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed, path: [2])
      var scalars = Array(text.unicodeScalars)
      for _ in 0...generator.index(below: 3) { mutate(&scalars, &generator) }
      expectAnAnswer(to: String(String.UnicodeScalarView(scalars)), "seed \(seed)")
    }
  }

  private func mutate(_ scalars: inout [Unicode.Scalar], _ generator: inout SeededGenerator) {
    let start = generator.index(below: scalars.count)
    let end = min(scalars.count, start + generator.index(below: 12))
    switch generator.index(below: 4) {
    case 0: scalars.removeSubrange(start..<end)
    case 1: scalars.insert(contentsOf: scalars[start..<end], at: generator.index(below: scalars.count))
    default:
      let fragment = Self.fragments[generator.index(below: Self.fragments.count)]
      scalars.replaceSubrange(start..<(generator.index(below: 2) == 0 ? start : end), with: fragment.unicodeScalars)
    }
  }
}
