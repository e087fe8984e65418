import Foundation

/// Where a node's times come from.
struct NodeClock {
  /// Seconds since 1970; in a simulated run since its start.
  let time: () -> Double
  /// Seconds since the node started.
  let elapsed: () -> Double

  /// The machine's clocks: that of the day, and one that nobody sets.
  static var real: NodeClock {
    let started = DispatchTime.now()
    return NodeClock(
      time: { Date().timeIntervalSince1970 },
      elapsed: { Double(DispatchTime.now().uptimeNanoseconds - started.uptimeNanoseconds) / 1e9 })
  }

  /// Virtual time, in seconds.
  static func virtual(_ seconds: @escaping () -> Double) -> NodeClock {
    NodeClock(time: seconds, elapsed: seconds)
  }
}
