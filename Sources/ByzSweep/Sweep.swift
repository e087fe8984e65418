import ByzRuntime
import ByzTopology
import Foundation

/// Makes the runs of a grid, each in a process of its own, and writes down what becomes of them.
///
/// A run that was finished before is not made again. The processes are the sweep's own: whatever becomes of it, none is
/// left.
public final class Sweep {
  private let grid: Grid
  private let kind: RunKind
  private let jobs: Int
  private let keepsNodes: Bool
  private let directory: SweepDirectory
  private let executable: String
  private let display: Display
  private let wake = DispatchSemaphore(value: 0)
  private var rows: [SweepRow]
  /// The runs to be made, in the order of the rows; several rows may have the same.
  private var waiting: ArraySlice<SweptRun>
  private var running: [(run: SweptRun, process: ChildProcess)] = []
  private var progress: SweepProgress

  /// - Parameters:
  ///   - combinations: those of `grid`.
  ///   - grid: what the axes are called, and which of them has the table's columns.
  ///   - kind: how runs are made.
  ///   - jobs: how many runs are made at once.
  ///   - keepsNodes: whether what the nodes of a run have written is kept.
  ///   - directory: where the sweep is written; results that are there are taken.
  ///   - executable: the program whose commands make a run.
  ///   - display: where progress is shown, and what goes wrong.
  /// - Throws: if the program's file cannot be read.
  public init(
    _ combinations: [Grid.Combination], of grid: Grid, as kind: RunKind, jobs: Int, keepsNodes: Bool,
    directory: SweepDirectory, executable: String, display: Display
  ) throws {
    self.grid = grid
    self.kind = kind
    self.jobs = jobs
    self.keepsNodes = keepsNodes
    self.directory = directory
    self.executable = executable
    self.display = display
    let program = try Self.digest(ofProgramAt: executable)
    rows = combinations.map { combination in
      var row = SweepRow(combination, as: kind, by: program)
      // A real run may have failed because the machine was busy; a simulated one would fail again.
      if let run = row.run, let summary = directory.result(of: run),
        kind == .simulated || summary.outcome != .failed
      {
        row.state = .ended(summary)
      }
      return row
    }
    var seen: Set<String> = []
    let runs = rows.compactMap { row in row.run.map { (run: $0, isOpen: row.summary == nil) } }
      .filter { seen.insert($0.run.id).inserted }
    waiting = runs.filter(\.isOpen).map(\.run)[...]
    progress = SweepProgress(total: runs.count, finishedBefore: runs.count - waiting.count, jobs: jobs)
  }

  /// The columns of `results.csv` besides the axes, whose names must be others.
  public static var columnNames: [String] { SweepRow.columns.map(\.name) }

  /// Makes all runs, writes the results after each, prints the table, and gives the exit status: that of a failure if a run
  /// failed or left nothing. One that diverged is a result.
  ///
  /// - Precondition: called on the main thread, whose end, too, would end the runs.
  public func run() throws -> Int32 {
    let interruption = Interruption { [wake] in wake.signal() }
    let childWatch = ChildProcess.watchEndings { [wake] in wake.signal() }
    defer {
      interruption.cancel()
      childWatch.cancel()
    }
    directory.clean()
    let refused = rows.count { $0.run == nil }
    if refused > 0 { display.show("\(refused) of \(rows.count) combinations are refused; results.csv says why") }
    let beyond = rows.count { $0.run?.topology.isBeyondBounds == true }
    if beyond > 0 {
      display.show(
        "warning: \(beyond) of \(rows.count) combinations have more faults than their topology declares; nothing is promised of "
          + "them, and results.csv says which they are")
    }
    if let former = progress.former { display.show(former) }
    try directory.write(rows, of: grid)
    do {
      try work(interruption)
    } catch {
      end(signal: SIGTERM)
      throw error
    }
    display.finish()
    if interruption.isRaised {
      end(signal: SIGTERM)
      // Some may have been at their end.
      try noteEndings(isInterrupted: true)
    }
    try StandardOutput.write(Data(text.utf8))
    return status(interruption)
  }

  /// Of the program and of what it loads from its own folder.
  private static func digest(ofProgramAt path: String) throws -> String {
    let program = try Data(contentsOf: URL(filePath: path))
    let shim = try? Data(contentsOf: URL(filePath: path).deletingLastPathComponent().appending(path: "libTorchShim.so"))
    return Topology.text(ofDigest: sha256(of: Array(program + (shim ?? Data()))))
  }

  private func work(_ interruption: Interruption) throws {
    while !interruption.isRaised {
      try startRuns()
      if running.isEmpty { return }
      display.show(progress: progress.line)
      _ = wake.wait(timeout: .now() + .milliseconds(Display.refreshMilliseconds))
      try noteEndings(isInterrupted: interruption.isRaised)
    }
  }

  private func startRuns() throws {
    while running.count < jobs, let run = waiting.popFirst() {
      try directory.prepare(run)
      let arguments = [
        executable, kind.command, directory.topology(of: run), "--run-directory", directory.runDirectory(of: run).path,
        "--quiet", "--launched-by", "\(getpid())",
      ]
      running.append((run, try ChildProcess("the run \(run.id)", arguments, errors: directory.log(of: run))))
    }
  }

  private func end(signal: Int32) {
    // A launcher gives its nodes five seconds.
    ChildProcess.end(running.map(\.process), signal: signal, patience: 15_000, wake: wake)
  }
}

// MARK: - What becomes of runs

extension Sweep {
  /// - Parameter isInterrupted: whether a run without a result is none of its own fault.
  private func noteEndings(isInterrupted: Bool) throws {
    for (_, process) in running { process.reap() }
    let ended = running.filter { !$0.process.isRunning }
    running.removeAll { !$0.process.isRunning }
    for (run, process) in ended {
      if let summary = try directory.takeOver(run, keepingNodes: keepsNodes) {
        try note(.ended(summary), of: run)
      } else if isInterrupted {
        directory.discard(run)
      } else {
        let log = directory.log(of: run)
        display.show(
          "\(text(of: run)): its process \(process.ending) without a result; the last lines of \(log):"
            + ChildProcess.lastLines(ofLog: log))
        try note(.lost("its process \(process.ending) without a result"), of: run)
      }
    }
  }

  private func note(_ state: SweepRow.State, of run: SweptRun) throws {
    for index in rows.indices where rows[index].run?.id == run.id { rows[index].state = state }
    try directory.write(rows, of: grid)
    guard let row = rows.first(where: { $0.run?.id == run.id }) else { return }
    progress.note("\(text(of: run)): \(row.result)")
    display.show(progress: progress.line, isNews: true)
  }

  private func text(of run: SweptRun) -> String {
    rows.first { $0.run?.id == run.id }.map { grid.text(of: $0.labels) } ?? run.id
  }

  private func status(_ interruption: Interruption) -> Int32 {
    let all = count { _ in true }
    let ended = count { $0.outcome != nil }
    if interruption.isRaised, ended < all {
      display.show("interrupted with \(ended) of \(all) runs finished; the same command goes on from there")
      return ExitStatus.interrupted
    }
    let failed = count { $0.outcome == Outcome.failed.rawValue }
    if failed > 0 {
      let isTriedAgain = kind == .processes || rows.contains { if case .lost = $0.state { true } else { false } }
      let again = isTriedAgain ? "; the same command tries them again" : ""
      display.show("\(failed) of \(all) runs failed; results.csv says why\(again)")
    }
    return failed > 0 ? ExitStatus.failed : ExitStatus.completed
  }

  /// How many runs have a row like that.
  private func count(where isCounted: (SweepRow) -> Bool) -> Int {
    Set(rows.filter(isCounted).compactMap { $0.run?.id }).count
  }

  /// Where the results are, and the table.
  private var text: String {
    """
    results: \(RunDirectory.shown(directory.results))
    table:   \(RunDirectory.shown(directory.table))

    \(SweepTable(rows, of: grid).text)
    """
  }
}

extension SweepRow {
  /// How it ended, and how well.
  fileprivate var result: String {
    guard let summary, summary.outcome == .completed else { return outcome ?? "open" }
    if let accuracy = summary.accuracy { return String(format: "accuracy %.4f", accuracy) }
    if let loss = summary.loss { return String(format: "loss %.4g", loss) }
    return summary.outcome.rawValue
  }
}
