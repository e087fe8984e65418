import Foundation

/// What this process has used of the machine so far.
public struct ResourceUsage: Codable, Sendable, Equatable {
  /// Bytes of memory that are resident (VmRSS), shared libraries counted whole.
  public var residentBytes: Int
  /// Bytes of memory with each shared page divided among the processes that share it (PSS).
  public var proportionalBytes: Int
  /// Seconds of processor time, user and system.
  public var cpuSeconds: Double

  static var now: ResourceUsage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return ResourceUsage(
      residentBytes: kilobytes(of: "VmRSS:", in: "/proc/self/status") * 1024,
      proportionalBytes: kilobytes(of: "Pss:", in: "/proc/self/smaps_rollup") * 1024,
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }

  private static func kilobytes(of field: String, in file: String) -> Int {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field) })
    else { return 0 }
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
