import ByzRuntime
import ByzTopology

extension SweepRow {
  /// What `results.csv` says of a row besides the values of the axes.
  static let columns: [(name: String, value: @Sendable (SweepRow) -> String?)] = [
    ("made", { $0.run?.kind.rawValue }),
    ("case", { $0.run?.id }),
    ("outcome", { $0.outcome }),
    ("reason", { $0.reason }),
    ("steps", { ($0.summary?.steps).text }),
    ("accuracy", { ($0.summary?.accuracy).text }),
    ("loss", { ($0.summary?.loss).text }),
    ("model_spread", { ($0.summary?.modelSpread).text }),
    ("wall_seconds", { ($0.summary?.wallSeconds).text }),
    ("steps_per_second", { ($0.summary?.stepsPerSecond).text }),
    ("models_per_step", { ($0.summary?.modelsPerStep).text }),
    ("pulled_certified", { ($0.summary?.pulled?["certified"]).text }),
    ("pulled_filtered", { ($0.summary?.pulled?["filtered"]).text }),
    ("pulled_median", { ($0.summary?.pulled?["median"]).text }),
    ("byzantine_workers_admitted", { $0.meanOverFaultyWorkers(\.admitted).text }),
    ("byzantine_workers_selected", { $0.meanOverFaultyWorkers(\.selected).text }),
    ("byzantine_servers_admitted", { $0.meanOverFaultyServers(\.admitted).text }),
    ("forged_knowing", { $0.forged?.overheard.description }),
    ("forged_estimating", { $0.forged?.estimated.description }),
    ("beyond_bounds", { $0.run.map { $0.topology.isBeyondBounds ? "yes" : "no" } }),
  ]

  /// The mean over the faulty workers that have the figure; nil if none has.
  private func meanOverFaultyWorkers(_ figure: (RunSummary.Worker) -> Double?) -> Double? {
    Self.mean((summary?.workers ?? []).filter { !$0.honest }.compactMap(figure))
  }

  /// The same of servers.
  private func meanOverFaultyServers(_ figure: (RunSummary.Server) -> Double?) -> Double? {
    Self.mean((summary?.servers ?? []).filter { !$0.honest }.compactMap(figure))
  }

  /// What all faulty workers together have forged; nil if none had to know anything.
  private var forged: NodeSummary.Forgeries? {
    let known = (summary?.workers ?? []).compactMap(\.forged)
    guard !known.isEmpty else { return nil }
    return known.reduce(into: NodeSummary.Forgeries()) { sum, one in
      sum.overheard += one.overheard
      sum.estimated += one.estimated
    }
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Those of `rows` that have ended, in their order, under the names of the columns.
  static func csv(_ rows: [SweepRow], of grid: Grid) -> String {
    let header = grid.axes.map(\.name) + columns.map(\.name)
    let ended = rows.filter { $0.outcome != nil }
    return CSV.text([header] + ended.map { row in row.labels + columns.map { $0.value(row) ?? "" } })
  }
}

extension Optional where Wrapped: CustomStringConvertible {
  /// A number with the fewest digits that give it back, the same on every platform.
  fileprivate var text: String? { map(\.description) }
}
