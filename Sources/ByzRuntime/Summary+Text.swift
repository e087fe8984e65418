import ByzProtocol
import ByzTopology
import Foundation

extension Encodable {
  /// Prints the value on standard output as JSON.
  fileprivate func printAsJSON() throws { try StandardOutput.write(JSON.text(of: self)) }
}

extension NodeSummary {
  /// Prints the summary on standard output as JSON.
  public func printJSON() throws { try printAsJSON() }
}

extension RunSummary {
  /// Prints the summary on standard output as JSON.
  public func printJSON() throws { try printAsJSON() }

  /// Prints the summary on standard output for a person to read.
  public func printText(directory: RunDirectory) throws {
    try StandardOutput.write(Data("\(text(directory: directory))\n".utf8))
  }

  /// The summary for a person to read.
  func text(directory: RunDirectory) -> String {
    var lines = [headline] + reasons.map { "  \($0)" } + [""]
    lines += servers.map { server in
      row(
        server.id, step: server.step, server.accuracy.map { String(format: "accuracy %.4f", $0) }, server.admitted,
        server.fault)
    }
    lines += workers.map { worker in
      row(
        worker.id, step: worker.step,
        worker.selected.map { String(format: "selected in %.0f %% of the steps", 100 * $0) }, worker.admitted,
        worker.fault, worker.forged)
    }
    lines.append("")
    if let pulled { lines += [pullsText(pulled)] + workers.flatMap(\.refusalTexts) + [""] }
    lines += warnings.map { "warning: \($0)" }
    if !lost.isEmpty { lines.append("lost: \(lost.joined(separator: ", "))") }
    if let traceDigest { lines.append("trace digest: \(traceDigest)") }
    lines.append("run directory: \(RunDirectory.shown(directory.path))")
    return lines.joined(separator: "\n")
  }

  /// How workers came by their models.
  private func pullsText(_ pulled: [String: Double]) -> String {
    func share(_ source: ModelSource) -> String { String(format: "%.1f %%", 100 * (pulled[source.rawValue] ?? 0)) }
    return (modelsPerStep.map { String(format: "%.2f models sent a step; ", $0) } ?? "")
      + "honest workers took \(share(.certified)) certified, \(share(.filtered)) filtered, \(share(.median)) as a median"
  }

  private var headline: String {
    var parts = ["\(outcome.rawValue): \(steps) steps"]
    if let wallSeconds, let stepsPerSecond {
      let time = traceDigest == nil ? "s" : "s of virtual time"
      parts[0] += String(format: " in %.1f %@ (%.1f steps/s)", wallSeconds, time, stepsPerSecond)
    }
    if let accuracy { parts.append(String(format: "accuracy %.4f", accuracy)) }
    if let loss { parts.append(String(format: "loss %.4g", loss)) }
    if let modelSpread { parts.append(String(format: "model spread %.2g", modelSpread)) }
    return parts.joined(separator: ", ")
  }

  private func row(
    _ id: String, step: Int, _ figure: String?, _ admitted: Double?, _ fault: String?,
    _ forged: NodeSummary.Forgeries? = nil
  ) -> String {
    let name = id.padding(toLength: 12, withPad: " ", startingAt: 0)
    let steps = "step \(step)".padding(toLength: 12, withPad: " ", startingAt: 0)
    let state = lost.contains(id) ? "lost" : (figure ?? "")
    guard let fault else { return "  \(name)\(steps)\(state)" }
    let share = admitted.map { String(format: ", admitted in %.0f %%", 100 * $0) } ?? ""
    let knowledge = forged.map { ", \($0.text)" } ?? ""
    return "  \(name)\(steps)\(state)\(state.isEmpty ? "" : "  ")played \(fault)\(share)\(knowledge)"
  }
}

extension RunSummary.Worker {
  /// Whose models it has rejected for what, a line for each server: `worker-2 rejected 31 models of server-4: 31 Lipschitz (1.8
  /// times the bound)`.
  fileprivate var refusalTexts: [String] {
    (refused ?? [:]).sorted { $0.key < $1.key }.map { server, reasons in
      let total = reasons.values.reduce(0) { $0 + $1.models }
      let parts = reasons.sorted { $0.key < $1.key }.map { reason, refusals in
        "\(refusals.models) \(Self.names[reason] ?? reason)"
          + (refusals.meanExcess.map { String(format: " (%.3g times the bound on average)", $0) } ?? "")
      }
      return "  \(id) rejected \(total) model\(total == 1 ? "" : "s") of \(server): \(parts.joined(separator: ", "))"
    }
  }

  private static let names = ["lipschitz": "Lipschitz", "digest": "another digest", "absent": "not there in time"]
}

extension NodeSummary.Forgeries {
  /// How the node knew what honest workers sent.
  fileprivate var text: String {
    switch (overheard, estimated) {
    case (_, 0): "knowing honest momentums"
    case (0, _): "estimating from its own data"
    default: "knowing honest momentums in \(overheard) steps and estimating from its own data in \(estimated)"
    }
  }
}
