import ByzRuntime
import ByzTopology
import Foundation

/// The parts of a step of a topology, one by one, each alone on this machine.
public struct PartsBenchmark {
  public struct Report: Codable, Sendable {
    public let topology: String
    /// d
    public let dimension: Int
    /// Processors that this process may use.
    public let cores: Int
    public let parts: [Comparison]
  }

  private typealias Part = (name: String, run: (_ isInterrupted: () -> Bool) throws -> Comparison)

  private let topology: Topology
  private let secondsForEach: Double

  /// - Parameters:
  ///   - topology: the run whose model, batch, rule and numbers of nodes the parts are measured with.
  ///   - seconds: for how long each part is measured.
  public init(_ topology: Topology, seconds: Double) {
    self.topology = topology
    secondsForEach = seconds
  }

  /// Measures all parts.
  ///
  /// - Throws: `Interrupted`, or what the sockets, the data or libtorch refuse.
  public func run(showing progress: ProgressBar, unless isInterrupted: @escaping () -> Bool) throws -> Report {
    var comparisons: [Comparison] = []
    for (index, part) in parts.enumerated() {
      progress.show(index, of: parts.count, part.name)
      comparisons.append(try part.run(isInterrupted))
    }
    progress.finish()
    return Report(
      topology: topology.name, dimension: topology.model.dimension, cores: ProcessInfo.processInfo.activeProcessorCount,
      parts: comparisons)
  }

  private var parts: [Part] {
    let kernels = KernelBenchmark(topology: topology)
    let seconds = secondsForEach
    var parts: [Part] = kernels.names.enumerated().map { index, name in
      (name, { try kernels.run(index, for: seconds, unless: $0) })
    }
    parts.append((CodecBenchmark.name, { try CodecBenchmark(topology: topology).run(for: seconds, unless: $0) }))
    for medium in TransportBenchmark.Medium.allCases {
      let transport = TransportBenchmark(topology: topology, medium: medium)
      parts.append((transport.name, { try transport.run(for: seconds, unless: $0) }))
    }
    parts.append((GradientBenchmark.name, { try GradientBenchmark(topology: topology).run(for: seconds, unless: $0) }))
    return parts
  }
}
