import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzTransport
import Foundation
import Testing

@testable import ByzRuntime

/// What nodes of a synchronous run write of the models that they pulled and refused, and what a run's summary makes of
/// it.
@Suite final class SynchronousSummaryTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"
  private let directory: RunDirectory

  init() { directory = RunDirectory(path: folder) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func topology(_ mode: String = "synchronous", steps: Int = 4) throws -> Topology {
    try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 1}
        training: {mode: \(mode), steps: \(steps)}
        servers: {count: 5, byzantine: 1}
        workers: {count: 7, byzantine: 2}
        faults: {server-4: reversed, worker-6: random}
        """, file: "test.yaml")
  }

  /// What `id` leaves of a run in which it reported so and sent so many models.
  private func summary(
    _ id: NodeID, in topology: Topology, _ reports: [Report], modelsSent: Int = 0
  ) throws -> NodeSummary {
    let record = try NodeRecord(of: id, in: topology, directory: directory)
    for report in reports { try record.note(report) }
    var traffic = TrafficCounters()
    for _ in 0..<modelsSent { traffic.countSent(.vector(.model, step: 0, Vector([1]))) }
    // What is no model of a step.
    for _ in 0..<7 { traffic.countSent(.vector(.gatherModel, step: 0, Vector([1]))) }
    traffic.countSent(.request(.model, step: 0))
    return try record.finish(.completed, reason: nil, traffic: traffic)
  }

  private func estimate(_ step: Int, _ source: ModelSource) -> Report {
    .estimated(step: step, loss: 1, contributors: [.server(0)], source: source)
  }

  private func refusals(_ models: Int, mean: Double? = nil, largest: Double? = nil) -> NodeSummary.Refusals {
    var refusals = NodeSummary.Refusals()
    refusals.models = models
    refusals.meanExcess = mean
    refusals.largestExcess = largest
    return refusals
  }

  /// A worker that completes four steps. Of server-4 the Lipschitz filter turned away models at 3 / 2 and 5 / 2 of its
  /// bound, the outliers filter one at 8 / 2.
  private var reports: [Report] {
    [
      .estimated(step: 0, loss: 1, contributors: [.server(0), .server(1), .server(2), .server(3)]),
      .refused(step: 1, server: .server(4), .lipschitz(value: 3, bound: 2)),
      .refused(step: 1, server: .server(1), .absent),
      estimate(1, .filtered),
      .refused(step: 2, server: .server(4), .lipschitz(value: 5, bound: 2)),
      .refused(step: 2, server: .server(1), .digest),
      estimate(2, .filtered),
      .refused(step: 3, server: .server(4), .outliers(value: 8, bound: 2)),
      estimate(3, .certified),
    ]
  }

  @Test func workersCountWhatTheyPulledAndRefused() throws {
    let topology = try topology()
    let summary = try summary(.worker(0), in: topology, reports)
    #expect(summary.step == 4 && summary.pulled == ["median": 1, "filtered": 2, "certified": 1])
    let expected = [
      "server-1": ["absent": refusals(1), "digest": refusals(1)],
      "server-4": [
        "lipschitz": refusals(2, mean: 2, largest: 2.5), "outliers": refusals(1, mean: 4, largest: 4),
      ],
    ]
    #expect(summary.refused == expected)
    // It is believed when it is read.
    #expect(summary.objection(of: .worker(0), in: topology) == nil)
    let read = try #require(directory.readSummary(of: .worker(0), in: topology))
    #expect(read.pulled == summary.pulled && read.refused == expected)
  }

  @Test func whoRefusedNothingSaysSo() throws {
    let summary = try summary(.worker(0), in: topology(), (0..<4).map { estimate($0, .median) })
    #expect(summary.pulled == ["median": 4, "filtered": 0, "certified": 0] && summary.refused == [:])
  }

  /// Servers pull nothing, and in an asynchronous run nobody does.
  @Test func othersSayNothingOfIt() throws {
    let updates = (0..<4).map { step in
      Report.updated(step: step + 1, parameters: Vector([1]), contributors: [.worker(0)], selected: [.worker(0)])
    }
    let server = try summary(.server(0), in: topology(), updates)
    #expect(server.pulled == nil && server.refused == nil)
    let worker = try summary(.worker(0), in: topology("asynchronous"), reports)
    #expect(worker.pulled == nil && worker.refused == nil && worker.step == 4)
  }

  @Test func aRefusalCompletesNoStep() throws {
    let record = try NodeRecord(of: .worker(0), in: topology(), directory: directory)
    let refusal = Report.refused(step: 2, server: .server(1), .absent)
    var looks = 0
    try record.note(refusal) {
      looks += 1
      return ProcessorTime()
    }
    // Neither a step nor the time of one, and nobody's model was admitted by it.
    #expect(record.step == 0 && looks == 0)
    let before = try record.finish(.interrupted, reason: nil, traffic: TrafficCounters())
    #expect(before.step == 0 && before.firstStepAt == nil && before.lastStepAt == nil && before.admitted == nil)
    #expect(before.refused == ["server-1": ["absent": refusals(1)]])
    try record.note(estimate(0, .median))
    try record.note(refusal)
    #expect(record.step == 1)
    let after = try record.finish(.interrupted, reason: nil, traffic: TrafficCounters())
    #expect(after.step == 1 && after.firstStepAt != nil && after.admitted?["server-0"] == 1)
    #expect(after.refused == ["server-1": ["absent": refusals(2)]])
  }

  /// A bound of zero, and a figure beyond all numbers, give no share; the mean is that of the others.
  @Test func onlyWhatHasAnExcessEntersTheMean() {
    var counted = NodeSummary.Refusals()
    counted.add(.outliers(value: 1, bound: 0))
    counted.add(.outliers(value: .infinity, bound: 1))
    #expect(counted.models == 2 && counted.meanExcess == nil && counted.largestExcess == nil)
    counted.add(.outliers(value: 4, bound: 1))
    counted.add(.outliers(value: 6, bound: 1))
    #expect(counted.models == 4 && counted.meanExcess == 5 && counted.largestExcess == 6)
  }

  /// Forty steps; servers send 40, 41, 39, 40, and the faulty one 80 models. Workers 0 to 2 take a median in 10 steps
  /// and filtered models in 30, workers 3 to 5 a median and certified models in 20 each, the faulty one only certified
  /// ones.
  @Test func aRunsSummarySaysHowModelsWereCome() throws {
    let topology = try topology(steps: 40)
    for (server, models) in [40, 41, 39, 40, 80].enumerated() {
      let updates = (0..<40).map { step in
        Report.updated(step: step + 1, parameters: Vector([1]), contributors: [.worker(0)], selected: [.worker(0)])
      }
      _ = try summary(.server(server), in: topology, updates, modelsSent: models)
    }
    let lipschitz = (0..<20).map { Report.refused(step: $0, server: .server(4), .lipschitz(value: 3.6, bound: 2)) }
    // 2 and 4 times the bound.
    let outliers = (20..<30).map { step in
      Report.refused(step: step, server: .server(4), .outliers(value: step % 2 == 0 ? 2 : 4, bound: 1))
    }
    let refused: [Int: [Report]] = [
      1: [.refused(step: 7, server: .server(3), .digest)],
      2: lipschitz + outliers + [.refused(step: 30, server: .server(4), .absent)],
    ]
    for worker in 0..<7 {
      let estimates = (0..<40).map { step in
        let source: ModelSource =
          switch worker {
          case 0..<3: step < 10 ? .median : .filtered
          case 3..<6: step < 20 ? .median : .certified
          default: .certified
          }
        return estimate(step, source)
      }
      _ = try summary(.worker(worker), in: topology, (refused[worker] ?? []) + estimates)
    }
    let run = SummaryBuilder(topology: topology, directory: directory, launchedAt: 0, lost: [])
      .build(.completed, reasons: [])
    // (40 + 41 + 39 + 40 + 80) / 40
    #expect(run.steps == 40 && run.modelsPerStep == 6)
    // Of 6 * 40 steps of honest workers 3 * 10 + 3 * 20, 3 * 30, and 3 * 20.
    #expect(run.pulled == ["median": 0.375, "filtered": 0.375, "certified": 0.25])
    #expect(run.workers[6].pulled == ["median": 0, "filtered": 0, "certified": 40])
    #expect(run.workers[2].refused?["server-4"]?["lipschitz"]?.models == 20 && run.workers[0].refused == [:])
    let lines = run.text(directory: directory).split(separator: "\n").map(String.init)
    let first = lines.firstIndex { $0.hasPrefix("6.00 models sent a step; ") } ?? 0
    #expect(
      lines.dropFirst(first).prefix(3) == [
        "6.00 models sent a step; honest workers took 25.0 % certified, 37.5 % filtered, 37.5 % as a median",
        "  worker-1 rejected 1 model of server-3: 1 another digest",
        "  worker-2 rejected 31 models of server-4: 1 not there in time, "
          + "20 Lipschitz (1.8 times the bound on average), 10 outliers (3 times the bound on average)",
      ])
    #expect(lines.count { $0.contains(" rejected ") } == 2)
  }

  // MARK: What cannot be

  @Test(
    arguments: [
      ([:], true), (["median": 40], true), (["median": 1, "filtered": 39, "certified": 0], true),
      (["median": 41], false), (["filtered": -1], false), (["certified": .max], false), (["guessed": 1], false),
      (["": 0], false), (["Median": 1], false),
    ] as [([String: Int], Bool)])
  func pullsThatCannotBe(pulled: [String: Int], isPossible: Bool) throws {
    let topology = try topology(steps: 40)
    var summary = try summary(.worker(0), in: topology, (0..<40).map { estimate($0, .median) })
    #expect(summary.objection(of: .worker(0), in: topology) == nil)
    summary.pulled = pulled
    #expect(summary.objection(of: .worker(0), in: topology) == (isPossible ? nil : "its pulls"))
  }

  /// The objection to a worker's summary that says so of a server, besides what is possible.
  private func objection(_ server: String, _ reason: String, _ refusals: NodeSummary.Refusals) throws -> String? {
    let topology = try topology(steps: 40)
    var summary = try summary(.worker(0), in: topology, (0..<40).map { estimate($0, .median) })
    summary.refused = ["server-1": ["absent": self.refusals(1)]]
    #expect(summary.objection(of: .worker(0), in: topology) == nil)
    summary.refused?[server] = [reason: refusals]
    return summary.objection(of: .worker(0), in: topology)
  }

  @Test(
    arguments: [
      ("server-4", "lipschitz", 40, true), ("server-0", "absent", 0, true), ("server-5", "absent", 1, false),
      ("server-04", "absent", 1, false), ("", "absent", 1, false), ("server-4", "", 1, false),
      ("server-4", "\u{1B}[2J", 1, false), ("server-4", "absent", -1, false), ("server-4", "absent", .max, false),
    ] as [(String, String, Int, Bool)])
  func refusalsThatCannotBe(server: String, reason: String, models: Int, isPossible: Bool) throws {
    #expect(try objection(server, reason, refusals(models)) == (isPossible ? nil : "its refusals"))
  }

  @Test(
    arguments: [
      (0, true), (0.5, true), (1e6, true), (-0.5, false), (1e301, false), (.infinity, false), (-.infinity, false),
      (.nan, false),
    ] as [(Double, Bool)])
  func excessesThatCannotBe(excess: Double, isPossible: Bool) throws {
    let expected = isPossible ? nil : "its refusals"
    #expect(try objection("server-4", "outliers", refusals(1, mean: excess, largest: 2)) == expected)
    #expect(try objection("server-4", "outliers", refusals(1, mean: 1, largest: excess)) == expected)
  }
}
