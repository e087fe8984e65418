import ArgumentParser
import ByzAggregation
import ByzBenchmark
import ByzRuntime
import ByzTopology
import Foundation

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what a topology, or an aggregation rule, costs on this machine.",
    subcommands: [BenchParts.self, BenchStep.self, BenchScaling.self, BenchAggregation.self, BenchResilience.self],
    defaultSubcommand: BenchParts.self)
}

struct BenchParts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parts",
    abstract: "Measure kernels, codec, links and a gradient beside the machine's own limits.",
    discussion: """
      Kernels stand beside copying what goes into them, links beside a bare libzmq loop that sends frames of the same size. \
      Each pair is measured in turn, so that other load meets both.
      """)

  @OptionGroup var options: BenchTopology
  @OptionGroup var output: BenchOutput

  @Option(help: "For how many seconds each part is measured.")
  var seconds = 1.0

  func run() throws {
    try reporting {
      guard seconds > 0, seconds <= 3600 else {
        throw UsageFailure(description: "--seconds must be above 0, up to 3600")
      }
      let benchmark = PartsBenchmark(try options.read(), seconds: seconds)
      return try output.measure(benchmark.run) { $0.text }
    }
  }
}

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Measure a whole step in real processes, beside the sum of its bytes and gradients.",
    discussion: """
      The topology runs without its faults, in turn with the same workers under one trusted server that averages, and both \
      over TCP as well: there the processor time of the costliest node is what defence costs where every node has a machine \
      of its own.
      """)

  @OptionGroup var options: BenchTopology
  @OptionGroup var output: BenchOutput

  @Option(help: "How often everything is measured.")
  var runs = 3

  func run() throws {
    try reporting {
      guard (1...1000).contains(runs) else { throw UsageFailure(description: "--runs must be from 1 to 1000") }
      let topology = try options.read()
      guard topology.training.steps > 1 else {
        throw UsageFailure(
          description: "training.steps: a step is measured from the first to the last; give at least 2")
      }
      let benchmark = StepBenchmark(topology, runs: runs, executable: try runningProgram())
      return try output.measure(benchmark.run) { $0.text }
    }
  }
}

struct BenchScaling: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scaling",
    abstract: "Measure how the cost of a step grows with workers, servers and parameters.",
    discussion: """
      Real processes on a problem whose gradient costs next to nothing: up to 40 workers, and up to 10 million parameters, \
      which takes about 12 GB of memory.
      """)

  @OptionGroup var output: BenchOutput

  func run() throws {
    try reporting {
      let benchmark = ScalingBenchmark(executable: try runningProgram())
      return try output.measure(benchmark.run) { $0.text }
    }
  }
}

struct BenchAggregation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregation",
    abstract: "Measure aggregation rules beside copying what they aggregate.",
    discussion: """
      Every rule, on vectors of normal deviates, with f the largest that the rule permits up to a third of n; with one \
      thread, and with as many as this machine has cores.
      """)

  @OptionGroup var output: BenchOutput

  @Option(
    name: .customLong("rule"), parsing: .singleValue,
    help: "A rule as training.aggregation takes it. Repeatable; all if left out.")
  var rules: [String] = []

  @Option(name: .customLong("inputs"), parsing: .singleValue, help: "n, how many vectors. Repeatable; 5, 7, 11, 15.")
  var counts: [Int] = []

  @Option(
    name: .customLong("dimension"), parsing: .singleValue,
    help: "d, how many elements a vector has. Repeatable; 79,510 and 1,000,000.")
  var dimensions: [Int] = []

  @Option(
    help: ArgumentHelp(
      "Vectors to aggregate instead, a NumPy file of shape (n, d); needs --byzantine.", valueName: "file.npy"),
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
      let rules = try rules.isEmpty ? AggregationBenchmark.standardRules : rules.map(aggregationRule)
      let settings = try vectors.map { try read($0, rules) } ?? drawn(rules)
      let benchmark = AggregationBenchmark(seconds: seconds)
      return try output.measure({ try benchmark.run(settings, showing: $0, unless: $1) }) { $0.text }
    }
  }

  private func drawn(_ rules: [any AggregationRule]) throws -> [() -> AggregationBenchmark.Setting] {
    let counts = counts.isEmpty ? [5, 7, 11, 15] : counts
    let dimensions = dimensions.isEmpty ? [79_510, 1_000_000] : dimensions
    guard counts.allSatisfy({ (1...1000).contains($0) }), dimensions.allSatisfy({ (1...100_000_000).contains($0) })
    else {
      throw UsageFailure(description: "--inputs must be from 1 to 1000, --dimension from 1 to 100000000")
    }
    return AggregationBenchmark.drawn(rules, inputs: counts, dimensions: dimensions)
  }

  private func read(_ path: String, _ rules: [any AggregationRule]) throws -> [() -> AggregationBenchmark.Setting] {
    guard let byzantine else { throw UsageFailure(description: "--vectors needs --byzantine, f") }
    let inputs = try finiteCases(of: readVectors(path), in: path)[0]
    for rule in rules {
      if let violation = rule.violation(inputs: inputs.count, tolerating: byzantine) {
        throw UsageFailure(description: violation)
      }
    }
    return rules.map { rule in { AggregationBenchmark.Setting(rule, of: inputs, tolerating: byzantine) } }
  }
}

struct BenchResilience: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resilience",
    abstract: "Look for vectors that break what is proven of aggregation rules.",
    discussion: """
      Draws honest and Byzantine vectors, with f the largest that a rule permits, and climbs from the worst that were found. \
      Prints the coefficients lambda and kappa that they made necessary beside those that are proven. Exit status 1 if \
      something proven does not hold.
      """)

  @OptionGroup var output: BenchOutput

  @Option(
    name: .customLong("rule"), parsing: .singleValue,
    help: "A rule as training.aggregation takes it. Repeatable; all if left out.")
  var rules: [String] = []

  @Option(name: .customLong("inputs"), parsing: .singleValue, help: "n, how many vectors. Repeatable; 7 and 11.")
  var counts: [Int] = []

  @Option(
    name: .customLong("dimension"), parsing: .singleValue,
    help: "d, how many elements a vector has. Repeatable; 1 and 3.")
  var dimensions: [Int] = []

  @Option(help: "How many choices of all vectors each search tries.")
  var choices = 100_000

  func run() throws {
    try reporting {
      let rules = try rules.isEmpty ? AggregationBenchmark.standardRules : rules.map(aggregationRule)
      let (counts, dimensions) = (counts.isEmpty ? [7, 11] : counts, dimensions.isEmpty ? [1, 3] : dimensions)
      guard counts.allSatisfy({ (1...100).contains($0) }), dimensions.allSatisfy({ (1...1000).contains($0) }),
        choices > 0
      else {
        throw UsageFailure(
          description: "--inputs must be from 1 to 100, --dimension from 1 to 1000, --choices at least 1")
      }
      let benchmark = ResilienceBenchmark(rules, choices: choices)
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

/// A topology to measure, without its faults: what they cost is not what is asked.
struct BenchTopology: ParsableArguments {
  @Argument(help: "The topology, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var topology: String

  @OptionGroup var fields: FieldOverrides

  func read() throws -> Topology { try readTopology(topology, overriding: ["faults={}"] + fields.assignments) }
}

/// Where the figures go.
struct BenchOutput: ParsableArguments {
  @Flag(help: "Show no progress.")
  var quiet = false

  @Flag(help: "Print the figures as JSON, in seconds and bytes.")
  var json = false

  /// Measures, and prints what came out.
  func measure<Report: Encodable>(
    _ run: (ProgressBar, @escaping () -> Bool) throws -> Report, text: (Report) -> String
  ) throws -> Int32 {
    let interruption = Interruption()
    defer { interruption.cancel() }
    do {
      let report = try run(ProgressBar(on: Display(isQuiet: quiet))) { interruption.isRaised }
      try StandardOutput.write(json ? JSON.text(of: report) : Data("\(text(report))\n".utf8))
      return ExitStatus.completed
    } catch is Interrupted {
      return ExitStatus.interrupted
    }
  }
}
