import ByzRuntime
import Foundation

/// How far a sweep has come, for a line like
/// `12 of 90 runs, 3 at once; aggregation mda, seed 2: accuracy 0.9611; 40 min left`.
struct SweepProgress {
  private let total: Int
  private let finishedBefore: Int
  private let jobs: Int
  private let started = MonotonicTime.now
  private var ended = 0
  /// Of the last run that ended: which it was, how it ended, and how long the others would take at this pace.
  private var news: [String] = []

  /// - Parameters:
  ///   - finishedBefore: how many of all `total` runs were finished before.
  ///   - jobs: how many are made at once.
  init(total: Int, finishedBefore: Int, jobs: Int) {
    self.total = total
    self.finishedBefore = finishedBefore
    self.jobs = jobs
  }

  /// Notes the end of a run, and what is to be said of it.
  mutating func note(_ result: String) {
    ended += 1
    news = [result]
    let missing = total - finishedBefore - ended
    guard missing > 0 else { return }
    let seconds = Double(MonotonicTime.now.milliseconds - started.milliseconds) / 1000
    news.append("\(Self.text(seconds: seconds / Double(ended) * Double(missing))) left")
  }

  /// What there is to say at the start: how many runs need not be made; nil if all must.
  var former: String? {
    guard finishedBefore > 0 else { return nil }
    return "\(finishedBefore) of \(total) runs were finished before"
      + (finishedBefore == total ? "; nothing is run anew" : "")
  }

  var line: String {
    (["\(finishedBefore + ended) of \(total) runs, \(jobs) at once"] + news).joined(separator: "; ")
  }

  static func text(seconds: Double) -> String {
    if seconds < 100 { return String(format: "%.0f s", seconds) }
    if seconds < 6_000 { return String(format: "%.0f min", seconds / 60) }
    return String(format: "%.1f h", seconds / 3_600)
  }
}
