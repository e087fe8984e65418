import ByzGradients
import ByzNumerics
import Testing

@Suite struct PartitionTests {
  @Test func sharesAreDisjointCoverEverythingAndDifferInSizeByAtMostOne() {
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<500 {
      let count = generator.index(below: 300)
      let workers = 1 + generator.index(below: 20)
      let seed = generator.next()
      let shares = Partition.independent(of: count, among: workers, seed: seed)
      let label = Comment("\(count) examples, \(workers) workers, seed \(seed)")
      #expect(shares.count == workers, label)
      #expect(shares.flatMap { $0 }.sorted() == Array(0..<count), label)
      #expect(shares.allSatisfy { $0 == $0.sorted() }, label)
      #expect(shares.map(\.count).max()! - shares.map(\.count).min()! <= 1, label)
      #expect(shares == Partition.independent(of: count, among: workers, seed: seed), label)
    }
  }

  @Test func sharesDependOnTheSeed() {
    #expect(
      Partition.independent(of: 1_000, among: 7, seed: 1) != Partition.independent(of: 1_000, among: 7, seed: 2))
  }

  /// MNIST's files are not sorted by class, others are: a share must come from everywhere in the file.
  @Test func sharesComeFromEverywhere() {
    for share in Partition.independent(of: 10_000, among: 10, seed: 4) {
      // Of 1,000 examples 500 are expected in the first half, with a standard deviation of 15.
      let inFirstHalf = share.count { $0 < 5_000 }
      #expect(abs(inFirstHalf - 500) < 75)
    }
  }
}
