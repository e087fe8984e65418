import ArgumentParser
import ByzAggregation
import ByzBenchmark
import ByzRuntime
import ByzTopology

struct BenchAggregation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregation",
    abstract: "Measure aggregation rules beside copying what they aggregate.",
    discussion: """
      Every rule, and the trimmed mean behind every pre-aggregation, on 5, 7, 11 and 15 vectors of 79,510 and of 1,000,000 \
      normal deviates, unless something else is given, with f the largest that the rule permits up to a third of n; with \
      one thread, and with as many as this machine has cores.
      """)

  @OptionGroup var subjects: BenchSubjects
  @OptionGroup var output: BenchOutput

  @Option(
    help: ArgumentHelp(
      "Vectors to aggregate instead, a NumPy file of shape (n, d), or (cases, n, d) for the first case; needs --byzantine.",
      valueName: "file.npy"),
    completion: .file(extensions: ["npy"]))
  var vectors: String?

  @Option(help: "f, how many of the vectors in the file may be Byzantine.")
  var byzantine: Int?

  @Option(help: "For how many seconds each row is measured.")
  var seconds = 0.3

  func run() throws {
    try reporting {
      guard seconds > 0, seconds <= 3600 else {
        throw UsageFailure(description: "--seconds must be above 0, up to 3600")
      }
      guard vectors != nil || byzantine == nil else {
        throw UsageFailure(
          description: "--byzantine is of --vectors; of drawn vectors f is the largest that a rule permits")
      }
      let rules = try subjects.chosenRules()
      let settings =
        if let vectors { try read(vectors, rules) } else {
          AggregationBenchmark.drawn(
            rules, inputs: try subjects.counts(standard: [5, 7, 11, 15], atMost: 1000),
            dimensions: try subjects.dimensions(standard: [79_510, 1_000_000], atMost: 100_000_000))
        }
      let benchmark = AggregationBenchmark(seconds: seconds)
      return try output.measure({ try benchmark.run(settings, showing: $0, unless: $1) }) { $0.text }
    }
  }

  private func read(_ path: String, _ rules: [any AggregationRule]) throws -> [() -> AggregationBenchmark.Setting] {
    guard let byzantine else { throw UsageFailure(description: "--vectors needs --byzantine, f") }
    guard subjects.counts.isEmpty, subjects.dimensions.isEmpty else {
      throw UsageFailure(description: "--inputs and --dimension are of drawn vectors; --vectors has its own")
    }
    let inputs = try finiteCases(of: readVectors(path), in: path)[0]
    for rule in rules where !subjects.rules.isEmpty {
      if let violation = rule.violation(inputs: inputs.count, tolerating: byzantine) {
        throw UsageFailure(description: violation)
      }
    }
    let permitted = rules.filter { $0.violation(inputs: inputs.count, tolerating: byzantine) == nil }
    return permitted.map { rule in { AggregationBenchmark.Setting(rule, of: inputs, tolerating: byzantine) } }
  }
}

struct BenchResilience: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resilience",
    abstract: "Look for vectors that break what is proven of aggregation rules.",
    discussion: """
      Draws honest and Byzantine vectors, with f the largest that a rule permits, and climbs from the worst that were found. \
      Prints the coefficients lambda and kappa that they made necessary beside those that are proven: of every rule, and of \
      the trimmed mean behind every pre-aggregation, for 7 and 11 vectors of 1 and of 3 elements, unless something else is \
      given. Exit status 1 if something proven does not hold.
      """)

  @OptionGroup var subjects: BenchSubjects
  @OptionGroup var output: BenchOutput

  @Option(help: "How many choices of all vectors each search tries.")
  var choices = 100_000

  func run() throws {
    try reporting {
      guard choices > 0 else { throw UsageFailure(description: "--choices must be at least 1") }
      let benchmark = ResilienceBenchmark(try subjects.chosenRules(), choices: choices)
      let counts = try subjects.counts(standard: [7, 11], atMost: 100)
      let dimensions = try subjects.dimensions(standard: [1, 3], atMost: 1000)
      var isBroken = false
      let status = try output.measure({
        let report = try benchmark.run(inputs: counts, dimensions: dimensions, showing: $0, unless: $1)
        isBroken = report.isBroken
        return report
      }) { $0.text }
      return isBroken ? ExitStatus.failed : status
    }
  }
}

struct BenchSearch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Measure the exact search of mda where it is slow.",
    discussion: """
      Byzantine workers choose their vectors, and may choose them such that it takes long to find which n - f lie closest \
      together. Draws graphs of the kind that was found to be slow, as points further and less far apart, and prints how \
      long the search takes among them.
      """)

  @OptionGroup var output: BenchOutput

  @Option(help: "n, how many points.")
  var inputs = 100

  @Option(help: "f, how many of them may be Byzantine.")
  var byzantine = 33

  @Option(help: "How many graphs of each degree.")
  var graphs = 300

  func run() throws {
    try reporting {
      guard (3...1000).contains(inputs), byzantine >= 1, 2 * byzantine < inputs, (1...1_000_000).contains(graphs) else {
        throw UsageFailure(
          description:
            "--inputs must be from 3 to 1000, --byzantine from 1 to less than half of that, --graphs at least 1")
      }
      let benchmark = SearchBenchmark(inputs: inputs, tolerating: byzantine, graphs: graphs)
      return try output.measure(benchmark.run) { $0.text }
    }
  }
}

/// Which rules a benchmark is about, and what they aggregate.
struct BenchSubjects: ParsableArguments {
  @Option(
    name: .customLong("rule"), parsing: .singleValue, help: "A rule as training.aggregation takes it. Repeatable.")
  var rules: [String] = []

  @Option(name: .customLong("inputs"), parsing: .singleValue, help: "n, how many vectors. Repeatable.")
  var counts: [Int] = []

  @Option(
    name: .customLong("dimension"), parsing: .singleValue, help: "d, how many elements a vector has. Repeatable.")
  var dimensions: [Int] = []

  /// The rules that were given, or all.
  func chosenRules() throws -> [any AggregationRule] {
    try rules.isEmpty ? AggregationBenchmark.standardRules : rules.map(aggregationRule)
  }

  func counts(standard: [Int], atMost limit: Int) throws -> [Int] {
    try checked(counts.isEmpty ? standard : counts, atMost: limit, option: "--inputs")
  }

  func dimensions(standard: [Int], atMost limit: Int) throws -> [Int] {
    try checked(dimensions.isEmpty ? standard : dimensions, atMost: limit, option: "--dimension")
  }

  private func checked(_ numbers: [Int], atMost limit: Int, option: String) throws -> [Int] {
    guard numbers.allSatisfy({ (1...limit).contains($0) }) else {
      throw UsageFailure(description: "\(option) must be from 1 to \(limit)")
    }
    return numbers
  }
}
