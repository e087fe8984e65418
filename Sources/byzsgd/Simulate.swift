import ArgumentParser
import ByzProtocol
import ByzRuntime
import ByzSimulation
import ByzTopology
import Foundation

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Run a topology in one process under virtual time.")

  @Argument var topology: String?
  @Option var swarm: UInt64 = 100
  @Option var seed: UInt64 = 1
  @Option var steps: Int?
  @Option var plant: String?
  @Option var stop: Int = 1
  @Flag var shrink = false
  @Flag var trace = false

  func run() throws {
    let bug = plant.flatMap { PlantedBug(rawValue: $0) }
    if let topology {
      let result = Swarm.run(try Topology(file: topology), planting: bug) { if trace { print($0) } }
      print(result)
      return
    }
    let start = Date()
    let tally = Swarm.test(seeds: seed..<seed + swarm, steps: steps, planting: bug, stopAfter: stop) { _ in true }
    for finding in tally.findings {
      print("seed \(finding.seed)")
      for violation in finding.violations.prefix(3) { print("  \(violation)") }
    }
    if let first = tally.findings.first {
      let small = shrink ? Swarm.shrink(first, planting: bug) : first
      for violation in small.violations.prefix(3) { print("  \(violation)") }
      print(small.topology.yaml)
    }
    let seconds = Date().timeIntervalSince(start)
    print(
      "\(tally.scenarios) scenarios, \(tally.steps) steps, \(seconds) s, \(Double(tally.steps) / seconds * 60 / 100) scenarios of 100 steps a minute; known stalls \(tally.knownStalls)"
    )
  }
}
