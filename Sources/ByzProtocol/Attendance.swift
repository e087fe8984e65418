/// Whom it is worth waiting for, once the quorum is there.
///
/// Waiting a moment for the rest improves every aggregate, but a silent peer would cost everyone the whole grace time in
/// every round. So a peer that has missed three rounds in a row is left out. One vector in time puts it back.
///
/// In an asynchronous run it is left out for one round, then waited for again; each further miss doubles the rounds it is left
/// out, up to 32. In a synchronous run it is waited for again in every 32nd round, the same for all nodes: if one waited where
/// another did not, they would be Delta apart in the next round.
struct Attendance {
  private struct Record {
    var misses = 0
    var roundsLeftOut = 0
  }

  private static let permitted = 3
  private static let period = 32

  private let isSynchronous: Bool
  private var records: [NodeID: Record]

  init(of peers: [NodeID], in mode: TrainingMode) {
    isSynchronous = mode.isSynchronous
    records = Dictionary(uniqueKeysWithValues: peers.map { ($0, Record()) })
  }

  /// Whether `peer` is not worth waiting for in `round`, which only counts in a synchronous run.
  func isLeftOut(_ peer: NodeID, in round: Int) -> Bool {
    let record = records[peer] ?? Record()
    return isSynchronous
      ? record.misses >= Self.permitted && round % Self.period != 0 : record.roundsLeftOut > 0
  }

  /// Whether somebody worth waiting for in `round` is not among `present`.
  func isMissingSome(of present: [NodeID], in round: Int) -> Bool {
    let present = Set(present)
    return records.keys.contains { !present.contains($0) && !isLeftOut($0, in: round) }
  }

  /// Takes note of who was there in a round that is now over.
  mutating func close(present: [NodeID]) {
    let present = Set(present)
    for peer in records.keys { close(peer, wasPresent: present.contains(peer)) }
  }

  /// Takes note whether `peer` was there in a round in which nobody else was waited for.
  mutating func close(_ peer: NodeID, wasPresent: Bool) {
    records[peer] = next(records[peer] ?? Record(), wasPresent: wasPresent)
  }

  private func next(_ record: Record, wasPresent: Bool) -> Record {
    if wasPresent { return Record() }
    if record.roundsLeftOut > 0 { return Record(misses: record.misses, roundsLeftOut: record.roundsLeftOut - 1) }
    let misses = min(record.misses + 1, 8)
    // At most `period` rounds.
    let isOut = misses >= Self.permitted && !isSynchronous
    return Record(misses: misses, roundsLeftOut: isOut ? 1 << (misses - Self.permitted) : 0)
  }
}
