import ByzNumerics
import Testing

@testable import ByzProtocol

/// The filters of the synchronous algorithm (El-Mhamdi et al., PODC 2020).
@Suite struct FilterTests {
  // MARK: Lipschitz

  /// Of k values, the largest that a fraction (n - f) / n of them does not exceed: counted, not sorted.
  private func naiveBound(_ recent: [Double], servers: Int, byzantine: Int) -> Double {
    let needed = Double(recent.count) * Double(servers - byzantine) / Double(servers)
    return recent.filter { candidate in Double(recent.count { $0 <= candidate }) >= needed }.min() ?? .infinity
  }

  @Test func theBoundIsTheQuantileOfTheRecentValues() {
    var generator = SeededGenerator(seed: 1, path: [1])
    for (servers, byzantine) in [(3, 1), (5, 1), (5, 2), (8, 2), (11, 3)] {
      var filter = LipschitzFilter(servers: servers, byzantine: byzantine)
      var recent: [Double] = []
      for round in 0..<200 {
        // Few different values, so that ties are common; now and then none.
        let value = generator.index(below: 10) == 0 ? Double.infinity : Double(generator.index(below: 30))
        let bound = naiveBound(recent.suffix(LipschitzFilter.window), servers: servers, byzantine: byzantine)
        #expect(filter.bound == bound, "\(servers), \(byzantine), round \(round)")
        let refusal = filter.refusal(of: value)
        #expect((refusal != nil) == (value > bound), "\(servers), \(byzantine), round \(round)")
        if let refusal { #expect(refusal.value == value && refusal.bound == bound) }
        recent.append(value)
      }
    }
  }

  @Test func aboutTheShareOfByzantineServersIsTurnedAway() {
    var generator = SeededGenerator(seed: 2, path: [1])
    var filter = LipschitzFilter(servers: 5, byzantine: 1)
    let refused = (0..<20_000).count { _ in filter.refusal(of: Double(generator.uniform())) != nil }
    // A fifth, of independent values; the deviation of 20,000 draws is 0.003, and the window's own another percent.
    #expect(abs(Double(refused) / 20_000 - 0.2) < 0.02)
  }

  @Test func whatIsTurnedAwayUnseenTakesThePlaceOfHonestModels() {
    var generator = SeededGenerator(seed: 3, path: [1])
    var filter = LipschitzFilter(servers: 5, byzantine: 1)
    var (refused, seen) = (0, 0)
    for round in 0..<20_000 {
      if round % 5 == 0 {
        filter.note(.infinity)
      } else {
        seen += 1
        if filter.refusal(of: Double(generator.uniform())) != nil { refused += 1 }
      }
    }
    #expect(Double(refused) / Double(seen) < 0.03)
  }

  @Test func valuesOfRefusedModelsCount() {
    // With accepted ones only, the bound would stay at 1 for ever, and go down with every smaller value.
    var filter = LipschitzFilter(servers: 2, byzantine: 1)
    for _ in 0..<10 { filter.note(1) }
    #expect(filter.refusal(of: 5) != nil)
    for _ in 0..<10 { _ = filter.refusal(of: 5) }
    #expect(filter.bound == 5 && filter.refusal(of: 5) == nil)
  }

  @Test func whereThereIsNothingToCompareEverythingPasses() {
    var filter = LipschitzFilter(servers: 5, byzantine: 1)
    #expect(filter.bound == .infinity && filter.refusal(of: 1e300) == nil)
    #expect(filter.refusal(of: nil) == nil)
    #expect(LipschitzFilter.coefficient(gradientChange: 1, modelChange: 0) == nil)
    #expect(LipschitzFilter.coefficient(gradientChange: .nan, modelChange: 1) == nil)
    #expect(LipschitzFilter.coefficient(gradientChange: 6, modelChange: 2) == 3)
    var trusting = LipschitzFilter(servers: 3, byzantine: 0)
    for value in [1.0, 2, 3, 400] { #expect(trusting.refusal(of: value) == nil) }
  }

  // MARK: Outliers

  @Test func theOutliersBoundIsThatOfThePaper() {
    // T = 10, n_w = 7, f_w = 2: (3 T + 2) (n_w - f_w) / (4 f_w) = 32 * 5 / 8 = 20, and up to 2 * 9 more.
    var filter = OutliersFilter(workers: 7, byzantine: 2, gatherEvery: 10)
    #expect(!filter.hasReference && filter.bound(at: 3) == .infinity)
    filter.refer(to: 20, learningRate: 0.5, gradient: 3)
    for (step, steps) in [(21, 20.0), (22, 22), (25, 28), (29, 36), (30, 38)] {
      #expect(filter.steps(at: step) == steps, "step \(step)")
      #expect(filter.bound(at: step) == 1.5 * steps, "step \(step)")
    }
    #expect(filter.refusal(distance: 29.9, at: 21) == nil)
    // Strictly below.
    let refusal = filter.refusal(distance: 30, at: 21)
    #expect(refusal?.value == 30 && refusal?.bound == 30)
  }

  @Test func withoutByzantineWorkersTheBoundIsThatOfOne() {
    let none = OutliersFilter(workers: 4, byzantine: 0, gatherEvery: 5)
    let one = OutliersFilter(workers: 4, byzantine: 1, gatherEvery: 5)
    for step in 0..<20 { #expect(none.steps(at: step) == one.steps(at: step)) }
    #expect(one.steps(at: 1) == 17 * 3 / 4.0)
    #expect(one.steps(at: 0) == 17 * 3 / 4.0)
  }

  @Test func refusalsSayByHowMuch() {
    #expect(ModelRefusal.lipschitz(value: 3, bound: 2).excess == 1.5)
    #expect(ModelRefusal.outliers(value: 3, bound: 0).excess == nil)
    #expect(ModelRefusal.absent.excess == nil && ModelRefusal.digest.figures == nil)
    #expect(
      Set([ModelRefusal.absent, .digest, .lipschitz(value: 1, bound: 1), .outliers(value: 1, bound: 1)].map(\.name))
        .count == 4)
  }
}
