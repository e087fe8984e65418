import ByzRuntime
import Foundation

extension PartsBenchmark.Report {
  /// A table for people.
  public var text: String {
    let head = "\(topology): d = \(dimension), \(cores) cores; medians\n"
    let rows = parts.map { part in
      var cells = [part.name, milliseconds(part.seconds.median), rate(part.bytes, part.seconds)]
      if let reference = part.reference, let seconds = part.referenceSeconds, let ratio = part.ratio {
        cells += [reference, milliseconds(seconds.median), rate(part.bytes, seconds), String(format: "%.2f", ratio)]
      }
      return cells
    }
    return head + table([["", "ms", "GB/s", "beside", "ms", "GB/s", "ratio"]] + rows)
  }

  private func rate(_ bytes: Int, _ timing: Timing) -> String {
    String(format: "%.1f", Double(bytes) / timing.median / 1e9)
  }
}

extension LinksBenchmark.Report {
  /// A table for people.
  public var text: String {
    let head =
      "\(topology) without faults, over TCP on \(cores) cores; medians of \(rows[0].stepsPerSecond.count). Attacked: at every "
      + "server strangers\nopen \(hostileConnectionsPerSecond) connections a second\n"
    let lines = rows.map { row in
      [
        row.way.rawValue, String(format: "%.1f", row.stepsPerSecond.median), milliseconds(row.processorSeconds.median),
        row.accuracy.map { String(format: "%.4f", $0) } ?? "",
        row.serverBytes.map { String(format: "%.0f", Double($0) / 1e6) } ?? "", "\(row.refused)",
      ]
    }
    return head
      + table([["links", "steps/s", "CPU ms/step", "accuracy", "MB of a server", "dropped"]] + lines)
      + String(format: "\n\nprotected / open %.2f; attacked / protected %.2f", protectedRatio, attackedRatio)
  }
}

extension ModeReport {
  /// A table for people.
  var text: String {
    let rows = rows.map { row in
      [
        "\(row.mode.rawValue), \(row.links.rawValue)", String(format: "%.1f", row.stepsPerSecond.median),
        row.ratio.map { String(format: "%.2f", $0) } ?? "", String(format: "%.2f", row.modelsPerStep),
        String(format: "%.2f", Double(row.bytesPerStep) / 1e6), milliseconds(row.processorSeconds),
      ]
    }
    return table([["", "steps/s", "x asynchronous", "models/step", "MB/step", "CPU ms/step"]] + rows)
  }
}

extension StepReport {
  /// Tables for people.
  public var text: String {
    [stepText, processorText, undefendedText, modes.text, memoryText].joined(separator: "\n\n")
  }

  private var stepText: String {
    let megabytes = String(format: "%.1f MB at %.2f GB/s", Double(bytes) / 1e6, bytesPerSecond / 1e9)
    let each = "\(workers) of \(milliseconds(gradient.median)) ms, on \(cores) cores"
    return "\(topology) without faults: \(servers) servers, \(workers) workers, d = \(dimension); "
      + "medians of \(runs) run\(runs == 1 ? "" : "s")\n"
      + table([
        ["", "ms", ""],
        ["a step", milliseconds(step.median), String(format: "%.1f steps/s", 1 / step.median)],
        ["its bytes, as a bare libzmq loop moves them", milliseconds(bytesSeconds), megabytes],
        ["its gradients", milliseconds(gradientsSeconds), each],
        ["step / (bytes + gradients)", String(format: "%.2f", ratio), ""],
        ["an evaluation, beside the steps", milliseconds(evaluation.median), "of one core"],
      ])
  }

  private var processorText: String {
    let all = processor["all"] ?? ProcessorTime()
    let idle = max(0, Double(cores) * step.median - all.total)
    let rows = ProcessorTime.parts.map { part, name in
      [explanations[name] ?? name]
        + ["all", "server", "worker"].map { milliseconds(processor[$0]?[keyPath: part] ?? 0) }
    }
    let totals = ["all", "server", "worker"].map { milliseconds(processor[$0]?.total ?? 0) }
    return table(
      [["processor time of a step, ms", "all nodes", "a server", "a worker"]] + rows + [["together"] + totals]
        + [["\(cores) cores idle", milliseconds(idle), "", ""]])
  }

  private var explanations: [String: String] {
    [
      "machine": "checks, medians, aggregation, updates", "links": "receiving, sending, waking",
      "network": "libzmq's threads and the kernel", "work": "gradients, evaluations", "records": "metrics",
    ]
  }

  private var undefendedText: String {
    func rows(_ defence: Defence, _ way: String) -> [[String]] {
      [
        [
          "a step \(way), ms", milliseconds(defence.step.median), milliseconds(defence.undefendedStep.median),
          String(format: "%.2f", defence.step.median / defence.undefendedStep.median),
        ],
        [
          "processor time of the costliest node, ms", milliseconds(defence.largest),
          milliseconds(defence.undefendedLargest), String(format: "%.2f", defence.ratio),
        ],
      ]
    }
    return table(
      [["", "defended", "undefended", "ratio"]] + rows(acrossMachines, "over TCP")
        + rows(onOneMachine, "on one machine"))
  }

  private var memoryText: String {
    let rows = memory.map { ["at step \($0.step)", String(format: "%.0f", Double($0.proportionalBytes) / 1e6)] }
    return String(format: "seconds to the first step: %.1f\n\n", secondsToFirstStep.median)
      + table([["memory of all \(servers + workers) processes, proportional", "MB"]] + rows)
  }
}

extension ScalingBenchmark.Report {
  /// A table for people.
  public var text: String {
    func nanoseconds(_ seconds: Double) -> String { String(format: "%.2f", 1e9 * seconds) }
    let rows = rows.map { row in
      [
        "\(row.size.servers)", "\(row.size.workers)", "\(row.size.dimension)", milliseconds(row.step),
        milliseconds(row.server), milliseconds(row.serverMachine), nanoseconds(row.serverPerElement),
        milliseconds(row.worker), nanoseconds(row.workerPerElement),
      ]
    }
    let head = [
      "n_ps", "n_w", "d", "step, ms", "server, ms", "of it MDA etc.", "ns / (n_w d)", "worker, ms", "ns / (n_ps d)",
    ]
    return "processor time per step of the costliest server and worker\n" + table([head] + rows)
  }
}

extension AggregationBenchmark.Report {
  /// A table for people.
  public var text: String {
    let rows = rows.map { row in
      [
        row.rule, "\(row.inputs)", "\(row.byzantine)", "\(row.dimension)", milliseconds(row.oneThread.median),
        String(format: "%.2f", row.oneThreadRatio), milliseconds(row.allThreads.median),
        String(format: "%.2f", row.allThreadsRatio),
      ]
    }
    let head = ["rule", "n", "f", "d", "ms, 1 thread", "x copy", "ms, \(threads) threads", "x copy"]
    return "medians; beside copying the inputs with as many threads\n" + table([head] + rows)
  }
}

extension ResilienceBenchmark.Report {
  /// A table for people.
  public var text: String {
    func number(_ value: Double?, missing: String) -> String {
      value.map { $0 < 1e4 ? String(format: "%.3f", $0) : "unbounded" } ?? missing
    }
    let rows = findings.map { finding in
      [
        finding.rule, "\(finding.inputs)", "\(finding.byzantine)", "\(finding.dimension)",
        number(finding.lambda, missing: "-"),
        number(finding.worstLambda, missing: "unbounded"), number(finding.kappa, missing: "-"),
        number(finding.worstKappa, missing: "unbounded"),
        finding.isBroken ? "BROKEN" : "",
      ]
    }
    let head = ["rule", "n", "f", "d", "lambda proven", "found", "kappa proven", "found", ""]
    return "the largest coefficients that \(choices) choices of vectors made necessary\n" + table([head] + rows)
  }
}

extension SearchBenchmark.Report {
  /// A table for people.
  public var text: String {
    let rows = rows.map { row in
      [
        "\(row.degree)", "\(row.seconds.count)", milliseconds(row.seconds.median), milliseconds(row.seconds.highest),
      ]
    }
    return "exact search for \(inputs - byzantine) of \(inputs) points\n"
      + table([["neighbours", "graphs", "median, ms", "slowest, ms"]] + rows)
  }
}

private func milliseconds(_ seconds: Double) -> String {
  String(format: seconds < 1e-5 ? "%.5f" : "%.3f", 1e3 * seconds)
}

/// Columns side by side; all but the first one stand to the right.
private func table(_ rows: [[String]]) -> String {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return column == 0 ? cell + space : space + cell
    }
    return "  " + cells.joined(separator: "   ")
  }.joined(separator: "\n")
}
