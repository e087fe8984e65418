import ByzNumerics
import Testing

@Suite struct SeededGeneratorTests {
  /// Written down from https://prng.di.unimi.it/xoshiro256starstar.c, without a look at the code under test.
  private struct Xoshiro256StarStar {
    var s: [UInt64]

    mutating func next() -> UInt64 {
      func rotl(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
      let result = rotl(s[1] &* 5, 7) &* 9
      let t = s[1] << 17
      s[2] = s[2] ^ s[0]
      s[3] = s[3] ^ s[1]
      s[1] = s[1] ^ s[2]
      s[0] = s[0] ^ s[3]
      s[2] = s[2] ^ t
      s[3] = rotl(s[3], 45)
      return result
    }
  }

  /// Written down from https://prng.di.unimi.it/splitmix64.c, as a function of the seed and the number of the output.
  private func splitMix64(_ seed: UInt64, output: UInt64) -> UInt64 {
    var z = seed &+ (output &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// First of all the reference itself, on values that others have published.
  @Test func theReferenceIsTheReference() {
    var generator = Xoshiro256StarStar(s: [1, 2, 3, 4])
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
      16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
    #expect(
      (0..<5).map { splitMix64(1_234_567, output: $0) } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
  }

  @Test(arguments: [0, 1, 42, 1_234_567, .max, 0x8000_0000_0000_0000] as [UInt64])
  func equalsThePublishedAlgorithms(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var reference = Xoshiro256StarStar(s: (0..<4).map { splitMix64(seed, output: $0) })
    for draw in 0..<1000 { #expect(generator.next() == reference.next(), "draw \(draw)") }
  }

  @Test func pathsAndSeedsAreToldApart() {
    let paths: [[UInt64]] = [
      [], [0], [1], [2], [3], [0, 0], [1, 2], [2, 1], [1, 2, 0], [0, 1, 2], [1, 1], [2, 2], [3, 0], [0, 3], [.max],
      [1, 2, 3], [3, 2, 1], [12], [1 << 32], [1 << 63],
    ]
    var seen: Set<[UInt64]> = []
    for seed in [0, 1, 2, 3, .max] as [UInt64] {
      for path in paths {
        var generator = SeededGenerator(seed: seed, path: path)
        // Not even the first outputs coincide anywhere.
        seen.insert([generator.next()])
        seen.insert([generator.next(), generator.next()])
      }
    }
    #expect(seen.count == 2 * 5 * paths.count)
  }

  @Test func equalPathsGiveEqualDraws() {
    var left = SeededGenerator(seed: 7, path: [1, 2])
    var right = SeededGenerator(seed: 7, path: [1, 2])
    for _ in 0..<100 { #expect(left.next() == right.next()) }
  }

  /// Steps that follow each other, as they do in a run, give draws that have nothing to do with each other.
  @Test func neighbouringPathsAreUncorrelated() {
    let draws = (0..<4000 as Range<UInt64>).map { step -> Double in
      var generator = SeededGenerator(seed: 1, path: [4, 2, step])
      return Double(generator.uniform()) - 0.5
    }
    let product = zip(draws, draws.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(draws.count)
    // Each product has mean 0 and deviation 1/12.
    #expect(abs(product) < 6 / (12 * Double(draws.count).squareRoot()))
  }
}
