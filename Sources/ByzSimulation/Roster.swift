import ByzProtocol

/// The nodes of a run by number: servers first, so that a set of senders of one role fits in the bits of a word.
struct Roster {
  let servers: Int
  let workers: Int

  init(_ quorums: Quorums) {
    servers = quorums.servers.count
    workers = quorums.workers.count
  }

  var all: Range<Int> { 0..<servers + workers }

  func number(_ id: NodeID) -> Int { id.role == .server ? id.index : servers + id.index }

  func id(_ number: Int) -> NodeID { number < servers ? .server(number) : .worker(number - servers) }

  func isServer(_ number: Int) -> Bool { number < servers }
}
