import ByzGradients
import ByzNumerics
import ByzProtocol
import ByzTopology

/// A server's evaluations, off the critical path: one at a time, on a thread that steps back behind training. While one is
/// under way only the newest request waits.
final class Evaluations {
  private let thread: WorkThread<any Evaluator>
  private let mailbox: Mailbox
  private var isBusy = false
  private var waiting: (step: Int, parameters: Vector)?

  init(in topology: Topology, node: NodeID, mailbox: Mailbox, failed: @escaping @Sendable (any Error) -> Void) {
    self.mailbox = mailbox
    thread = WorkThread(
      name: "evaluations", niceness: 10, prepare: { try topology.evaluator(of: node) }, failed: failed)
  }

  var isIdle: Bool { !isBusy && waiting == nil }

  func request(step: Int, _ parameters: Vector) {
    waiting = (step, parameters)
    if !isBusy { start() }
  }

  /// Goes on to what waits, after a result has come.
  func startNext() {
    isBusy = false
    start()
  }

  /// Seconds of processor time for evaluations so far.
  var cpuSeconds: Double { thread.cpuSeconds }

  func end() { thread.end() }

  private func start() {
    guard let (step, parameters) = waiting else { return }
    waiting = nil
    isBusy = true
    thread.perform { [mailbox] evaluator in
      do {
        mailbox.post(.evaluated(step: step, try evaluator.evaluate(parameters)))
      } catch {
        mailbox.post(.failed("the evaluation of step \(step) failed: \(error)"))
      }
    }
  }
}
