/// A time of a simulated run, from its start, in whole microseconds: integers, so that no sum depends on its order.
public struct VirtualTime: Hashable, Comparable, Sendable {
  public let microseconds: Int

  public init(microseconds: Int) { self.microseconds = microseconds }

  public init(milliseconds: Double) { microseconds = Int((milliseconds * 1000).rounded()) }

  public static let start = VirtualTime(microseconds: 0)

  public var seconds: Double { Double(microseconds) / 1_000_000 }

  public static func < (left: VirtualTime, right: VirtualTime) -> Bool { left.microseconds < right.microseconds }

  public static func + (left: VirtualTime, right: VirtualTime) -> VirtualTime {
    VirtualTime(microseconds: left.microseconds + right.microseconds)
  }
}
