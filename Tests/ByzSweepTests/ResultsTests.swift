import ByzTopology
import Foundation
import Testing

@testable import ByzRuntime
@testable import ByzSweep

/// What a sweep writes of runs whose results are given.
@Suite struct ResultsTests {
  private static let topology = "\(#filePath)".replacing(
    "Tests/ByzSweepTests/ResultsTests.swift", with: "topologies/quadratic.yaml")

  private func grid(_ axes: String, columns: String = "~") throws -> Grid {
    try Grid(yaml: "topology: \(Self.topology)\naxes: \(axes)\ncolumns: \(columns)", file: "grid.yaml")
  }

  private func rows(of grid: Grid) throws -> [SweepRow] {
    try grid.combinations().map { SweepRow($0, as: .simulated, by: "a1") }
  }

  private func summary(
    _ outcome: Outcome = .completed, accuracy: Double? = nil, loss: Double? = 0.5, reasons: [String] = []
  ) throws -> RunSummary {
    var summary = SummaryBuilder(
      topology: try Topology(file: Self.topology), directory: RunDirectory(path: "/nowhere"), launchedAt: 0, lost: []
    ).build(outcome, reasons: reasons)
    summary.accuracy = accuracy
    summary.loss = loss
    summary.steps = 200
    summary.workers[5].selected = 0
    summary.workers[6].selected = 0.5
    summary.workers[5].admitted = 1
    summary.workers[6].admitted = 0.25
    summary.servers[4].admitted = 0.75
    summary.workers[5].forged = NodeSummary.Forgeries(overheard: 4, estimated: 1)
    summary.workers[6].forged = NodeSummary.Forgeries(overheard: 3, estimated: 2)
    return summary
  }

  // MARK: - CSV

  @Test(arguments: [
    ("", ""), ("plain text", "plain text"), ("a,b", "\"a,b\""), ("say \"no\"", "\"say \"\"no\"\"\""),
    ("two\nlines", "\"two\nlines\""), ("two\r\nlines", "\"two\r\nlines\""), ("\"", "\"\"\"\""), ("größe 🦉", "größe 🦉"),
  ])
  func quoting(text: String, field: String) {
    #expect(CSV.field(text) == field)
    #expect(CSV.text([[text, "x"], []]) == "\(field),x\n\n")
  }

  @Test func everyColumn() throws {
    let grid = try grid("{training.aggregation: [mda, bulyan], \"faults.worker-0, faults.worker-1\": [none, zero]}")
    var rows = try rows(of: grid)
    #expect(rows.count == 4)
    var first = try summary(accuracy: 0.1 + 0.2, reasons: ["because", "of \"that\""])
    first.wallSeconds = 4
    first.stepsPerSecond = 50
    first.modelSpread = 1e-20
    first.modelsPerStep = 11.5
    first.pulled = ["certified": 0.25, "filtered": 0.5, "median": 0.125]
    rows[0].state = .ended(first)
    rows[1].state = .lost("its process ended with exit status 70 without a result")
    let lines = SweepRow.csv(rows, of: grid).split(separator: "\n")
    let ids = rows.map { $0.run?.id ?? "none" }
    #expect(
      lines[0]
        == "training.aggregation,\"faults.worker-0, faults.worker-1\",made,case,outcome,reason,steps,accuracy,loss,"
        + "model_spread,wall_seconds,steps_per_second,models_per_step,pulled_certified,pulled_filtered,pulled_median,"
        + "byzantine_workers_admitted,byzantine_workers_selected,byzantine_servers_admitted,forged_knowing,forged_estimating,beyond_bounds"
    )
    #expect(
      lines[1]
        == "mda,none,simulated,\(ids[0]),completed,\"because; of \"\"that\"\"\",200,0.30000000000000004,0.5,1e-20,4.0,50.0,11.5,0.25,0.5,0.125,0.625,0.25,0.75,7,3,no"
    )
    #expect(
      lines[2]
        == "mda,zero,simulated,\(ids[1]),failed,its process ended with exit status 70 without a result,,,,,,,,,,,,,,,,yes"
    )
    #expect(
      lines[3].hasPrefix("bulyan,none,,,refused,\"with 5 momentums (q_w) of which 2 may be Byzantine (f_w), bulyan"))
    #expect(lines[3].hasSuffix(",,,,,,,,,,,,") && lines.count == 5)
    // What has not ended is not there.
    rows[0].state = .open
    #expect(SweepRow.csv(rows, of: grid).split(separator: "\n").dropFirst().first?.hasPrefix("mda,zero") == true)
  }

  // MARK: - Names of runs

  @Test func theNameOfARunCoversAllThatMatters() throws {
    func id(_ set: [String] = [], as kind: RunKind = .simulated, by program: String = "a1") throws -> String {
      SweptRun(try Topology(file: Self.topology, overriding: set), as: kind, by: program).id
    }
    let base = try id()
    #expect(base.count == 16 && base.allSatisfy(\.isHexDigit))
    #expect(try id() == base && id(["training.steps=200"]) == base)
    for set in ["seed=2", "faults.worker-0=zero", "training.evaluate_every=1", "quorum.grace_ms=1", "name=other"] {
      #expect(try id([set]) != base, "\(set)")
    }
    #expect(try id(["simulation.delay_ms={from: 1, to: 2}"]) != base && id(as: .processes) != base)
    #expect(try id(by: "a2") != base)
  }

  @Test func twoCombinationsMayBeTheSameRun() throws {
    let rows = try rows(of: grid("{a: {x: {training.steps: 200}, y: {}, z: {training.steps: 100}}}"))
    #expect(rows[0].run?.id == rows[1].run?.id && rows[0].run?.id != rows[2].run?.id)
  }

  // MARK: - The table

  @Test func aTableOfAccuracies() throws {
    let grid = try grid(
      "{\"faults.worker-5, faults.worker-6\": [none, zero, random], training.aggregation: [mda, bulyan, median], "
        + "seed: [1, 2]}", columns: "training.aggregation")
    var rows = try rows(of: grid)
    // In the order of the rows: mda, bulyan and median for each fault, with two seeds each.
    let states: [SweepRow.State?] = [
      .ended(try summary(accuracy: 0.96124)), .ended(try summary(accuracy: 0.95)), nil, nil,
      .ended(try summary(.diverged)),
      .ended(try summary(.diverged, accuracy: 0.1)),
      .ended(try summary(accuracy: 0.9)), .ended(try summary(.failed, accuracy: 0.2)), nil, nil, .lost("gone"),
      .ended(try summary(.diverged)),
      .ended(try summary(accuracy: 0.5)), .open, nil, nil, .open, .open,
    ]
    for (index, state) in states.enumerated() { if let state { rows[index].state = state } }
    #expect(
      SweepTable(rows, of: grid).text == """
        grid (simulated): accuracy, the mean over 2 seeds (and the smallest), by aggregation

        | worker-5, worker-6 | mda                       | bulyan  | median                         |
        | ------------------ | ------------------------- | ------- | ------------------------------ |
        | none               | 0.9556 (0.9500)           | refused | diverged                       |
        | zero               | 0.9000, 1 of 2 failed     | refused | 1 of 2 diverged, 1 of 2 failed |
        | random             | 0.5000, 1 of 2 unfinished | refused | unfinished                     |

        """)
  }

  @Test func aTableOfLosses() throws {
    let grid = try grid("{seed: [1, 2, 3]}")
    var rows = try rows(of: grid)
    for (index, loss) in [0.25, 1, 1e-9].enumerated() { rows[index].state = .ended(try summary(loss: loss)) }
    #expect(
      SweepTable(rows, of: grid).text == """
        grid (simulated): loss, the mean over 3 seeds (and the largest)

        | loss           |
        | -------------- |
        | 0.4167 (1.000) |

        """)
  }

  @Test func aTableWithoutSeeds() throws {
    let grid = try grid("{a: {\"x|y\": {}, z: {training.batch: 2}}, training.steps: [10, 20]}")
    var rows = try rows(of: grid)
    for index in rows.indices { rows[index].state = .ended(try summary(loss: Double(index))) }
    #expect(
      SweepTable(rows, of: grid).text == """
        grid (simulated): loss, by a

        | steps | x\\|y  | z     |
        | ----- | ----- | ----- |
        | 10    | 0.000 | 2.000 |
        | 20    | 1.000 | 3.000 |

        """)
  }

  // MARK: - Progress

  @Test func progress() {
    var progress = SweepProgress(total: 5, finishedBefore: 2, jobs: 3)
    #expect(progress.former == "2 of 5 runs were finished before")
    #expect(SweepProgress(total: 5, finishedBefore: 0, jobs: 3).former == nil)
    #expect(progress.line == "2 of 5 runs, 3 at once")
    progress.note("seed 2: accuracy 0.9611")
    #expect(progress.line == "3 of 5 runs, 3 at once; seed 2: accuracy 0.9611; 0 s left")
    progress.note("seed 3: diverged")
    progress.note("seed 4: diverged")
    #expect(progress.line == "5 of 5 runs, 3 at once; seed 4: diverged")
    #expect([7, 99, 2400, 7200].map(SweepProgress.text) == ["7 s", "99 s", "40 min", "2.0 h"])
  }
}
