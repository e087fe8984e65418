import Glibc

/// Seconds of processor time, user and system, by what a node spent them on.
public struct ProcessorTime: Codable, Sendable, Equatable {
  /// The protocol: checking what came in, medians, aggregation, updates, momentum.
  public var machine = 0.0
  /// The node's own thread waiting for, receiving and sending messages, and its timers.
  public var links = 0.0
  /// libzmq's thread and the kernel for it: what moves the bytes. Also whatever else runs beside the threads named here.
  public var network = 0.0
  /// Gradients of a worker, evaluations of a server.
  public var work = 0.0
  /// Writing metrics.
  public var records = 0.0

  public init() {}

  /// What there is, with the name of each.
  public static var parts: [(path: WritableKeyPath<ProcessorTime, Double>, name: String)] {
    [
      (\.machine, "machine"), (\.links, "links"), (\.network, "network"), (\.work, "work"), (\.records, "records"),
    ]
  }

  public var total: Double { machine + links + network + work + records }

  static func - (left: Self, right: Self) -> Self { left.combined(with: right, -) }
  static func + (left: Self, right: Self) -> Self { left.combined(with: right, +) }

  /// This time, divided among `count` steps.
  func divided(by count: Int) -> Self {
    combined(with: self) { time, _ in time / Double(count) }
  }

  private func combined(with other: Self, _ operation: (Double, Double) -> Double) -> Self {
    var result = self
    for (part, _) in Self.parts {
      result[keyPath: part] = operation(self[keyPath: part], other[keyPath: part])
    }
    return result
  }
}

/// Charges the processor time of a node's own thread to what it was spent on.
struct ProcessorMeter {
  private var charged = ProcessorTime()
  private var last = Self.seconds(of: CLOCK_THREAD_CPUTIME_ID)

  /// Charges what the calling thread, a node's own, has used since the last charge.
  mutating func charge(_ part: WritableKeyPath<ProcessorTime, Double>) {
    let now = Self.seconds(of: CLOCK_THREAD_CPUTIME_ID)
    charged[keyPath: part] += now - last
    last = now
  }

  /// All that the process has used so far, `work` of it on a thread for that.
  func total(work: Double) -> ProcessorTime {
    var total = charged
    total.work = work
    total.network = max(0, Self.seconds(of: CLOCK_PROCESS_CPUTIME_ID) - total.total)
    return total
  }

  /// What `clock` shows.
  static func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
