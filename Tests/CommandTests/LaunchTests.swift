import ByzRuntime
import Foundation
import Testing

/// Whole runs in real processes. Short ones: what 500 steps reach is measured, not tested here.
@Suite(.serialized) struct LaunchTests {
  let mnist = "\(Program.root)/topologies/mnist.yaml"
  let folder: TemporaryFolder
  let files: RunFiles

  init() throws {
    folder = try TemporaryFolder()
    files = RunFiles(path: "\(folder.path)/run")
  }

  private func start(steps: Int, _ options: String...) throws -> Running {
    try Running(["launch", mnist, "--set", "training.steps=\(steps)", "--run-directory", files.path] + options)
  }

  private func honestServers(of summary: RunSummary) -> [RunSummary.Server] { summary.servers.filter(\.honest) }

  @Test func theMainJobWithstandsItsFaults() throws {
    let result = try start(steps: 100, "--json").wait()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    #expect(summary.outcome == .completed && summary.steps == 100 && summary.lost.isEmpty)
    #expect(honestServers(of: summary).count == 4)
    for server in honestServers(of: summary) {
      #expect(server.step == 100 && (server.accuracy ?? 0) > 0.88, "\(server)")
    }
    // MDA never averages a momentum that points the other way, a hundred times as long.
    #expect(summary.workers[5].fault == "reversed" && summary.workers[5].selected == 0)
    #expect((summary.modelSpread ?? 1) < 0.5)
    // Standard output is the summary alone.
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    #expect(try decoder.decode(RunSummary.self, from: Data(result.output.utf8)).steps == 100)
    for name in ["topology.yaml", "summary.json", "nodes/server-0/summary.json", "nodes/worker-6/metrics.jsonl"] {
      #expect(FileManager.default.fileExists(atPath: "\(files.path)/\(name)"), "\(name)")
    }
    #expect(FileManager.default.fileExists(atPath: "\(files.path)/nodes/server-3/checkpoint-100.safetensors"))
  }

  /// Without any data: every node computes its gradients and evaluations from formulas.
  @Test(arguments: ["quadratic", "logistic"]) func analyticProblems(name: String) throws {
    let topology = try folder.write(
      """
      model: {analytic: \(name)}
      training: {steps: 30, learning_rate: 0.3, evaluate_every: 10}
      servers: {count: 5, byzantine: 1}
      workers: {count: 4, byzantine: 1}
      faults: {server-4: reversed, worker-3: reversed}
      """, to: "analytic.yaml")
    let result = try Running(["launch", topology, "--run-directory", files.path]).wait()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    #expect(summary.outcome == .completed && summary.steps == 30 && summary.modelSpread != nil)
    if name == "quadratic" {
      #expect(summary.accuracy == nil && !result.output.contains("accuracy") && !result.errors.contains("accuracy"))
      #expect(files.log(of: "server-0").contains("step 30: loss "))
    } else {
      #expect((summary.accuracy ?? 0) > 0.8)
    }
    // It is about 5 and 1 at the start.
    #expect((summary.loss ?? 9) < 0.6, "\(result.output)")
  }

  @Test func aCorruptTestSetEndsTheServers() throws {
    let data = "\(folder.path)/mnist"
    try FileManager.default.copyItem(atPath: "\(Program.root)/Datasets/mnist", toPath: data)
    try Data("no labels".utf8).write(to: URL(filePath: "\(data)/t10k-labels-idx1-ubyte.gz"))
    let result = try start(
      steps: 5_000, "--set", "data.path=\(data)", "--set", "training.evaluate_every=5", "--set", "faults={}"
    ).wait()
    #expect(result.status == 1)
    #expect(result.errors.contains("\(data)/t10k-labels-idx1-ubyte.gz"), "\(result.errors)")
    #expect(try files.summary().outcome == .failed)
  }

  @Test func averagingDoesNot() throws {
    let result = try start(steps: 60, "--set", "training.aggregation=average").wait()
    let summary = try files.summary()
    #expect(result.errors.contains("warning: aggregation average tolerates nobody"))
    #expect(summary.outcome == .diverged || (summary.accuracy ?? 1) < 0.3)
  }

  @Test func divergenceEndsARunWithStatus1() throws {
    // Weight decay times this learning rate makes the model a billion times as long in every step.
    let result = try start(
      steps: 100, "--set", "training.learning_rate=1e9", "--set", "training.weight_decay=1",
      "--set", "training.gradient_clip=null", "--set", "faults={}"
    ).wait()
    let summary = try files.summary()
    #expect(result.status == 1 && summary.outcome == .diverged)
    #expect(summary.reasons.first?.contains("non-finite at step") == true, "\(summary.reasons)")
  }

  @Test func survivesTheDeclaredLosses() throws {
    let run = try start(steps: 500, "--set", "faults={}")
    #expect(run.waits(for: "steps/s"))
    let victims = ["server-2", "worker-1", "worker-4"]
    for victim in victims { kill(try #require(files.process(of: victim)), SIGKILL) }
    let result = try run.wait()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    #expect(summary.lost == victims && summary.steps == 500)
    for server in summary.servers where !victims.contains(server.id) {
      #expect(server.step == 500 && (server.accuracy ?? 0) > 0.88, "\(server)")
    }
    for victim in victims {
      #expect(result.errors.contains("\(victim) was ended by signal 9"), "\(result.errors)")
    }
  }

  @Test func moreLossesThanDeclaredEndIt() throws {
    let run = try start(steps: 5_000, "--set", "faults={}")
    #expect(run.waits(for: "steps/s"))
    for victim in ["server-1", "server-3"] { kill(try #require(files.process(of: victim)), SIGKILL) }
    let result = try run.wait()
    #expect(result.status == 1)
    let summary = try files.summary()
    #expect(
      summary.outcome == .failed && summary.reasons.first?.hasPrefix("lost server-1, server-3: more servers") == true)
  }

  @Test func aServerThatIsStartedAgainTakesPartAgain() throws {
    let run = try start(steps: 400, "--fault", "server-4=crash:step=20")
    #expect(run.waits(for: "server-4 crashed"))
    // By hand, as a user would, with nothing of the node on disk and without its fault.
    let again = try Running([
      "node", "server-4", "\(files.path)/topology.yaml", "--set", "faults.server-4=null", "--run-directory",
      "\(folder.path)/again", "--json",
    ])
    let node = try again.wait()
    #expect(node.status == 0, "\(node.errors)")
    #expect(node.errors.contains("rejoins at step"), "\(node.errors)")
    #expect(try run.wait().status == 0)
    let summary = try RunFiles(path: "\(folder.path)/again").summary(of: "server-4")
    #expect(summary.outcome == .completed && summary.step == 400 && (summary.accuracy ?? 0) > 0.93)
  }

  /// One server may be down at a time: one that somebody started again does not count when the next one dies.
  @Test func aNodeThatIsBackNoLongerCountsAsLost() throws {
    let run = try start(steps: 800, "--set", "faults={}")
    #expect(run.waits(for: "steps/s"))
    kill(try #require(files.process(of: "server-2")), SIGKILL)
    #expect(run.waits(for: "server-2 was ended by signal 9"))
    let again = try Running(["node", "server-2", "\(files.path)/topology.yaml", "--run-directory", files.path])
    #expect(again.waits(for: ": accuracy"))
    kill(try #require(files.process(of: "server-3")), SIGKILL)
    let result = try run.wait()
    #expect(result.status == 0, "\(result.errors)")
    let node = try again.wait()
    #expect(node.status == 0 && node.errors.contains("rejoins at step"), "\(node.errors)")
    let summary = try files.summary()
    #expect(summary.lost == ["server-2", "server-3"] && summary.steps == 800)
  }

  /// Progress that nobody sees and a pipe that nobody reads end no run.
  @Test func closedOutputsDoNotEndARun() throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    let launch = "'\(Program.path)' launch '\(mnist)' --set training.steps=20 --run-directory '\(files.path)'"
    shell.arguments = ["-c", "\(launch) 2>&- >/dev/null"]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    #expect(try files.summary().outcome == .completed)
  }

  /// What is meant for a closed output gets into no file or socket that was opened in its place.
  @Test func aClosedStandardOutputIsAnError() throws {
    let shell = Process()
    let errors = Pipe()
    shell.executableURL = URL(filePath: "/bin/sh")
    let quadratic = "\(Program.root)/topologies/quadratic.yaml"
    shell.arguments = ["-c", "'\(Program.path)' launch '\(quadratic)' --quiet --run-directory '\(files.path)' >&-"]
    shell.standardError = errors
    try shell.run()
    let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(
      shell.terminationStatus == 1 && text.contains("cannot write to standard output: Bad file descriptor"), "\(text)")
    #expect(try files.summary().outcome == .completed)
  }

  @Test func interruptingWritesEverything() throws {
    let run = try start(steps: 50_000)
    #expect(run.waits(for: "steps/s"))
    run.process.interrupt()
    let result = try run.wait()
    #expect(result.status == 130)
    let summary = try files.summary()
    #expect(summary.outcome == .interrupted && summary.steps > 0)
    for server in honestServers(of: summary) {
      #expect(
        FileManager.default.fileExists(atPath: "\(files.path)/nodes/\(server.id)/checkpoint-\(server.step).safetensors")
      )
    }
    for node in summary.servers.map(\.id) + summary.workers.map(\.id) {
      #expect(kill(try #require(files.process(of: node)), 0) != 0, "\(node) still runs")
    }
  }

  @Test func nothingOutlivesAKilledLauncher() throws {
    let run = try start(steps: 50_000)
    #expect(run.waits(for: "steps/s"))
    let nodes = (0..<5).map { "server-\($0)" } + (0..<7).map { "worker-\($0)" }
    let processes = try nodes.map { try #require(files.process(of: $0)) }
    // A stopped process, too.
    kill(processes[2], SIGSTOP)
    kill(run.process.processIdentifier, SIGKILL)
    #expect(try run.wait().status == 128 + SIGKILL)
    for (node, process) in zip(nodes, processes) {
      #expect(try waitForEnd(of: process), "\(node) outlived its launcher")
    }
  }
}
