import ByzAdversary
import ByzNumerics
import ByzProtocol
import Testing

/// The faults that change each vector by itself.
@Suite struct VectorFaultTests {
  private static let kinds: [(VectorKind, NodeID)] = [
    (.model, .server(0)), (.gatherModel, .server(0)), (.momentum, .worker(1)),
  ]

  @Test(arguments: kinds) func reversedSendsTheNegativeMultiple(kind: VectorKind, node: NodeID) throws {
    let vector = Vector([1, -2, 0.5])
    let standard = FaultSpecification(name: "reversed")
    #expect(try forged(vector, by: standard, on: node, kind: kind) == Vector([-100, 200, -50]))
    let tenfold = FaultSpecification(name: "reversed", parameters: ["scale": 10])
    #expect(try forged(vector, by: tenfold, on: node, kind: kind) == Vector([-10, 20, -5]))
  }

  @Test func signFlipSendsTheNegative() throws {
    let flip = FaultSpecification(name: "sign-flip")
    #expect(try forged(Vector([1, -2, 0]), by: flip, on: .worker(0), kind: .momentum) == Vector([-1, 2, -0.0]))
  }

  @Test(arguments: ["reversed", "sign-flip", "random", "zero", "nan", "infinite", "huge-norm", "bias", "partial-drop"])
  func onlyTheVectorChanges(name: String) {
    let receivers: [NodeID] = [.server(0), .server(3)]
    let actions = play(
      FaultSpecification(name: name), on: .worker(1),
      instead: [.send(.vector(.momentum, step: 7, Vector([1, 2, 3])), to: receivers)])
    #expect(actions.count == 1)
    let message = sent(actions).first
    #expect(message?.kind == .momentum && message?.step == 7 && message?.receivers == receivers)
    #expect(message?.vector.count == 3)
    // Of three coordinates, all may be kept by chance.
    #expect(message?.vector != Vector([1, 2, 3]) || name == "partial-drop")
  }

  @Test(arguments: [
    "reversed", "sign-flip", "random", "zero", "nan", "infinite", "huge-norm", "bias", "partial-drop", "stale",
    "frozen",
    "equivocation", "split", "crash", "little-is-enough",
  ])
  func whatSendsNoVectorStaysAsItIs(name: String) {
    let parameters: [String: Double] = name == "crash" ? ["step": 0] : [:]
    // A gradient of the node's own batch makes the last one ask for more of them, which its own tests are about.
    let actions = otherActions.filter {
      guard case .computeGradient(_, draw: 0, _, _) = $0 else { return true }
      return name != "little-is-enough"
    }
    let done = play(FaultSpecification(name: name, parameters: parameters), on: .worker(1), instead: actions)
    #expect(texts(done) == texts(actions))
  }

  @Test func theHonestMachineHearsEverything() {
    let script: [[Action]] = [[.schedule(.linger, afterMilliseconds: 1)], [.finish]]
    for name in ["reversed", "sign-flip", "random"] {
      var machine = FaultCatalogue.machine(
        Puppet(id: .worker(2), script: script), playing: FaultSpecification(name: name), in: configuration(), seed: 1)
      #expect(machine.id == .worker(2))
      #expect(texts(machine.handle(.start)) == texts(script[0]))
      #expect(texts(machine.handle(.gradient(step: 0, draw: 1, Vector([1]), loss: 0))) == texts(script[1]))
    }
  }
}

@Suite struct RandomFaultTests {
  private let random = FaultSpecification(name: "random")
  private let honest = Vector([1, 2, 3])

  @Test func eachCoordinateIsNoiseOfTheScale() throws {
    for (scale, seed) in [(1.0, 1), (25.0, 2)] as [(Double, UInt64)] {
      let scaled = FaultSpecification(name: "random", parameters: ["scale": scale])
      let count = 20_000
      let noise = try forged(
        Vector(repeating: 1000, count: count), by: scaled, on: .worker(0), kind: .momentum, seed: seed)
      let elements = noise.elements.map { Double($0) / scale }
      let mean = elements.reduce(0, +) / Double(count)
      let variance = elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      // Six deviations of either.
      #expect(noise.count == count)
      #expect(abs(mean) < 6 / Double(count).squareRoot(), "scale \(scale), seed \(seed)")
      #expect(abs(variance - 1) < 6 * (2 / Double(count)).squareRoot(), "scale \(scale), seed \(seed)")
    }
  }

  @Test func allReceiversGetTheSame() throws {
    let message = Message.vector(.momentum, step: 3, honest)
    let actions = play(
      random, on: .worker(1),
      instead: [.send(message, to: [.server(0)]), .send(message, to: [.server(1), .server(2)])])
    let vectors = sent(actions).map(\.vector)
    #expect(vectors.count == 2 && Set(vectors).count == 1)
    // It has nothing to do with what an honest node would have sent.
    let other = Vector([-7, 0, 9])
    #expect(try forged(other, by: random, on: .worker(1), kind: .momentum) == vectors[0])
  }

  @Test func anotherStepKindNodeOrSeedGivesOtherNoise() throws {
    var noises: [Vector] = []
    for seed in [1, 2] as [UInt64] {
      for step in [0, 1, 2] {
        for (kind, node) in [
          (.momentum, .worker(0)), (.momentum, .worker(1)), (.model, .server(0)), (.model, .server(1)),
          (.gatherModel, .server(0)), (.gatherModel, .server(1)),
        ] as [(VectorKind, NodeID)] {
          noises.append(try forged(honest, by: random, on: node, kind: kind, step: step, seed: seed))
        }
      }
    }
    #expect(Set(noises).count == noises.count)
    // Not even one coordinate in common.
    for index in 0..<3 { #expect(Set(noises.map { $0[index] }).count == noises.count) }
  }
}

@Suite struct CrashTests {
  private func crash(at step: Int, sending kind: VectorKind, of sentStep: Int) -> [String] {
    let message = Action.send(.vector(kind, step: sentStep, Vector([1, 2])), to: [.server(0)])
    let crash = FaultSpecification(name: "crash", parameters: ["step": Double(step)])
    return texts(play(crash, on: kind.sender == .server ? .server(0) : .worker(0), instead: [message]))
  }

  @Test(arguments: VectorKind.allCases) func isHonestBeforeItsStepAndGoneAtIt(kind: VectorKind) {
    for step in [0, 1, 5] {
      for sentStep in 0..<step {
        let honest = "\(Action.send(.vector(kind, step: sentStep, Vector([1, 2])), to: [.server(0)]))"
        #expect(crash(at: step, sending: kind, of: sentStep) == [honest])
      }
      #expect(crash(at: step, sending: kind, of: step) == ["crash"])
      // A node that was behind can jump over the step.
      #expect(crash(at: step, sending: kind, of: step + 3) == ["crash"])
    }
  }
}
