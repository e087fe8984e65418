/// A set of nodes of one role, by index. It costs a word as long as the indices are below 64.
struct NodeSet {
  private var low: UInt64 = 0
  private var more: [UInt64] = []

  var count: Int { more.reduce(low.nonzeroBitCount) { $0 + $1.nonzeroBitCount } }

  func contains(_ index: Int) -> Bool {
    if index < 64 { return low & (1 << UInt64(index)) != 0 }
    let word = index / 64 - 1
    return word < more.count && more[word] & (1 << UInt64(index % 64)) != 0
  }

  mutating func insert(_ index: Int) {
    if index < 64 {
      low |= 1 << UInt64(index)
      return
    }
    let word = index / 64 - 1
    while more.count <= word { more.append(0) }
    more[word] |= 1 << UInt64(index % 64)
  }
}
