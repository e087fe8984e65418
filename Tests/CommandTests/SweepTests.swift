import ByzRuntime
import Foundation
import Testing

/// Sweeps over small grids, as users start them.
@Suite(.serialized) struct SweepTests {
  let folder: TemporaryFolder
  /// Where sweeps are written unless a test says otherwise.
  let directory: String

  private let example = "\(Program.root)/topologies/grids/quadratic.yaml"
  private let quadratic = "\(Program.root)/topologies/quadratic.yaml"

  init() throws {
    folder = try TemporaryFolder()
    directory = "\(folder.path)/sweep"
  }

  // MARK: - Parts of tests

  /// Writes a grid over the quadratic problem with these axes and gives its path.
  private func grid(_ axes: String) throws -> String {
    try folder.write("topology: \(quadratic)\naxes: \(axes)\n", to: "grid.yaml")
  }

  private func sweep(_ grid: String, in directory: String? = nil, _ options: String...) throws -> Program.Result {
    try Running(["sweep", grid, "--directory", directory ?? self.directory] + options).wait()
  }

  private func results(in directory: String? = nil) throws -> String {
    try String(contentsOfFile: "\(directory ?? self.directory)/results.csv", encoding: .utf8)
  }

  private func contents(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  /// When the finished runs were written, by their names.
  private func times() throws -> [String: Date] {
    let names = try contents("\(directory)/runs")
    return Dictionary(
      uniqueKeysWithValues: try names.map { name in
        let path = "\(directory)/runs/\(name)/summary.json"
        return (name, try #require(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date))
      })
  }

  /// The only run that is being made.
  private func runUnderWay() throws -> RunFiles {
    let names = try contents("\(directory)/running")
    #expect(names.count == 1)
    return RunFiles(path: "\(directory)/running/\(try #require(names.first))/run")
  }

  /// Waits until the file at `path`, which need not exist yet, has a line; at most 20 seconds.
  private func waitForLine(in path: String) throws -> Bool {
    let watch = Process()
    watch.executableURL = URL(filePath: "/bin/sh")
    watch.arguments = ["-c", "timeout 20 tail -n +1 -F '\(path)' 2>/dev/null | grep -q -m 1 ."]
    try watch.run()
    watch.waitUntilExit()
    return watch.terminationStatus == 0
  }

  /// The process that started the process `pid`.
  private func parent(of pid: pid_t) throws -> pid_t {
    let lines = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("PPid:") })
    return try #require(line.split(separator: "\t").last.flatMap { pid_t($0) })
  }

  /// The process that `parent` has started and that still runs.
  private func child(of parent: pid_t) throws -> pid_t {
    let processes = try contents("/proc").compactMap { pid_t($0) }
    return try #require(processes.first { (try? self.parent(of: $0)) == parent })
  }

  // MARK: - Results

  @Test func theExample() throws {
    let first = try sweep(example, "--only", "momentum=worker")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.errors.contains("18 of 18 runs, "))
    let csv = try results()
    let lines = csv.split(separator: "\n").map(String.init)
    #expect(lines.count == 1 + 24)
    #expect(
      lines[0].hasPrefix("training.aggregation,\"faults.worker-5, faults.worker-6\",momentum,seed,made,case,outcome,"))
    #expect(lines[1].hasPrefix("mda,none,worker,1,") && lines[2].hasPrefix("mda,none,worker,2,"))
    for line in lines where line.hasPrefix("bulyan") {
      #expect(
        line.contains(",,refused,\"with 5 momentums (q_w) of which 2 may be Byzantine (f_w), bulyan needs n >= 4f + 3"))
    }
    // With the usual grace everybody is admitted; MDA averages no reversed momentum.
    for line in lines where line.contains("mda,reversed") {
      #expect(line.contains(",completed,,100,,") && line.hasSuffix(",1.0,0.0,1.0,,,no"), "\(line)")
    }
    let table = try String(contentsOfFile: "\(directory)/table.md", encoding: .utf8)
    #expect(first.output == "results: \(directory)/results.csv\ntable:   \(directory)/table.md\n\n\(table)")
    #expect(table.hasPrefix("quadratic (simulated): loss, the mean over 2 seeds (and the largest), by aggregation\n\n"))
    let row = try #require(table.split(separator: "\n").first { $0.contains("| reversed") })
    #expect(row.contains("| refused |") && row.contains("e+"), "average does not withstand it: \(row)")
    for name in try contents("\(directory)/runs") {
      #expect(try contents("\(directory)/runs/\(name)") == ["summary.json", "topology.yaml"])
    }
    #expect(try contents(directory) == [".sweep", "results.csv", "runs", "table.md"])

    let times = try times()
    let again = try sweep(example, "--only", "momentum=worker")
    #expect(again.status == 0 && again.output == first.output)
    #expect(
      again.errors == "6 of 24 combinations are refused; results.csv says why\n"
        + "18 of 18 runs were finished before; nothing is run anew\n")
    #expect(try results() == csv && self.times() == times)
  }

  @Test func anEditedGridRunsOnlyWhatIsNew() throws {
    let first = try sweep(try grid("{training.steps: [10, 20], seed: [1, 2]}"))
    #expect(first.status == 0, "\(first.errors)")
    let times = try times()
    #expect(times.count == 4)
    let edited = try sweep(try grid("{training.steps: [5, 20, 10], seed: [2, 1]}"), "--quiet")
    #expect(edited.status == 0 && edited.errors == "4 of 6 runs were finished before\n")
    #expect(try self.times().filter { times[$0.key] != nil } == times && self.times().count == 6)
    let labels = try results().split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").prefix(2).joined(separator: " ")
    }
    #expect(labels == ["5 2", "5 1", "20 2", "20 1", "10 2", "10 1"])
    // What a run depends on is in its name: other settings have other results.
    let other = try sweep(try grid("{training.steps: [20]}"), "--set", "training.batch=8")
    #expect(other.status == 0 && !other.errors.contains("finished before"))
  }

  @Test func anInterruptedSweepGoesOn() throws {
    let path = try grid("{training.steps: [10, 1000, 1001, 1002]}")
    let running = try Running(["sweep", path, "--directory", directory, "--jobs", "1"])
    #expect(running.waits(for: "1 of 4 runs"))
    running.process.interrupt()
    let interrupted = try running.wait()
    #expect(interrupted.status == 130)
    #expect(interrupted.errors.contains(" of 4 runs finished; the same command goes on from there"))
    #expect(interrupted.output.contains("| unfinished |"))
    #expect(try results().contains("10,") && !results().contains("1002,"))
    #expect(try contents(directory) == [".sweep", "results.csv", "runs", "table.md"])

    let resumed = try sweep(path)
    #expect(resumed.status == 0 && resumed.errors.contains(" of 4 runs were finished before\n"))
    let uninterrupted = try sweep(path, in: "\(folder.path)/other")
    #expect(uninterrupted.status == 0 && !uninterrupted.errors.contains("finished before"))
    #expect(try results() == results(in: "\(folder.path)/other"))
  }

  // MARK: - Processes

  @Test func realProcesses() throws {
    let path = try grid("{training.steps: [10, 11]}")
    let result = try sweep(path, "--processes", "--keep")
    #expect(result.status == 0, "\(result.errors)")
    let lines = try results().split(separator: "\n").dropFirst()
    #expect(lines.count == 2 && lines.allSatisfy { $0.contains(",completed,,1") })
    for name in try contents("\(directory)/runs") {
      let run = RunFiles(path: "\(directory)/runs/\(name)")
      #expect(try run.summary().traceDigest == nil && run.summary(of: "server-0").outcome == .completed)
      // With no address of a folder that is gone.
      #expect(
        try Program.run("check", "\(run.path)/topology.yaml").output.contains("servers: {count: 5, byzantine: 1}"))
    }
    // A simulated run is another one.
    let simulated = try sweep(path)
    #expect(simulated.status == 0 && !simulated.errors.contains("finished before"))
    #expect(try contents("\(directory)/runs").count == 4)
  }

  /// Whether it is asked to end or killed, neither launcher nor nodes are left.
  @Test(arguments: [SIGTERM, SIGKILL]) func nothingOutlivesASweep(signal: Int32) throws {
    let path = try grid("{training.steps: [1000000000]}")
    let running = try Running(["sweep", path, "--directory", directory, "--processes"])
    #expect(running.waits(for: "0 of 1 runs"))
    let run = try runUnderWay()
    #expect(try waitForLine(in: "\(run.path)/nodes/server-0/metrics.jsonl"))
    let nodes = try ["server-0", "worker-6"].map { try #require(run.process(of: $0)) }
    let launcher = try parent(of: nodes[0])
    #expect(try parent(of: launcher) == running.process.processIdentifier)
    kill(running.process.processIdentifier, signal)
    #expect(try running.wait().status == (signal == SIGKILL ? 128 + SIGKILL : 130))
    for process in [launcher] + nodes { #expect(try waitForEnd(of: process)) }
  }

  @Test func aRunWithoutAResultIsTriedAgain() throws {
    let path = try grid("{training.steps: [1000000, 10]}")
    let running = try Running(["sweep", path, "--directory", directory, "--jobs", "1"])
    #expect(running.waits(for: "0 of 2 runs"))
    let busy = try sweep(path)
    #expect(
      busy.status == 64 && busy.errors.contains("\(directory): another sweep is under way there"), "\(busy.errors)")
    kill(try child(of: running.process.processIdentifier), SIGKILL)
    let result = try running.wait()
    #expect(result.status == 1)
    let ending = "its process was ended by signal 9 (Killed) without a result"
    #expect(result.errors.contains("steps 1000000: \(ending); the last lines of \(directory)/running/"))
    #expect(result.errors.contains("1 of 2 runs failed; results.csv says why; the same command tries them again"))
    let lines = try results().split(separator: "\n")
    #expect(lines[1].contains(",failed,\(ending),,") && lines[2].contains(",completed,,10,"))
    #expect(result.output.contains("| failed  |"))

    let again = try Running(["sweep", path, "--directory", directory, "--jobs", "1"])
    #expect(again.waits(for: "1 of 2 runs were finished before"))
    #expect(again.waits(for: "1 of 2 runs, 1 at once"))
    again.process.terminate()
    #expect(try again.wait().status == 130)
  }

  // MARK: - Wrong usage

  @Test(arguments: [
    (
      "{training.stepz: [1, 2], faults.worker-1: [none, revesred]}", "",
      [
        "byzsgd: GRID:2: training.stepz: unknown key; did you mean 'steps'?\nGRID:2: faults.worker-1: there is no fault 'revesred'",
        "(in 2 of 4 combinations, first: stepz 1, worker-1 revesred)",
      ]
    ),
    ("{seed: [1]}", "--only sed=1", ["--only sed=1: expected AXIS=VALUE,VALUE with one of the axes 'seed'"]),
    (
      "{seed: [1]}", "--set seed=2",
      ["--set seed=2: seed is what the axis 'seed' varies; choose among its values with --only"]
    ),
    (
      "{seed: [1]}", "--set training.stepz=2",
      ["--set training.stepz=2: training.stepz: unknown key; did you mean 'steps'?"]
    ),
    ("{training.aggregation: [bulyan]}", "", ["GRID:2: training.aggregation: with 5 momentums (q_w)"]),
    (
      "{loss: {a: {seed: 1}}}", "",
      ["GRID: axes.loss: results.csv has a column of that name; call the axis something else"]
    ),
    ("{seed: [1]}", "--jobs 0", ["--jobs must be from 1 to 1000"]),
    (
      "{model: [{architecture: mlp}]}", "--set data={dataset:\u{A0}mnist}",
      ["data.path: missing; give the folder of the data set"]
    ),
    (
      "{a: {b: {model: {architecture: mlp}, data: {dataset: mnist, path: /nowhere}}}}", "",
      ["GRID: data.path: /nowhere/t10k-images-idx3-ubyte is missing"]
    ),
  ])
  func wrongUsageIsExplained(axes: String, options: String, messages: [String]) throws {
    let path = try grid(axes)
    let words = options.split(separator: " ").map { String($0).replacing("\u{A0}", with: " ") }
    let result = try Running(["sweep", path, "--directory", directory] + words).wait()
    #expect(result.status == 64 && result.output.isEmpty)
    for message in messages {
      #expect(result.errors.contains(message.replacing("GRID", with: path)), "\(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: directory))
  }

  @Test func onlyASweepsFolderIsWrittenTo() throws {
    let path = try grid("{seed: [1]}")
    let file = try sweep(path, in: path)
    #expect(
      file.status == 64 && file.errors.contains("\(path): it cannot be read as a folder; name one with --directory"))
    let foreign = try sweep(path, in: folder.path)
    #expect(
      foreign.status == 64 && foreign.errors.contains("there is something in it already, and it is no sweep's"))
    #expect(try contents(folder.path) == ["grid.yaml"])
    #expect(try sweep(path, in: "").status == 64)
  }
}
