import ByzTopology
import Foundation

/// The results of a sweep as a table in Markdown: a column for each value of one axis, a row for each combination of the
/// others, and in a cell the mean over the seeds.
struct SweepTable {
  private let grid: Grid
  private let rows: [SweepRow]
  private let figure: Figure

  init(_ rows: [SweepRow], of grid: Grid) {
    self.grid = grid
    self.rows = rows
    figure = rows.contains { $0.summary?.accuracy != nil } ? .accuracy : .loss
  }

  /// What a cell shows.
  private enum Figure: String {
    case accuracy
    /// Of problems that classify nothing.
    case loss

    func value(of row: SweepRow) -> Double? {
      switch self {
      case .accuracy: row.summary?.accuracy
      case .loss: row.summary?.loss
      }
    }

    func text(_ value: Double) -> String { String(format: self == .accuracy ? "%.4f" : "%#.4g", value) }

    func worst(_ values: [Double]) -> Double? { self == .accuracy ? values.min() : values.max() }
  }

  /// The axes that have no columns: neither the one that the grid names nor the seed.
  private var rowAxes: [Int] { grid.axes.indices.filter { $0 != grid.columns && $0 != grid.seedAxis } }

  /// What the cells are, a line, and the table.
  var text: String {
    let columns = grid.columns.map { grid.axes[$0].values.map(\.label) } ?? [figure.rawValue]
    var order: [[String]] = []
    var cells: [[String]: [String: [SweepRow]]] = [:]
    for row in rows {
      let head = rowAxes.map { row.labels[$0] }
      if cells[head] == nil { order.append(head) }
      cells[head, default: [:]][grid.columns.map { row.labels[$0] } ?? figure.rawValue, default: []].append(row)
    }
    let body = order.map { head in head + columns.map { cell(of: cells[head]?[$0] ?? []) } }
    return ([caption, ""] + Self.lines([rowAxes.map { grid.shortNames[$0] } + columns] + body)).joined(separator: "\n")
      + "\n"
  }

  private var caption: String {
    let seeds = grid.seedAxis.map { grid.axes[$0].values.count } ?? 1
    let mean = ", the mean over \(seeds) seeds (and the \(figure == .accuracy ? "smallest" : "largest"))"
    let kind = rows.lazy.compactMap(\.run?.kind).first == .processes ? "real processes" : "simulated"
    return "\(grid.name) (\(kind)): \(figure.rawValue)" + (seeds > 1 ? mean : "")
      + (grid.columns.map { ", by \(grid.shortNames[$0])" } ?? "")
  }

  /// The mean of the runs that completed, the worst of them behind it, and how many ended in another way.
  private func cell(of rows: [SweepRow]) -> String {
    let completed = rows.filter { $0.outcome == "completed" }
    let values = completed.compactMap(figure.value)
    var parts: [String] = []
    if let worst = figure.worst(values) {
      let mean = figure.text(values.reduce(0, +) / Double(values.count))
      parts.append(values.count > 1 ? "\(mean) (\(figure.text(worst)))" : mean)
    } else if !completed.isEmpty {
      parts.append("completed")
    }
    for outcome in ["diverged", "failed", "refused", "unfinished"] {
      let count = rows.count { ($0.outcome ?? "unfinished") == outcome }
      if count > 0 { parts.append(count == rows.count ? outcome : "\(count) of \(rows.count) \(outcome)") }
    }
    return parts.joined(separator: ", ")
  }

  /// The lines of a table whose first row is its head, padded to be read as they are, too.
  private static func lines(_ rows: [[String]]) -> [String] {
    let cells = rows.map { row in row.map { $0.replacing("|", with: "\\|") } }
    let widths = cells[0].indices.map { column in max(3, cells.map { $0[column].count }.max() ?? 0) }
    let lines = cells.map { row in
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return "| \(padded.joined(separator: " | ")) |"
    }
    let rule = "| \(widths.map { String(repeating: "-", count: $0) }.joined(separator: " | ")) |"
    return [lines[0], rule] + lines.dropFirst()
  }
}
