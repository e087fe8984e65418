import ByzAggregation
import ByzNumerics
import ByzProtocol
import ByzTopology

/// What nodes compute on vectors in a step, each beside copying the vectors that go in.
struct KernelBenchmark {
  let topology: Topology

  private typealias Kernel = (name: String, inputs: Int, run: ([Vector]) -> Void)

  private var kernels: [Kernel] {
    let (servers, workers) = (topology.quorums.servers, topology.quorums.workers)
    var estimator = MomentumEstimator(topology.training)
    return [
      ("median of \(servers.count) models", servers.count, { keep(coordinatewiseMedian(of: $0)) }),
      (
        "\(topology.aggregation) of \(workers.count) momentums, f = \(workers.byzantine)", workers.count,
        { keep(topology.rule.aggregate($0, tolerating: workers.byzantine).vector) }
      ),
      ("whether a vector is finite", 1, { keep($0[0].isFinite) }),
      ("momentum of a gradient", 2, { keep(estimator.update(gradient: $0[0], at: $0[1])) }),
      ("update of a model", 2, { keep($0[0].adding(-0.1, times: $0[1])) }),
    ]
  }

  var names: [String] { kernels.map(\.name) }

  /// The comparison of the kernel at `index` of `names`.
  func run(_ index: Int, for seconds: Double, unless isInterrupted: () -> Bool) throws -> Comparison {
    let kernel = kernels[index]
    let inputs = (0..<kernel.inputs).map { drawnVector($0, dimension: topology.model.dimension) }
    let bytes = kernel.inputs * 4 * topology.model.dimension
    let room = CopyRoom(for: inputs)
    let timings = try Timing.compare(
      for: seconds, unless: isInterrupted, [{ kernel.run(inputs) }, { room.copy(inputs) }])
    return Comparison(kernel.name, bytes: bytes, timings[0], beside: "copying what goes in", timings[1])
  }
}

/// A vector of normal deviates; like those of honest nodes, no two are alike.
func drawnVector(_ index: Int, dimension: Int) -> Vector {
  var generator = SeededGenerator(seed: 1, path: [UInt64(index)])
  return Vector(count: dimension) { elements in
    for position in elements.indices { elements[position] = Float(generator.normal()) }
  }
}

/// Uses `value`, so that the compiler computes it.
@inline(never)
func keep(_ value: some Any) { withExtendedLifetime(value) {} }
