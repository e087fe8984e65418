import Dispatch

/// How long something took, over repeated measurements, in seconds.
public struct Timing: Codable, Sendable {
  public let median: Double
  public let lowest: Double
  public let highest: Double
  /// How many measurements there were.
  public let count: Int

  /// The summary of `samples`, at least one.
  public init(_ samples: [Double]) {
    let sorted = samples.sorted()
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    lowest = sorted[0]
    highest = sorted[sorted.count - 1]
    count = sorted.count
  }

  /// Measures each of `bodies` in turn, again and again, so that whatever else the machine does meets all of them alike.
  ///
  /// - Parameters:
  ///   - seconds: for how long to go on; each body is measured three times at least.
  ///   - isInterrupted: asked between measurements.
  /// - Returns: a timing for each body.
  /// - Throws: `Interrupted`, or what a body throws.
  static func compare(
    for seconds: Double, unless isInterrupted: () -> Bool, _ bodies: [() throws -> Void]
  ) throws -> [Timing] {
    var samples = Array(repeating: [Double](), count: bodies.count)
    for body in bodies { try body() }  // The first call finds cold caches and memory that is not there yet.
    let end = now + seconds
    while samples[0].count < 3 || now < end {
      if isInterrupted() { throw Interrupted() }
      for (index, body) in bodies.enumerated() {
        let start = now
        try body()
        samples[index].append(now - start)
      }
    }
    return samples.map(Timing.init)
  }

  /// Seconds of a clock that only goes forward.
  static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

/// Somebody asked for the end of a benchmark.
public struct Interrupted: Error {}

/// One thing beside what it could cost at best, or another that does the same.
public struct Comparison: Codable, Sendable {
  /// What was measured, such as `median of 5 models`.
  public let name: String
  public let seconds: Timing
  /// Bytes that go in, or over a link.
  public let bytes: Int
  /// What it is compared with, such as `copying them`; nil for what stands alone.
  public let reference: String?
  public let referenceSeconds: Timing?
  /// The one median divided by the other.
  public let ratio: Double?

  init(
    _ name: String, bytes: Int, _ seconds: Timing, beside reference: String? = nil, _ referenceSeconds: Timing? = nil
  ) {
    self.name = name
    self.bytes = bytes
    self.seconds = seconds
    self.reference = reference
    self.referenceSeconds = referenceSeconds
    ratio = referenceSeconds.map { seconds.median / $0.median }
  }
}
