import ArgumentParser
import ByzBenchmark
import ByzRuntime
import ByzTopology
import Foundation

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what a topology, or an aggregation rule, costs on this machine.",
    subcommands: [
      BenchParts.self, BenchStep.self, BenchLinks.self, BenchScaling.self, BenchAggregation.self, BenchResilience.self,
      BenchSearch.self,
    ],
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
      of its own. Then it runs in each mode that its bounds permit, with links as `launch` makes them, over TCP, and over TCP \
      protected by CURVE.
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

struct BenchLinks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "links",
    abstract: "Measure what protected links cost, and what is left of a run's speed while strangers attack it.",
    discussion: """
      The topology runs without its faults in real processes over TCP on this machine: with open links, with links protected \
      by CURVE, and with these while somebody without a key of the run connects to every server again and again: some say nothing and stay, some send random bytes or a byte now and then, announce a frame of 2 \
      GB, or speak ZeroMQ without a key or with one that nobody knows. What strangers compute is taken from the same machine.
      """)

  @OptionGroup var options: BenchTopology
  @OptionGroup var output: BenchOutput

  @Option(help: "How often everything is measured.")
  var runs = 3

  @Option(help: "How many connections strangers open in a second at each server.")
  var hostile = 300

  func run() throws {
    try reporting {
      guard (1...1000).contains(runs) else { throw UsageFailure(description: "--runs must be from 1 to 1000") }
      guard (15...10_000).contains(hostile) else {
        throw UsageFailure(description: "--hostile must be from 15 to 10000")
      }
      let benchmark = LinksBenchmark(
        try options.read(), runs: runs, hostileConnections: hostile, executable: try runningProgram())
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

  @Flag(help: "Print the figures as JSON; times are in seconds, sizes in bytes.")
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
