/// Finds what somebody who mistyped a key may have meant.
enum NearestKey {
  /// The sentence about `key`, which is none of `known`: it names the nearest one, or all if none is near.
  static func complaint(about key: String, known: [String]) -> String {
    if let nearest = nearest(to: key, among: known) { return "unknown key; did you mean '\(nearest)'?" }
    return "unknown key; known here: \(known.joined(separator: ", "))"
  }

  /// The one of `known` at the smallest distance from `key`, the first of equals; nil if none is so near that a slip of
  /// the fingers explains the difference.
  static func nearest(to key: String, among known: [String]) -> String? {
    let characters = Array(key.lowercased())
    // The distance costs the product of the lengths; no key is this long.
    guard characters.count <= 64 else { return nil }
    let ranked = known.map { (name: $0, distance: distance(characters, Array($0))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, best.name.count / 3) ? best.name : nil
  }

  /// The optimal string alignment distance: how many insertions, deletions, substitutions and swaps of neighbours turn
  /// one text into the other.
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
      var row = [i + 1]
      for j in right.indices {
        var best = min(row[j] + 1, last[j + 1] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
