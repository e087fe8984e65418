/// Whom it is worth waiting for, once the quorum is there.
///
/// Waiting a moment for the rest improves every aggregate, but a silent peer would cost everyone the whole grace time in
/// every round. So a peer that has missed three rounds in a row is left out for one round, then waited for again; each
/// further miss doubles the rounds it is left out, up to 32. One vector in time puts it back.
struct Attendance {
  private struct Record {
    var misses = 0
    var roundsLeftOut = 0
  }

  private var records: [NodeID: Record]

  init(of peers: [NodeID]) {
    records = Dictionary(uniqueKeysWithValues: peers.map { ($0, Record()) })
  }

  /// Whether somebody worth waiting for is not among `present`.
  func isMissingSome(of present: [NodeID]) -> Bool {
    let present = Set(present)
    return records.contains { $0.value.roundsLeftOut == 0 && !present.contains($0.key) }
  }

  /// Takes note of who was there in a round that is now over.
  mutating func close(present: [NodeID]) {
    let present = Set(present)
    for peer in records.keys {
      records[peer] = next(records[peer] ?? Record(), wasPresent: present.contains(peer))
    }
  }

  /// Whether `peer` is not worth waiting for in this round.
  func isLeftOut(_ peer: NodeID) -> Bool { (records[peer]?.roundsLeftOut ?? 0) > 0 }

  /// Takes note whether `peer` was there in a round in which nobody else was waited for.
  mutating func close(_ peer: NodeID, wasPresent: Bool) {
    records[peer] = next(records[peer] ?? Record(), wasPresent: wasPresent)
  }

  private func next(_ record: Record, wasPresent: Bool) -> Record {
    if wasPresent { return Record() }
    if record.roundsLeftOut > 0 { return Record(misses: record.misses, roundsLeftOut: record.roundsLeftOut - 1) }
    let misses = min(record.misses + 1, 8)
    return Record(misses: misses, roundsLeftOut: misses < 3 ? 0 : 1 << (misses - 3))
  }
}
