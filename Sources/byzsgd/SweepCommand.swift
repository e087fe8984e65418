import ArgumentParser
import ByzRuntime
import ByzSweep
import ByzTopology
import Foundation

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Run a topology with every combination of varied fields and faults.",
    discussion: """
      The grid, a YAML file, names a topology and the axes that vary. Every combination is checked before anything runs; one \
      whose numbers the protocol or its rule does not permit counts as refused. Each run is a process of its own. The \
      results are written to results.csv and table.md after every run, and the same command goes on where an earlier one \
      ended, for whatever reason: runs whose topology and program have not changed are not made again.

      Exit status: 0 if every run completed or its model diverged, which is a result; 1 if a run failed; 64 for wrong \
      usage, a wrong grid or a wrong topology; 130 after an interrupt.
      """)

  @Argument(help: "The grid, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var grid: String

  @OptionGroup var fields: FieldOverrides

  @Option(
    name: .customLong("only"), parsing: .singleValue,
    help: ArgumentHelp(
      "Restrict an axis to some of its values, as in training.aggregation=mda,median. Repeatable.",
      valueName: "axis=value,value"))
  var restrictions: [String] = []

  @Flag(help: "Make real runs, with a process for each node, instead of simulated ones.")
  var processes = false

  @Option(help: "How many runs are made at once. Default: one for every two processors; with --processes one.")
  var jobs: Int?

  @Option(help: "Where the sweep is written. Default: runs/NAME-sweep.", completion: .directory)
  var directory: String?

  @Flag(help: "Keep what the nodes of every run have written, not only the run's topology and summary.")
  var keep = false

  @Flag(help: "Show no progress.")
  var quiet = false

  func run() throws {
    try reporting {
      let (grid, combinations) = try read()
      let kind = processes ? RunKind.processes : .simulated
      let jobs = jobs ?? (processes ? 1 : max(1, ProcessInfo.processInfo.activeProcessorCount / 2))
      guard (1...1000).contains(jobs) else { throw UsageFailure(description: "--jobs must be from 1 to 1000") }
      let sweep = try Sweep(
        combinations, of: grid, as: kind, jobs: jobs, keepsNodes: keep, directory: try openDirectory(for: grid),
        executable: try runningProgram(), display: Display(isQuiet: quiet))
      return try sweep.run()
    }
  }

  private func read() throws -> (Grid, [Grid.Combination]) {
    do {
      let path = grid
      let grid = try Grid(file: path, overriding: fields.assignments, only: restrictions)
      if let name = grid.axes.map(\.name).first(where: Sweep.columnNames.contains) {
        throw UsageFailure(
          description: "\(path): axes.\(name): results.csv has a column of that name; call the axis something else")
      }
      let combinations = try grid.combinations()
      try checkNeeds(of: combinations.compactMap { try? $0.topology.get() })
      return (grid, combinations)
    } catch let error as TopologyError {
      throw UsageFailure(description: "\(error)")
    }
  }

  /// Checks that the data of all `topologies` are there, and the library of their models.
  private func checkNeeds(of topologies: [Topology]) throws {
    let files = Set(topologies.flatMap { $0.missingData(for: $0.quorums.nodeIDs) }).sorted()
    let library = topologies.lazy.compactMap(\.missingLibrary).first
    let missing =
      files.map { "\(grid): data.path: \($0) is missing, with .gz and without" } + [library].compactMap(\.self)
    guard missing.isEmpty else { throw UsageFailure(description: missing.joined(separator: "\n")) }
  }

  private func openDirectory(for grid: Grid) throws -> SweepDirectory {
    if directory?.isEmpty == true { throw UsageFailure(description: "--directory is empty; name a folder") }
    do {
      return try SweepDirectory(path: RunDirectory.absolute(directory ?? "runs/\(grid.name)-sweep"))
    } catch {
      throw UsageFailure(description: "\(error)")
    }
  }
}
