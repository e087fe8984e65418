import ByzProtocol
import ByzSimulation
import ByzTopology
import Foundation

/// A swarm test as a command: its progress, its findings with the command that replays them, and its summary.
package struct SwarmTest {
  private let kind: Swarm.Kind
  private let count: Int
  private let seed: UInt64
  private let steps: Int?
  private let bug: PlantedBug?
  private let display: Display

  /// - Parameters:
  ///   - seed: that of the first of `count` scenarios.
  ///   - steps: of every scenario; drawn if nil.
  ///   - bug: a mistake in all machines.
  package init(_ kind: Swarm.Kind, count: Int, seed: UInt64, steps: Int?, planting bug: PlantedBug?, display: Display) {
    self.kind = kind
    self.count = count
    self.seed = seed
    self.steps = steps
    self.bug = bug
    self.display = display
  }

  /// What a swarm test found, for programs to read.
  struct Summary: Encodable {
    struct Finding: Encodable {
      let seed: UInt64
      let invariants: [String]
      let violations: [String]
      /// A small topology that shows it.
      let topology: String
    }

    let outcome: Outcome
    let synchronous: Bool
    let firstSeed: UInt64
    let scenarios: Int
    let steps: Int
    let wallSeconds: Double
    let stepsPerSecond: Double
    let findings: [Finding]
    let knownStalls: [UInt64]
  }

  /// Runs the scenarios until one goes wrong, prints what was found, and gives the exit status.
  package func run(printingJSON: Bool) throws -> Int32 {
    let interruption = Interruption()
    defer { interruption.cancel() }
    let started = MonotonicTime.now
    let progress = SwarmProgress(total: count, started: started, display: display)
    let tally = Swarm.test(kind, seeds: seed..<seed + UInt64(count), steps: steps, planting: bug) { tally in
      progress.show(tally)
      return !interruption.isRaised
    }
    let seconds = Double(MonotonicTime.now.milliseconds - started.milliseconds) / 1000
    progress.finish()
    // A single scenario is looked at even if it does nothing but what is known.
    let findings = (tally.findings + (count == 1 ? tally.knownStalls : [])).prefix(1).map { finding in
      display.show("something went wrong under seed \(finding.seed); looking for a smaller scenario that shows it")
      return Swarm.shrink(finding, planting: bug) { !interruption.isRaised }
    }
    let outcome: Outcome =
      !tally.findings.isEmpty ? .failed : interruption.isRaised || tally.scenarios < count ? .interrupted : .completed
    let summary = Summary(
      outcome: outcome, synchronous: kind == .synchronous, firstSeed: seed, scenarios: tally.scenarios,
      steps: tally.steps, wallSeconds: seconds,
      stepsPerSecond: Double(tally.steps) / max(seconds, 0.001), findings: findings.map(\.summary),
      knownStalls: tally.knownStalls.map(\.seed))
    let text = printingJSON ? try JSON.text(of: summary) : Data(summary.text.utf8)
    try StandardOutput.write(text)
    return ExitStatus.status(of: outcome)
  }
}

extension Swarm.Finding {
  fileprivate var summary: SwarmTest.Summary.Finding {
    SwarmTest.Summary.Finding(
      seed: seed, invariants: violations.map(\.invariant.rawValue), violations: violations.map(\.description),
      topology: topology.yaml)
  }
}

extension SwarmTest.Summary {
  var text: String {
    let option = synchronous ? " --synchronous" : ""
    var lines = findings.flatMap { finding in
      [
        "seed \(finding.seed): byzsgd simulate --swarm 1\(option) --seed \(finding.seed)", "in a smaller scenario:",
      ] + finding.violations.prefix(5).map { "  \($0)" } + [
        "replay it with:", "", "byzsgd simulate --trace /dev/stdin <<'END'", finding.topology + "END", "",
      ]
    }
    lines.append(
      String(
        format: "%@: %d scenarios from seed %llu on, %d steps in %.1f s (%.0f scenarios of 100 steps a minute)",
        outcome.rawValue, scenarios, firstSeed, steps, wallSeconds, stepsPerSecond / 100 * 60))
    if !knownStalls.isEmpty {
      lines.append(
        "\(knownStalls.count) stalled as is known to be possible below q_ps = 3 f_ps + 1: seeds "
          + knownStalls.map { "\($0)" }.joined(separator: ", "))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// The progress of a swarm test, told by several threads, one at a time.
private final class SwarmProgress: @unchecked Sendable {  // Safe: `Swarm.test` calls its observer from one at a time.
  private let total: Int
  private let started: MonotonicTime
  private let display: Display
  private var lastShown: MonotonicTime

  init(total: Int, started: MonotonicTime, display: Display) {
    self.total = total
    self.started = started
    self.display = display
    lastShown = started
  }

  func show(_ tally: Swarm.Tally) {
    let now = MonotonicTime.now
    guard now.milliseconds - lastShown.milliseconds >= Display.refreshMilliseconds else { return }
    lastShown = now
    let seconds = Double(now.milliseconds - started.milliseconds) / 1000
    let rate = Double(tally.scenarios) / seconds
    display.show(
      progress: String(
        format: "scenario %d/%d  %.0f a minute  %.0f s left", tally.scenarios, total, 60 * rate,
        Double(total - tally.scenarios) / rate))
  }

  func finish() { display.finish() }
}
