import ByzNumerics
import ByzProtocol
import ByzTopology
import ByzWire

/// Writing and reading a message with a vector, beside copying the vector. Vectors are sent from, and used in, the memory
/// they lie in, so this should cost the same whatever their length.
struct CodecBenchmark {
  let topology: Topology

  static let name = "header of a vector, written and read"

  func run(for seconds: Double, unless isInterrupted: () -> Bool) throws -> Comparison {
    let configuration = topology.protocolConfiguration
    let (sender, receiver) = (NodeID.worker(0), NodeID.server(0))
    let writing = Codec(node: sender, digest: topology.digest, configuration: configuration)
    let reading = Codec(node: receiver, digest: topology.digest, configuration: configuration)
    let vector = drawnVector(0, dimension: topology.model.dimension)
    let message = Message.vector(.momentum, step: 0, vector)
    let bytes = 4 * vector.count
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
    defer { room.deallocate() }
    let timings = try vector.withUnsafeBufferPointer { elements in
      let payload = UnsafeRawBufferPointer(elements)
      return try Timing.compare(
        for: seconds, unless: isInterrupted,
        [
          {
            try writing.header(of: message).withUnsafeBytes { header in
              keep(try reading.decode([header, payload], owner: vector))
            }
          },
          {
            room.copyMemory(from: payload)
            keep(room)
          },
        ])
    }
    return Comparison(Self.name, bytes: bytes, timings[0], beside: "copying the vector", timings[1])
  }
}
