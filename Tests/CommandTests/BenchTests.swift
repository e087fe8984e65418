import ByzBenchmark
import ByzRuntime
import Foundation
import Testing

/// The benchmarks as users start them. What they measure depends on the machine; what they say of it must add up.
@Suite(.serialized) struct BenchTests {
  private let topology = "\(Program.root)/topologies/quadratic.yaml"

  private func decode<Report: Decodable>(_ type: Report.Type, _ text: String) throws -> Report {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(text.utf8))
  }

  @Test func parts() throws {
    let result = try Program.run("bench", topology, "--seconds", "0.01", "--json", "--quiet")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try decode(PartsBenchmark.Report.self, result.output)
    #expect(report.topology == "quadratic" && report.dimension == 10 && report.cores > 0)
    for name in ["median of 5 models", "mda of 7 momentums, f = 2", "a vector on one machine", "a vector over TCP"] {
      let part = try #require(report.parts.first { $0.name == name })
      let reference = try #require(part.referenceSeconds)
      #expect(part.seconds.count >= 3 && part.seconds.lowest > 0 && part.seconds.lowest <= part.seconds.median)
      #expect(part.ratio == part.seconds.median / reference.median)
    }
    #expect(report.parts.last?.name == "a gradient" && report.parts.last?.ratio == nil)
  }

  /// So patient that no node goes on without another, however busy the machine is: what is sent can be counted.
  @Test func aStepAndItsParts() throws {
    let result = try Program.run(
      "bench", "step", topology, "--runs", "1", "--set", "training.steps=40", "--set", "quorum.grace_ms=10000", "--set",
      "quorum.delta_ms=10000", "--set", "quorum.delta_floor_ms=10000", "--json", "--quiet")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try decode(StepReport.self, result.output)
    #expect(report.servers == 5 && report.workers == 7 && report.runs == 1)
    // 35 models and 35 momentums of 64 + 40 bytes in a step, and 20 models for a gather every tenth; requests come on top.
    #expect((7_488..<9_000).contains(report.bytes))
    #expect(report.ratio == report.step.median / (report.bytesSeconds + report.gradientsSeconds))
    let (all, server) = (try #require(report.processor["all"]), try #require(report.processor["server"]))
    #expect(all.total > server.total && server.machine > 0 && server.network > 0 && server.links > 0)
    for defence in [report.onOneMachine, report.acrossMachines] {
      #expect(defence.ratio == defence.largest / defence.undefendedLargest && defence.undefendedLargest > 0)
    }
    #expect(report.modes.rows.count == 9)
    for (index, row) in report.modes.rows.enumerated() {
      #expect(row.mode == ModeReport.Mode.allCases[index % 3] && row.links == ModeReport.Links.allCases[index / 3])
      #expect(row.stepsPerSecond.median > 0 && row.ratio == (index % 3 == 0 ? 1 : row.ratio) && row.ratio != nil)
      // All to all, or one to each and a few more.
      #expect(row.mode == .asynchronous ? row.modelsPerStep >= 35 : (7..<35).contains(row.modelsPerStep), "\(row)")
    }
    #expect(report.memory.map(\.step) == [1, 20, 40] && report.memory[0].proportionalBytes > 0)
    #expect(report.secondsToFirstStep.median > 0)
  }

  /// Strangers at every door: the run completes, they are counted, and servers need no more memory than without them.
  @Test func linksUnderAttack() throws {
    let result = try Program.run(
      "bench", "links", topology, "--runs", "1", "--set", "training.steps=1000", "--hostile", "150", "--json", "--quiet"
    )
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try decode(LinksBenchmark.Report.self, result.output)
    #expect(report.rows.map(\.way) == [.open, .protected, .attacked] && report.hostileConnectionsPerSecond == 150)
    #expect(report.rows.allSatisfy { $0.stepsPerSecond.median > 0 && $0.processorSeconds.median > 0 })
    let (calm, attacked) = (report.rows[1], report.rows[2])
    #expect(attacked.refused > calm.refused + 100)
    #expect(try #require(attacked.serverBytes) < (#require(calm.serverBytes)) + (32 << 20))
    #expect(report.attackedRatio == attacked.stepsPerSecond.median / calm.stepsPerSecond.median)
    #expect(try Program.run("bench", "links", topology, "--hostile", "1").status == 64)
  }

  @Test func aggregation() throws {
    let result = try Program.run(
      "bench", "aggregation", "--rule", "mda", "--rule", "{rule: median, before: [nnm]}", "--inputs", "5", "--inputs",
      "7",
      "--dimension", "1000", "--seconds", "0.01", "--json", "--quiet")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try decode(AggregationBenchmark.Report.self, result.output)
    #expect(report.threads > 0)
    #expect(report.rows.map(\.rule) == ["mda", "median after nnm", "mda", "median after nnm"])
    #expect(report.rows.map(\.inputs) == [5, 5, 7, 7] && report.rows.map(\.byzantine) == [1, 1, 2, 2])
    for row in report.rows {
      #expect(row.dimension == 1000 && row.oneThread.median > 0 && row.oneThreadRatio > 0 && row.allThreadsRatio > 0)
    }
  }

  /// The search comes near what is proven of a rule, and finds no bound for one that has none.
  @Test func resilience() throws {
    let result = try Program.run(
      "bench", "resilience", "--rule", "mda", "--rule", "average", "--inputs", "5", "--dimension", "1", "--choices",
      "20000", "--json", "--quiet")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try decode(ResilienceBenchmark.Report.self, result.output)
    let (mda, average) = (report.findings[0], report.findings[1])
    let reached = try #require(mda.worstLambda)
    #expect(mda.byzantine == 2 && mda.lambda == 4.0 / 3 && reached > 1.2 && reached <= 4.0 / 3 + 1e-4)
    #expect(average.lambda == nil && average.kappa == nil && average.worstLambda ?? .infinity > 1000)
    #expect(!report.isBroken)
  }

  @Test func search() throws {
    let result = try Program.run(
      "bench", "search", "--inputs", "20", "--byzantine", "6", "--graphs", "5", "--json", "--quiet")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let report = try decode(SearchBenchmark.Report.self, result.output)
    #expect(report.inputs == 20 && report.byzantine == 6 && report.rows.map(\.degree) == Array(3...12))
    for row in report.rows { #expect(row.seconds.count == 5 && row.seconds.highest > 0) }
  }

  @Test(arguments: [
    (["aggregation", "--inputs", "0"], "--inputs must be from 1 to 1000"),
    (["aggregation", "--vectors", "nowhere.npy"], "--vectors needs --byzantine"),
    (["aggregation", "--seconds", "0"], "--seconds must be above 0"),
    (["aggregation", "--rule", "{rule: mda, before: nnm}"], "before: must be a list"),
    (["resilience", "--choices", "0"], "--choices must be at least 1"),
    (["resilience", "--dimension", "1001"], "--dimension must be from 1 to 1000"),
    (["search", "--byzantine", "50"], "--byzantine from 1 to less than half"),
  ])
  func wrongUsageOfRuleBenchmarks(arguments: [String], message: String) throws {
    let result = try Running(["bench"] + arguments).wait()
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
  }

  @Test func growth() throws {
    let sizes = [(5, 7, 10), (8, 10, 2_000)].map {
      ScalingBenchmark.Size(servers: $0.0, workers: $0.1, dimension: $0.2)
    }
    let report = try ScalingBenchmark(sizes, executable: Program.path)
      .run(showing: ProgressBar(on: Display(isQuiet: true)), unless: { false })
    #expect(report.rows.map(\.size) == sizes)
    for row in report.rows {
      #expect(row.step > 0 && row.server > row.serverMachine && row.serverMachine > 0)
      #expect(row.serverPerElement == row.server / Double(row.size.workers * row.size.dimension))
      #expect(row.workerPerElement == row.worker / Double(row.size.servers * row.size.dimension))
    }
    #expect(report.text.contains("ns / (n_ps d)"))
    #expect(throws: Interrupted.self) {
      try ScalingBenchmark(sizes, executable: Program.path)
        .run(showing: ProgressBar(on: Display(isQuiet: true)), unless: { true })
    }
  }

  @Test func tablesForPeople() throws {
    let parts = try Program.run("bench", topology, "--seconds", "0.01")
    #expect(parts.status == 0 && parts.output.contains("median of 5 models") && parts.output.contains("ratio"))
    #expect(parts.errors.contains("[....................] 0/9  median of 5 models"))
    let step = try Program.run("bench", "step", topology, "--runs", "1", "--set", "training.steps=5", "--quiet")
    #expect(step.status == 0)
    for line in ["step / (bytes + gradients)", "checks, medians", "undefended", "seconds to the first step"] {
      #expect(step.output.contains(line), "\(step.output)")
    }
  }

  /// Those of the topology may name nodes that it no longer has.
  @Test func faultsAreLeftOut() throws {
    let result = try Program.run(
      "bench", topology, "--seconds", "0.001", "--quiet", "--set", "workers={count: 4, byzantine: 1}")
    #expect(result.status == 0 && result.output.contains("mda of 4 momentums, f = 1"), "\(result.errors)")
  }

  @Test(arguments: [
    ("parts TOPOLOGY --seconds 0", "--seconds must be above 0"),
    ("step TOPOLOGY --runs 0", "--runs must be from 1 to 1000"),
    ("step TOPOLOGY --set training.steps=1", "training.steps: a step is measured from the first to the last"),
    ("step nowhere.yaml", "nowhere.yaml"),
    ("step TOPOLOGY --fault worker-0=reversed", "Unknown option '--fault'"),
  ])
  func wrongUsageIsExplained(arguments: String, message: String) throws {
    let words = arguments.split(separator: " ").map { $0 == "TOPOLOGY" ? topology : String($0) }
    let result = try Running(["bench"] + words).wait()
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
  }

  /// Before the first launch, and in the middle of it.
  @Test(.timeLimit(.minutes(1)), arguments: [false, true]) func canBeInterrupted(inALaunch: Bool) throws {
    let run = try Running(["bench", "step", topology, "--set", "training.steps=1000000"])
    #expect(run.waits(for: "0/45"))
    while inALaunch && !isListening("server-0", of: run.process.processIdentifier) { sched_yield() }
    run.process.interrupt()
    let result = try run.wait()
    #expect(result.status == 130 && result.output.isEmpty)
  }

  /// Whether the folder of sockets of the launcher `pid` has that of `node`.
  private func isListening(_ node: String, of pid: pid_t) -> Bool {
    ["/dev/shm", "/tmp"].contains { parent in
      ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).contains {
        $0.hasPrefix("byzsgd-\(pid)-") && FileManager.default.fileExists(atPath: "\(parent)/\($0)/\(node)")
      }
    }
  }
}
