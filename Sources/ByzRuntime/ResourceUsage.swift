import Foundation

/// What a node's process had used of the machine when it had come to a step.
public struct ResourceUsage: Codable, Sendable, Equatable {
  /// The milestone: the first step, half of all, the last.
  public var step: Int
  /// Bytes of memory that are resident (VmRSS), shared libraries counted whole.
  public var residentBytes: Int
  /// Bytes of memory with each shared page divided among the processes that share it (PSS).
  public var proportionalBytes: Int
  /// Since the start of the process.
  public var processor: ProcessorTime

  public init(step: Int, residentBytes: Int, proportionalBytes: Int, processor: ProcessorTime) {
    self.step = step
    self.residentBytes = residentBytes
    self.proportionalBytes = proportionalBytes
    self.processor = processor
  }

  /// What this process has used so far.
  init(at step: Int, processor: () -> ProcessorTime) {
    // Looking at the memory takes milliseconds. It comes before the times of the first step, so as not to be one of them.
    let before = processor()
    let resident = Self.kilobytes(of: "VmRSS:", in: "/proc/self/status") * 1024
    let proportional = Self.kilobytes(of: "Pss:", in: "/proc/self/smaps_rollup") * 1024
    self.init(
      step: step, residentBytes: resident, proportionalBytes: proportional, processor: step == 1 ? processor() : before)
  }

  /// The steps at which a node looks what it has used, in a run of `steps`.
  static func milestones(of steps: Int) -> [Int] {
    Set([1, steps / 2, steps]).filter { $0 > 0 }.sorted()
  }

  private static func kilobytes(of field: String, in file: String) -> Int {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field) })
    else { return 0 }
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
