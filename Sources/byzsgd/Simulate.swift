import ArgumentParser
import ByzProtocol
import ByzRuntime
import ByzSimulation
import ByzTopology
import Foundation

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a topology in one process under virtual time, or test many drawn ones.",
    discussion: """
      The machines of the real nodes run under a network, crashes and an adversary as the topology's section `simulation` \
      says; everything follows from the seed, and is replayed to the bit. What must never happen is checked after every \
      step. The summary is that of a real run, with a digest of everything that happened.

      With --swarm, scenarios are drawn from seeds, one each. One in which something goes wrong is shrunk and printed with \
      the command that replays it. Exit status: 0 if all went well, 1 if not, 64 for wrong usage, 130 after an interrupt.
      """)

  @Argument(
    help: "The topology, a YAML file; /dev/stdin for one that is typed in.",
    completion: .file(extensions: ["yaml", "yml"])
  )
  var topology: String?

  @OptionGroup var overrides: TopologyOverrides
  @OptionGroup var output: OutputOptions

  @Flag(help: "Print everything that happens, a line each, before the summary.")
  var trace = false

  @Option(help: ArgumentHelp("Test so many drawn scenarios instead of running a topology.", valueName: "scenarios"))
  var swarm: Int?

  @Flag(help: "With --swarm: draw synchronous scenarios, half of them with delays that stay below Delta.")
  var synchronous = false

  @Option(help: "The seed of the first scenario; the others follow. Default: the seconds of the clock.")
  var seed: Int?

  @Option(help: "The steps of every scenario. Default: 100, and in one of ten scenarios fewer.")
  var steps: Int?

  /// A mistake to plant, which the tests of the simulator have it find.
  @Option(help: .hidden)
  var plant: String?

  @OptionGroup var launcher: LauncherOption

  func run() throws {
    launcher.dieWithIt()
    try reporting {
      switch (topology, swarm) {
      case (let topology?, nil): return try simulate(topology)
      case (nil, let count?): return try test(count)
      default: throw UsageFailure(description: "simulate: give either a topology or --swarm SCENARIOS")
      }
    }
  }

  /// What is kept of so many takes a gigabyte in a run of a dozen nodes.
  private static let mostSteps = 1_000_000

  private func simulate(_ path: String) throws -> Int32 {
    let swarmOptions = [
      ("--seed", seed != nil), ("--steps", steps != nil), ("--plant", plant != nil), ("--synchronous", synchronous),
    ]
    for (option, isGiven) in swarmOptions where isGiven {
      throw UsageFailure(description: "\(option) goes with --swarm; a topology's fields are set with --set")
    }
    if trace && output.json { throw UsageFailure(description: "give either --trace or --json: both print") }
    let topology = try overrides.read(path)
    guard topology.training.steps <= Self.mostSteps else {
      throw UsageFailure(
        description:
          "\(path): training.steps: a simulated run has at most \(Self.mostSteps) steps, of each of which it keeps "
          + "what it checks, and not \(topology.training.steps)")
    }
    let directory = try output.openDirectory(for: topology)
    let display = Display(isQuiet: output.quiet || trace)
    for warning in topology.warnings { display.show("warning: \(warning)") }
    let run = try SimulatedRun(topology, directory: directory, display: display)
    let summary = try run.run(trace: trace ? { try Self.show($0) } : nil)
    if output.json { try summary.printJSON() } else { try summary.printText(directory: directory) }
    return ExitStatus.status(of: summary.outcome)
  }

  private static func show(_ occurrence: Occurrence) throws {
    try StandardOutput.write(Data("\(occurrence)\n".utf8))
  }

  private func test(_ count: Int) throws -> Int32 {
    if trace || output.runDirectory != nil || !overrides.isEmpty {
      throw UsageFailure(
        description: "--trace, --run-directory, --set and --fault go with a topology: replay a scenario to look at it")
    }
    guard count > 0, steps ?? 1 > 0, (0...1_000_000_000_000).contains(seed ?? 0) else {
      throw UsageFailure(description: "--swarm and --steps must be at least 1, --seed from 0 to 1000000000000")
    }
    let bug = try plant.map { name in
      guard let bug = PlantedBug(rawValue: name) else {
        throw UsageFailure(description: "--plant: must be one of \(PlantedBug.allCases.map(\.rawValue))")
      }
      return bug
    }
    let test = SwarmTest(
      synchronous ? .synchronous : .asynchronous, count: count, seed: UInt64(seed ?? Int(Date().timeIntervalSince1970)),
      steps: steps, planting: bug,
      display: Display(isQuiet: output.quiet))
    return try test.run(printingJSON: output.json)
  }
}
