import ByzRuntime
import ByzTopology
import Foundation

/// Where a sweep writes what, while it is the only one to write there: `results.csv`, `table.md`, and for each finished run a
/// folder in `runs`.
///
/// A run is made in the folder `running` and moved when it is finished, so what lies in `runs` is complete.
public final class SweepDirectory {
  /// What keeps a sweep from being written, and where.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public let path: String
  /// The open file whose lock says that a sweep is under way here.
  private let lock: Int32

  /// Makes the folder at `path`, from the root on, unless a sweep has made it.
  public init(path: String) throws(Failure) {
    self.path = path
    func failure(_ reason: String) -> Failure {
      Failure(description: "cannot write the sweep's folder \(path): \(reason); name one with --directory")
    }
    if let reason = makeFolders(path) { throw failure(reason) }
    let contents: [String]
    do {
      contents = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw failure("it cannot be read as a folder")
    }
    guard contents.isEmpty || contents.contains(Self.lockName) else {
      throw failure("there is something in it already, and it is no sweep's")
    }
    // Children must not inherit it: a lock lasts as long as any process has the file open.
    lock = open("\(path)/\(Self.lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard lock >= 0 else { throw failure(String(cString: strerror(errno))) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw failure("another sweep is under way there") }
  }

  /// Also where `init` has thrown.
  deinit { if lock >= 0 { close(lock) } }

  private static let lockName = ".sweep"

  public var results: String { "\(path)/results.csv" }
  public var table: String { "\(path)/table.md" }

  /// The folder of a finished run.
  private func finished(_ run: SweptRun) -> RunDirectory { RunDirectory(path: "\(path)/runs/\(run.id)") }

  private func workplace(of run: SweptRun) -> String { "\(path)/running/\(run.id)" }

  /// The topology that a run is started with.
  func topology(of run: SweptRun) -> String { "\(workplace(of: run))/topology.yaml" }

  /// What a run's process says.
  func log(of run: SweptRun) -> String { "\(workplace(of: run))/log.txt" }

  /// Where a run is made.
  func runDirectory(of run: SweptRun) -> RunDirectory { RunDirectory(path: "\(workplace(of: run))/run") }
}

extension SweepDirectory {
  /// The result of a run that was finished before; nil if it was not.
  func result(of run: SweptRun) -> RunSummary? { Self.readSummary(in: finished(run)) }

  /// The summary of a run that went to its end, whatever it was.
  private static func readSummary(in directory: RunDirectory) -> RunSummary? {
    guard let data = FileManager.default.contents(atPath: directory.summary),
      let summary = try? JSON.value(RunSummary.self, in: data), summary.outcome != .interrupted
    else { return nil }
    return summary
  }

  /// Removes what an earlier sweep has left of runs that it did not finish.
  func clean() { try? FileManager.default.removeItem(atPath: "\(path)/running") }

  /// Makes an empty place for a run, with its topology.
  func prepare(_ run: SweptRun) throws {
    discard(run)
    if let reason = makeFolders(workplace(of: run)) {
      throw Failure(description: "cannot make the folder \(workplace(of: run)): \(reason)")
    }
    try Data(run.topology.yaml.utf8).write(to: URL(filePath: topology(of: run)))
  }

  /// Puts a run that has ended where finished ones are, without its nodes' folders unless they are to be kept.
  ///
  /// - Returns: its summary; nil if there is none, and then its place stays as it is.
  func takeOver(_ run: SweptRun, keepingNodes: Bool) throws -> RunSummary? {
    let made = runDirectory(of: run)
    guard let summary = Self.readSummary(in: made) else { return nil }
    let files = FileManager.default
    // Without the nodes' addresses, which lay in a folder that is no more.
    try Data(run.topology.yaml.utf8).write(to: URL(filePath: made.topology))
    if !keepingNodes { try? files.removeItem(atPath: "\(made.path)/nodes") }
    try files.createDirectory(atPath: "\(path)/runs", withIntermediateDirectories: true)
    // One that nobody could read may be in the way.
    try? files.removeItem(atPath: finished(run).path)
    try files.moveItem(atPath: made.path, toPath: finished(run).path)
    discard(run)
    return summary
  }

  /// Removes what there is of a run that is not finished.
  func discard(_ run: SweptRun) {
    try? FileManager.default.removeItem(atPath: workplace(of: run))
    // Where nothing else is in it.
    rmdir("\(path)/running")
  }

  /// Writes the results, each file whole or not at all.
  func write(_ rows: [SweepRow], of grid: Grid) throws {
    try Data(SweepRow.csv(rows, of: grid).utf8).write(to: URL(filePath: results), options: .atomic)
    try Data(SweepTable(rows, of: grid).text.utf8).write(to: URL(filePath: table), options: .atomic)
  }
}
