import ByzNumerics
import ByzProtocol
import ByzWire
import Testing

/// Whatever comes in, reading ends with one of the named errors or with something that this run can hold.
@Suite struct DrawnInputTests {
  /// Valid frames damaged here and there, and frames that are nothing but noise.
  private func draw(_ generator: inout SeededGenerator) -> [[UInt8]] {
    if generator.index(below: 10) == 0 { return noise(&generator) }
    let message = generator.message()
    var drawn = frames(of: message, from: generator.sender(of: message))
    if generator.index(below: 12) == 0 { drawn = [codec(.server(1), digest: otherDigest).refusalHeader, digest] }
    if generator.index(below: 12) == 0 { drawn = [codec(.server(1)).hello] }
    for _ in 0..<generator.index(below: 3) { damage(&drawn, &generator) }
    return drawn
  }

  private func noise(_ generator: inout SeededGenerator) -> [[UInt8]] {
    let lengths = [0, 1, 24, 32, 63, 64, 65, 200]
    return (0..<generator.index(below: 5)).map { _ in
      let length = lengths[generator.index(below: lengths.count)]
      return (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
  }

  private func damage(_ frames: inout [[UInt8]], _ generator: inout SeededGenerator) {
    guard !frames.isEmpty else { return }
    let frame = generator.index(below: frames.count)
    let count = frames[frame].count
    let byte = UInt8(truncatingIfNeeded: generator.next())
    switch generator.index(below: 9) {
    case 0: frames[frame] = Array(frames[frame].prefix(generator.index(below: count + 1)))
    case 1: frames[frame].append(byte)
    case 2: frames.remove(at: frame)
    case 3: frames.append(frames[frame])
    case 4: frames.reverse()
    case 5 where count > 0: frames[frame][generator.index(below: count)] ^= 1 << (byte & 7)
    case 6 where count > 0: frames[frame][generator.index(below: count)] = byte
    // One byte of the fields between magic and digest, where small numbers mean something.
    default: if count >= 32 { frames[frame][4 + generator.index(below: 28)] = byte & 0x23 }
    }
  }

  @Test func nothingOutsideTheRunComesThrough() {
    var (messages, foreign, refusals, hellos) = (0, 0, 0, 0)
    var errors: Set<String> = []
    for seed in 0..<20_000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let frames = draw(&generator)
      do throws(WireError) {
        switch try decode(frames, misalignedBy: generator.index(below: 4)) {
        case .message(let message, let claimed):
          messages += 1
          #expect(isOfTheRun(message, claimed), "seed \(seed): \(message) from \(claimed)")
          // All that a header says is kept: written again, it is what came in.
          #expect(ByzWireTests.frames(of: message, from: claimed) == frames, "seed \(seed)")
        case .hello(let claimed):
          hellos += 1
          #expect(configuration.quorums.contains(claimed) && [codec(claimed).hello] == frames, "seed \(seed)")
        case .foreign(let claimed, let theirs):
          foreign += 1
          #expect(claimed.map(configuration.quorums.contains) ?? true, "seed \(seed)")
          #expect(theirs != digest && theirs.count == 32, "seed \(seed)")
        case .refusal(let claimed, let theirs, let seen):
          refusals += 1
          #expect(claimed.map(configuration.quorums.contains) ?? true, "seed \(seed)")
          #expect(theirs.count == 32 && seen.count == 32, "seed \(seed)")
        }
      } catch {
        errors.insert(error.name)
      }
    }
    // Otherwise the draws would try nothing.
    #expect(messages > 4000 && foreign > 200 && refusals > 200 && hellos > 200)
    #expect(errors.count == 10, "\(errors)")
  }

  private func isOfTheRun(_ message: Message, _ claimed: NodeID) -> Bool {
    guard configuration.quorums.contains(claimed), message.senders.contains(claimed.role) else { return false }
    switch message {
    case .vector(_, let step, let vector): return (0..<100).contains(step) && vector.count == 6
    case .request(_, let step), .digest(let step, _): return (0..<100).contains(step)
    case .done: return true
    }
  }
}
