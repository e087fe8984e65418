import ArgumentParser
import ByzRuntime
import ByzTopology

/// Where a whole run goes, on disk and on the terminal.
struct OutputOptions: ParsableArguments {
  @Option(
    help: "Where the run is written; must be new or empty. Default: runs/NAME-TIME.", completion: .directory)
  var runDirectory: String?

  @Flag(help: "Show no progress.")
  var quiet = false

  @Flag(help: "Print the summary as JSON.")
  var json = false

  /// Prints `summary` and gives the exit status that says the same.
  func report(_ summary: RunSummary, _ directory: RunDirectory) throws -> Int32 {
    try summary.report(asJSON: json, directory)
  }

  /// The folder to write to.
  ///
  /// - Throws: `UsageFailure` if there is something in it.
  func openDirectory(for topology: Topology) throws -> RunDirectory {
    guard let runDirectory else { return RunDirectory(path: RunDirectory.unusedPath(for: topology.name)) }
    guard !runDirectory.isEmpty else { throw UsageFailure(description: "--run-directory is empty; name a new folder") }
    let path = RunDirectory.absolute(runDirectory)
    guard try RunDirectory.isUnused(path) else {
      throw UsageFailure(
        description: "--run-directory \(runDirectory): there is something in it already; name a new folder")
    }
    return RunDirectory(path: path)
  }
}

/// What ties a command to the process that started it as a part of something larger.
struct LauncherOption: ParsableArguments {
  /// Its process ID.
  @Option(help: .hidden)
  var launchedBy: Int32?

  /// From here on this process ends with the one that started it, if it said who it is.
  func dieWithIt() {
    if let launchedBy { dieWithParent(launchedBy) }
  }
}

extension RunSummary {
  /// Prints the summary and gives the exit status that says the same.
  func report(asJSON: Bool, _ directory: RunDirectory) throws -> Int32 {
    if asJSON { try printJSON() } else { try printText(directory: directory) }
    return ExitStatus.status(of: outcome)
  }
}
