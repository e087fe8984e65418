import ByzProtocol
import ByzTopology
import Foundation

/// Runs every node of a topology as a process on this machine.
///
/// The launcher is a convenience: it starts processes, watches them and sums up what they wrote. No node asks it anything,
/// and nothing that the run computes depends on it. But its processes are its own: whatever becomes of it, none is left.
public final class Launcher {
  private let topology: Topology
  private let directory: RunDirectory
  private let executable: String
  private let display: Display
  private let sockets: SocketFolder
  private let wake = DispatchSemaphore(value: 0)
  private let launchedAt = Date().timeIntervalSince1970
  private var children: [Child] = []
  private var ended: Set<NodeID> = []
  /// The nodes whose process ended before its time.
  private var lost: [NodeID: Loss] = [:]
  private var progress: Progress
  private var firstCompletion: MonotonicTime?

  private struct Child {
    let node: NodeID
    let process: ChildProcess
  }

  /// How far a lost node had come, and what it has written since, if somebody started it again.
  private struct Loss {
    let step: Int
    var metrics: MetricsFollower

    var isBack: Bool { metrics.step > step }
  }

  /// How the run ended, once it is known.
  private struct Verdict {
    let outcome: Outcome
    var reasons: [String] = []
  }

  /// - Parameters:
  ///   - topology: servers without an address get one that only this user can connect to.
  ///   - directory: where the run is written; the nodes' folders in it are made here.
  ///   - executable: the program whose `node` command runs a node.
  ///   - display: where progress is shown, and what nodes come to.
  /// - Throws: if the run directory cannot be written.
  public init(_ topology: Topology, directory: RunDirectory, executable: String, display: Display) throws {
    for node in topology.quorums.serverIDs + topology.quorums.workerIDs { try directory.makeFolder(of: node) }
    sockets = try SocketFolder()
    self.topology = topology.placing(sockets.addresses(for: topology))
    self.directory = directory
    self.executable = executable
    self.display = display
    progress = Progress(of: topology, in: directory)
    try self.topology.yaml.write(toFile: directory.topology, atomically: true, encoding: .utf8)
  }

  /// Starts all nodes, waits for their end and writes the run's summary.
  ///
  /// - Precondition: called on the main thread, whose end, too, would end the nodes.
  public func run() throws -> RunSummary {
    let interruption = Interruption { [wake] in wake.signal() }
    let childWatch = ChildProcess.watchEndings { [wake] in wake.signal() }
    defer {
      interruption.cancel()
      childWatch.cancel()
      sockets.remove()
    }
    let verdict: Verdict
    do {
      try start()
      verdict = watch(interruption)
    } catch {
      stop(signal: SIGKILL)
      throw error
    }
    display.finish()
    stop(signal: SIGTERM)
    let summary = SummaryBuilder(topology: topology, directory: directory, launchedAt: launchedAt, lost: Set(lost.keys))
      .build(verdict.outcome, reasons: verdict.reasons)
    try JSON.write(summary, to: directory.summary)
    return summary
  }

  private func start() throws {
    for node in topology.quorums.serverIDs + topology.quorums.workerIDs {
      let arguments = [
        executable, "node", "\(node)", directory.topology, "--run-directory", directory.path, "--quiet",
        "--launched-by", "\(getpid())",
      ]
      let process = try ChildProcess("\(node)", arguments, errors: directory.log(of: node))
      children.append(Child(node: node, process: process))
    }
  }

  private func watch(_ interruption: Interruption) -> Verdict {
    while true {
      _ = wake.wait(timeout: .now() + .milliseconds(Display.refreshMilliseconds))
      noteEndings()
      progress.update()
      display.show(progress: progress.line)
      if interruption.isRaised { return Verdict(outcome: .interrupted, reasons: ["it was interrupted"]) }
      if let verdict = judge() { return verdict }
    }
  }
}

// MARK: - What becomes of nodes

extension Launcher {
  private func isHonest(_ node: NodeID) -> Bool { topology.faults[node] == nil }

  private func noteEndings() {
    for child in children {
      child.process.reap()
      if !child.process.isRunning && ended.insert(child.node).inserted { note(endOf: child) }
    }
    for node in lost.keys { lost[node]?.metrics.update() }
  }

  private func note(endOf child: Child) {
    let summary = directory.readSummary(of: child.node)
    if summary?.outcome == .completed {
      if isHonest(child.node) { firstCompletion = firstCompletion ?? .now }
      return
    }
    guard summary?.outcome != .diverged else { return }
    var metrics = MetricsFollower(path: directory.metrics(of: child.node))
    metrics.update()
    lost[child.node] = Loss(step: metrics.step, metrics: metrics)
    if topology.faults[child.node]?.contains("crash") == true && child.process.exitStatus == ExitStatus.crashed {
      display.show("\(child.node) crashed, as its fault says")
    } else {
      let log = directory.log(of: child.node)
      display.show(
        "\(child.node) \(child.process.ending) at step \(progress.step)"
          + (summary?.reason.map { ": \($0)" } ?? "")
          + "; the last lines of \(log):\(ChildProcess.lastLines(ofLog: log))")
    }
  }

  /// Says how the run ended, if it has.
  private func judge() -> Verdict? {
    let diverged = ended.filter { isHonest($0) && directory.readSummary(of: $0)?.outcome == .diverged }.sorted()
    if let first = diverged.first {
      let reason = directory.readSummary(of: first)?.reason ?? "its state became non-finite"
      return Verdict(outcome: .diverged, reasons: ["\(first): \(reason)"])
    }
    if let verdict = judgeLosses() { return verdict }
    let waiting = children.filter { $0.process.isRunning && isHonest($0.node) }.map(\.node)
    if waiting.isEmpty {
      let done = ended.contains { isHonest($0) && lost[$0] == nil }
      return done ? Verdict(outcome: .completed) : Verdict(outcome: .failed, reasons: ["no honest node is left"])
    }
    // Those that have reached the end have stopped serving by now, so the others cannot reach it any more.
    let patience = topology.patience.lingerMilliseconds + 10_000
    if let firstCompletion, MonotonicTime.now.milliseconds - firstCompletion.milliseconds > patience {
      let names = waiting.map(\.description).joined(separator: ", ")
      return Verdict(outcome: .failed, reasons: ["left behind before the last step: \(names)"])
    }
    return nil
  }

  private func judgeLosses() -> Verdict? {
    for (role, group) in [(Role.server, topology.quorums.servers), (.worker, topology.quorums.workers)] {
      let names = lost.filter { $0.key.role == role && !$0.value.isBack }.keys.sorted().map(\.description)
      if names.count > group.byzantine {
        return Verdict(
          outcome: .failed,
          reasons: [
            "lost \(names.joined(separator: ", ")): more \(role.rawValue)s than the \(group.byzantine) that the topology "
              + "declares as possibly Byzantine"
          ])
      }
    }
    return nil
  }

  private func stop(signal: Int32) {
    ChildProcess.end(children.map(\.process), signal: signal, patience: 5_000, wake: wake)
  }
}
