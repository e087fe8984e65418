import ByzProtocol
import Glibc
import Testing

@testable import ByzTransport

/// Who is cut, in times that a test makes up.
@Suite struct ConnectionTests {
  /// The two ends of a connection.
  private final class Pair {
    let here: Int32
    let there: Int32

    init() throws {
      var ends: [Int32] = [-1, -1]
      guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw Failure("socketpair") }
      (here, there) = (ends[0], ends[1])
    }

    deinit {
      close(here)
      close(there)
    }

    /// Whether this end has been shut down.
    var isCut: Bool {
      var byte: UInt8 = 0
      return recv(there, &byte, 1, Int32(MSG_DONTWAIT)) == 0
    }
  }

  private let start = ContinuousClock.now
  private var connections = Connections(under: SocketLimits(largestFrame: 64, queuedMessages: 6))

  @Test mutating func whoSaysNothingIsCutInTheEnd() throws {
    let (silent, known) = (try Pair(), try Pair())
    connections.opened(silent.here, at: start)
    connections.opened(known.here, of: .worker(0), at: start)
    #expect(connections.check(at: start + .seconds(10)).isEmpty && !silent.isCut)
    let cut = connections.check(at: start + .seconds(11))
    #expect(cut.map(\.fault) == [.silent] && cut[0].peer == nil)
    #expect(silent.isCut && !known.isCut)
    #expect(connections.check(at: start + .seconds(100)).isEmpty)
  }

  @Test mutating func theOldestOfTooManyUnknownOnesAreCut() throws {
    let pairs = try (0..<Connections.mostUnknown + 5).map { _ in try Pair() }
    for pair in pairs { connections.opened(pair.here, at: start) }
    #expect(connections.check(at: start).map(\.fault) == [Connections.Fault](repeating: .tooManyUnknown, count: 5))
    #expect(pairs.prefix(5).allSatisfy(\.isCut) && !pairs.dropFirst(5).contains(where: \.isCut))
  }

  @Test mutating func aPeerKeepsItsNewestConnections() throws {
    let pairs = try (0..<5).map { _ in try Pair() }
    for pair in pairs { connections.opened(pair.here, of: .worker(1), at: start) }
    let other = try Pair()
    connections.opened(other.here, of: .worker(2), at: start)
    let cut = connections.check(at: start)
    #expect(cut.map(\.fault) == [.tooManyOfOne, .tooManyOfOne] && cut.allSatisfy { $0.peer == .worker(1) })
    #expect(pairs.map(\.isCut) == [true, true, false, false, false] && !other.isCut)
  }

  @Test mutating func whatHasEndedIsForgotten() throws {
    let pair = try Pair()
    connections.opened(pair.here, at: start)
    #expect(connections.closed(pair.here) != nil && connections.closed(pair.here) == nil)
    connections.opened(pair.here, of: .worker(1), at: start)
    #expect(connections.closed(pair.here) == nil)
    #expect(connections.check(at: start + .seconds(60)).isEmpty && !pair.isCut)
  }

  /// Looking costs system calls, so it is done from time to time only.
  @Test mutating func checksHaveAPause() throws {
    let pair = try Pair()
    _ = connections.check(at: start)
    connections.opened(pair.here, at: start - .seconds(60))
    #expect(connections.check(at: start + .milliseconds(249)).isEmpty)
    #expect(connections.check(at: start + .milliseconds(250)).map(\.fault) == [.silent])
  }
}
