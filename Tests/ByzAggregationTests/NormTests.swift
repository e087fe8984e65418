import ByzNumerics
import Testing

@testable import ByzAggregation

private func norm(_ vector: Vector) -> Double { sumOfSquares(vector.doubles).squareRoot() }

/// What `vector` becomes if its norm may not exceed `limit`.
private func naiveClipped(_ vector: Vector, _ limit: Double) -> Vector {
  let length = norm(vector)
  return length > limit ? Vector(vector.doubles.map { Float(limit / length * $0) }) : vector
}

/// The rules and pre-aggregations that go by norms or by distances from one point.
@Suite struct NormTests {
  @Test(arguments: Elements.allCases) func eliminationEqualsSorting(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      var left = inputs.map { sumOfSquares($0.doubles) }
      let expected = (0..<inputs.count - f).map { _ in
        let shortest = left.firstIndex(of: left.min() ?? .nan) ?? -1
        left[shortest] = .infinity
        return shortest
      }.sorted()
      let aggregate = ComparativeGradientElimination().aggregate(inputs, tolerating: f)
      #expect(aggregate.selected == expected, "\(label)")
      #expect(aggregate.vector == naiveMean(of: expected.map { inputs[$0] }), "\(label)")
    }
  }

  @Test(arguments: Elements.allCases) func centeredClippingEqualsMovingAPoint(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      var generator = SeededGenerator(seed: UInt64(inputs.count), path: [UInt64(f), 99])
      let (radius, steps) = (Double([0.01, 1, 1e7, 1e38][generator.index(below: 4)]), 1 + generator.index(below: 4))
      let previous = generator.index(below: 2) == 0 ? nil : generator.vectors(1, length: inputs[0].count, kind)[0]
      var center = previous?.doubles ?? inputs[0].elements.map { _ in 0 }
      for _ in 0..<steps {
        let moves = inputs.map { input in
          let distance = naiveDistance(input.doubles, center)
          return zip(input.doubles, center).map { ($0 - $1) * (distance <= radius ? 1 : radius / distance) }
        }
        center = center.indices.map { index in
          center[index] + moves.reduce(0) { $0 + $1[index] } / Double(inputs.count)
        }
      }
      let rule = CenteredClipping(radius: radius, iterations: steps)
      let aggregate = rule.aggregate(inputs, tolerating: f, in: Round(previous: previous))
      let size = (inputs + [previous ?? inputs[0]]).flatMap(\.doubles).reduce(0) { max($0, abs($1)) }
      #expect(aggregate.vector.isClose(to: center, within: 1e-13 * size), "\(label), radius \(radius), \(steps) steps")
      #expect(aggregate.selected == Array(inputs.indices), "\(label)")
    }
  }

  @Test func centeredClippingStaysWithinReach() {
    let honest = (0..<5).map { Vector([Float($0) / 10, 1]) }
    let liars = [Vector([1e30, 0]), Vector([-3e38, 3e38])]
    for steps in 1...5 {
      let rule = CenteredClipping(radius: 2, iterations: steps)
      let vector = rule.aggregate(honest + liars, tolerating: 2).vector
      #expect(vector.norm <= 2.001 * Double(steps))
      let still = rule.aggregate(Array(repeating: honest[2], count: 3), tolerating: 1, in: Round(previous: honest[2]))
      #expect(still.vector == honest[2])
    }
  }

  @Test(arguments: Elements.allCases) func clippingEqualsScaling(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      for limit in [1e-30, 1, 2.5, 1e20] {
        let mixtures = Clipping(norm: limit).apply(to: inputs, tolerating: f, in: Round())
        #expect(mixtures.map(\.vector) == inputs.map { naiveClipped($0, limit) }, "\(label), norm \(limit)")
        #expect(mixtures.map(\.origins) == inputs.indices.map { [$0] }, "\(label)")
      }
    }
  }

  @Test(arguments: Elements.allCases) func adaptiveClippingEqualsScaling(kind: Elements) {
    forEachCase(kind, seeds: 1500) { inputs, f, label in
      let count = Int((2 * Double(f) / Double(inputs.count) * Double(inputs.count - f) + 1e-9).rounded(.down))
      let order = inputs.indices.sorted { norm(inputs[$0]) > norm(inputs[$1]) }
      var expected = inputs
      for index in order.prefix(count) { expected[index] = naiveClipped(inputs[index], norm(inputs[order[count]])) }
      let mixtures = AdaptiveRobustClipping().apply(to: inputs, tolerating: f, in: Round())
      #expect(mixtures.map(\.vector) == expected, "\(label)")
      #expect(mixtures.map(\.origins) == inputs.indices.map { [$0] }, "\(label)")
    }
  }

  @Test func documentedExamples() {
    let inputs = [3, -1, 2, 9].map { Vector([$0]) }
    let shortest = ComparativeGradientElimination().aggregate(inputs, tolerating: 1)
    #expect(shortest.selected == [0, 1, 2] && shortest.vector == Vector([4 / 3]))
    let pulled = CenteredClipping().aggregate([0.5, 0.5, 2, -9].map { Vector([$0]) }, tolerating: 1)
    #expect(pulled.vector == Vector([0.25]))
    let clipped = Clipping(norm: 2.5).apply(to: [Vector([3, 4]), Vector([0, 1])], tolerating: 0, in: Round())
    #expect(clipped.map(\.vector) == [Vector([1.5, 2]), Vector([0, 1])])
    let adapted = AdaptiveRobustClipping().apply(to: [1, -2, 3, 60].map { Vector([$0]) }, tolerating: 1, in: Round())
    #expect(adapted.map(\.vector) == [1, -2, 3, 3].map { Vector([$0]) })
  }

  @Test func zerosSpoilElimination() {
    let inputs = Array(repeating: Vector([6]), count: 4) + [Vector([0])]
    #expect(ComparativeGradientElimination().aggregate(inputs, tolerating: 1).vector == Vector([4.5]))
    #expect(ComparativeGradientElimination().guarantee(inputs: 5, tolerating: 1, dimension: 1).kappa == nil)
  }
}
