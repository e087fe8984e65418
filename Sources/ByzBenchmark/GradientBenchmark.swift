import ByzGradients
import ByzProtocol
import ByzRuntime
import ByzTopology

/// A worker's gradient, alone on the machine.
struct GradientBenchmark {
  let topology: Topology

  static let name = "a gradient"

  func run(for seconds: Double, unless isInterrupted: () -> Bool) throws -> Comparison {
    let source = try topology.gradientSource(of: .worker(0))
    let parameters = topology.model.initialParameters(seed: topology.seed)
    var step = 0
    let timings = try Timing.compare(
      for: seconds, unless: isInterrupted,
      [
        {
          keep(try source.gradient(at: parameters, step: step, draw: 0))
          step += 1
        }
      ])
    return Comparison(Self.name, bytes: 4 * topology.model.dimension, timings[0])
  }
}
