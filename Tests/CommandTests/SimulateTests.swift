import ByzRuntime
import Foundation
import Testing

/// Simulated runs and swarm tests as users start them.
@Suite(.serialized) struct SimulateTests {
  let folder: TemporaryFolder
  let files: RunFiles

  init() throws {
    folder = try TemporaryFolder()
    files = RunFiles(path: "\(folder.path)/run")
  }

  private struct SwarmSummary: Decodable {
    struct Finding: Decodable {
      let seed: UInt64
      let invariants: [String]
      let topology: String
    }

    let outcome: Outcome
    let scenarios: Int
    let findings: [Finding]
  }

  private func swarm(_ arguments: String...) throws -> (status: Int32, summary: SwarmSummary) {
    let result = try Running(["simulate", "--json", "--quiet"] + arguments).wait()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return (result.status, try decoder.decode(SwarmSummary.self, from: Data(result.output.utf8)))
  }

  /// The job of the README, which ends at 0.9619 in real processes.
  @Test func theMainJobLearnsAsInRealProcesses() throws {
    let mnist = "\(Program.root)/topologies/mnist.yaml"
    let result = try Program.run("simulate", mnist, "--run-directory", files.path, "--quiet")
    #expect(result.status == 0, "\(result.errors)")
    let summary = try files.summary()
    #expect(summary.outcome == .completed && summary.steps == 500 && summary.traceDigest != nil)
    for server in summary.servers where server.honest {
      #expect(abs((server.accuracy ?? 0) - 0.9619) < 0.01, "\(server)")
    }
    #expect(summary.workers[5].selected == 0)
  }

  @Test func theSameSeedGivesTheSameRun() throws {
    let topology = "\(Program.root)/topologies/quadratic.yaml"
    var digests: [String?] = []
    for (index, seed) in [1, 1, 2].enumerated() {
      let run = RunFiles(path: "\(folder.path)/run-\(index)")
      let result = try Program.run(
        "simulate", topology, "--set", "seed=\(seed)", "--set", "simulation.late={share: 0.1, up_to_ms: 20}",
        "--run-directory", run.path)
      #expect(result.status == 0, "\(result.errors)")
      digests.append(try run.summary().traceDigest)
      #expect(result.output.contains("trace digest: \(digests[index] ?? "none")"))
    }
    #expect(digests[0] == digests[1] && digests[0] != digests[2] && digests[0]?.count == 16)
  }

  @Test func aTraceIsReadable() throws {
    let topology = try folder.write(
      """
      model: {analytic: quadratic, dimension: 1}
      training: {steps: 2, gather_every: 2}
      servers: {count: 2}
      workers: {count: 1}
      """, to: "tiny.yaml")
    let result = try Program.run("simulate", topology, "--trace", "--run-directory", files.path)
    #expect(result.status == 0, "\(result.errors)")
    for text in [
      "     0.000 ms  server-0  starts", "worker-0  sends a request for model 0 to server-0 1", "sends gatherModel 1 [",
      "worker-0  completes step 0 with models of server-0 1",
    ] {
      #expect(result.output.contains(text), "'\(text)' is not in:\n\(result.output)")
    }
  }

  @Test func aSwarmOfScenariosHolds() throws {
    let (status, summary) = try swarm("--swarm", "100", "--seed", "1")
    #expect(status == 0 && summary.outcome == .completed && summary.scenarios == 100 && summary.findings.isEmpty)
  }

  /// Every mistake that can be planted is found, and what is printed shows it again.
  @Test(arguments: [
    ("one-retained-step", "liveness"), ("newest-only", "progress"), ("late-rejoin", "liveness"),
    ("unserved-rejoin", "liveness"), ("minority-rejoin", "quorum"), ("counted-twice", "quorum"),
    ("trusted-claim", "quorum"), ("no-honest-majority", "quorum"), ("stale-momentum", "quorum"),
    ("no-lingering", "liveness"),
  ])
  func aPlantedMistakeIsFound(bug: String, invariant: String) throws {
    let (status, summary) = try swarm("--swarm", "2000", "--seed", "5000", "--plant", bug)
    #expect(status == 1 && summary.outcome == .failed)
    let finding = try #require(summary.findings.first)
    #expect(finding.invariants.first == invariant, "\(finding)")
    // Without the mistake the same scenario is harmless.
    let topology = try folder.write(finding.topology, to: "\(bug).yaml")
    let clean = try Program.run("simulate", topology, "--quiet", "--run-directory", files.path)
    #expect(clean.status == 0, "\(clean.output)")
  }

  @Test func aViolationFailsARun() throws {
    let stall = "\(Program.root)/Tests/ByzSimulationTests/Pinned/known-stall.yaml"
    let result = try Program.run("simulate", stall, "--run-directory", files.path)
    #expect(result.status == 1)
    #expect(result.output.contains("nothing moves any more; of 11 steps: server-1 at step"))
    #expect(try files.summary().outcome == .failed)
  }

  @Test(arguments: [
    ("", "give either a topology or --swarm SCENARIOS"),
    ("TOPOLOGY --swarm 3", "give either a topology or --swarm SCENARIOS"),
    ("--swarm 0", "--swarm and --steps must be at least 1"),
    ("--swarm 3 --steps 0", "--swarm and --steps must be at least 1"),
    ("--swarm 3 --seed=-1", "--seed from 0 to 1000000000000"),
    ("--swarm 3 --trace", "--trace, --run-directory, --set and --fault go with a topology"),
    ("--swarm 3 --set training.steps=3", "--trace, --run-directory, --set and --fault go with a topology"),
    ("TOPOLOGY --steps 3", "--steps goes with --swarm"),
    ("TOPOLOGY --seed 3", "--seed goes with --swarm"),
    ("TOPOLOGY --trace --json", "give either --trace or --json"),
    ("TOPOLOGY --run-directory TOPOLOGY", "it is a file; name a folder with --run-directory"),
    ("TOPOLOGY --set simulation.delay=3", "unknown key; known here: delay_ms"),
    ("TOPOLOGY --set training.steps=1000000000", "a simulated run has at most 1000000 steps"),
  ])
  func wrongUsageIsExplained(arguments: String, message: String) throws {
    let topology = "\(Program.root)/topologies/quadratic.yaml"
    let words = arguments.split(separator: " ").map { $0 == "TOPOLOGY" ? topology : String($0) }
    let result = try Running(["simulate"] + words).wait()
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(result.errors.contains(message), "\(result.errors)")
  }
}
