import ByzTopology
import Testing

@testable import ByzBenchmark
@testable import ByzRuntime

@Suite struct StepReportTests {
  private func time(_ machine: Double, _ network: Double) -> ProcessorTime {
    var time = ProcessorTime()
    time.machine = machine
    time.network = network
    return time
  }

  private func run(seconds: Double, bytes: Int, processor: [String: ProcessorTime], memory: Int) -> RunSummary {
    RunSummary(
      name: "x", outcome: .completed, reasons: [], warnings: [], steps: 11, wallSeconds: seconds,
      stepsPerSecond: 10 / seconds,
      secondsToFirstStep: seconds / 2, servers: [], workers: [], lost: [], messagesSent: [:],
      bytesSent: ["model": bytes, "momentum": bytes], messagesDropped: [:], memory: [:],
      memoryOverTime: [.init(step: 1, proportionalBytes: memory), .init(step: 11, proportionalBytes: 2 * memory)],
      processorSecondsPerStep: processor, seed: 1, topologyDigest: "", version: "")
  }

  @Test func arithmetic() throws {
    let topology = try Topology(
      yaml: "{model: {analytic: quadratic}, servers: {count: 5, byzantine: 1}, workers: {count: 7, byzantine: 2}}",
      file: "x.yaml")
    let runs = [(1.0, 100), (3, 300), (2, 200)].map { seconds, memory in
      run(
        seconds: seconds, bytes: 5_500,
        processor: ["all": time(9, seconds), "server": time(1, seconds), "worker": time(0.5, 0)], memory: memory)
    }
    let undefended = [
      run(seconds: 0.5, bytes: 0, processor: ["server": time(0.5, 0.25), "worker": time(0, 1)], memory: 0)
    ]
    let report = StepReport(
      topology, secondsPerByte: Timing([2e-5]), gradient: Timing([0.01]), evaluation: Timing([1]),
      local: .init(defended: runs, undefended: undefended),
      tcp: .init(defended: undefended, undefended: runs),
      modes: ModeReport([
        .init(links: .tcp, mode: .asynchronous): [runs[0], runs[1], runs[2]],
        .init(links: .tcp, mode: .filtered): [runs[1], runs[0], runs[2]],
        .init(links: .protected, mode: .certified): [runs[2]],
      ]))
    // Ten steps in 1, 2 and 3 seconds; 11,000 bytes in eleven steps.
    #expect(report.step.median == 0.2 && report.bytes == 1000 && abs(report.bytesPerSecond - 5e4) < 1e-6)
    #expect(report.bytesSeconds == 0.02)
    #expect(abs(report.gradientsSeconds - 0.07 / Double(min(7, report.cores))) < 1e-12)
    #expect(abs(report.ratio - 0.2 / (report.bytesSeconds + report.gradientsSeconds)) < 1e-12)
    #expect(report.processor["server"]?.network == 2 && report.processor["all"]?.total == 11)
    // The costliest nodes: a server of 1 + 2 seconds, and without defence a worker of one.
    #expect(report.onOneMachine.undefendedStep.median == 0.05 && report.onOneMachine.ratio == 3)
    #expect(report.acrossMachines.step.median == 0.05 && report.acrossMachines.undefendedLargest == 3)
    #expect(report.secondsToFirstStep.median == 1)
    #expect(report.memory.map(\.proportionalBytes) == [200, 400])
    // Run by run: a third, three times and once as fast as the asynchronous one beside it.
    let modes = report.modes.rows
    #expect(modes.map(\.mode) == [.asynchronous, .filtered, .certified])
    #expect(modes.map(\.links) == [.tcp, .tcp, .protected])
    #expect(modes[0].ratio == 1 && modes[1].ratio == 1 && modes[2].ratio == nil)
    #expect(modes.allSatisfy { $0.stepsPerSecond.median == 5 && $0.bytesPerStep == 1000 && $0.processorSeconds == 11 })
    for line in ["x without faults", "200.000", "5.0 steps/s", "at step 11", "synchronous, certified, over TCP"] {
      #expect(report.text.contains(line), "\(line):\n\(report.text)")
    }
  }
}
