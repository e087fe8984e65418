import ByzRuntime

/// How far a benchmark has come, as a bar on standard error.
public struct ProgressBar {
  private static let width = 20

  private let display: Display

  public init(on display: Display) { self.display = display }

  /// Shows that `done` of `total` parts are done and which one is under way.
  func show(_ done: Int, of total: Int, _ part: String) {
    let filled = Self.width * done / total
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    display.show(progress: "[\(bar)] \(done)/\(total)  \(part)")
  }

  func finish() { display.finish() }
}
