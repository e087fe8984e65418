import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzAdversary

/// Faulty workers that learn of honest momentums before they speak. The run has 7 workers, of which 5 and 6 collude.
@Suite struct InformedTests {
  private static let liars: [NodeID: FaultSpecification] = [
    .server(0): FaultSpecification(name: "reversed"), .worker(5): FaultSpecification(name: "fall-of-empires"),
    .worker(6): FaultSpecification(name: "fall-of-empires"),
  ]

  /// A faulty worker with a script: in step t its honest machine computes a gradient and sends the momentum (t, t, t).
  private struct Liar {
    var machine: any Machine

    init(
      _ name: String = "fall-of-empires", _ parameters: [String: Double] = ["epsilon": 1],
      channel: Cast.Channel = .bus, node: NodeID = .worker(6), steps: Int = 20
    ) {
      let script = (0..<steps).flatMap { step -> [[Action]] in
        [
          [.computeGradient(step: step, draw: 0, at: Vector([0, 0, 0]))],
          [.send(.vector(.momentum, step: step, Vector(repeating: Float(step), count: 3)), to: [.server(0)])],
        ]
      }
      machine = FaultCatalogue.machine(
        Puppet(id: node, script: script), playing: FaultSpecification(name: name, parameters: parameters),
        in: configuration(servers: (5, 1), momentum: Momentum(coefficient: 0, form: .classical)), seed: 1,
        cast: Cast(InformedTests.liars, channel: channel))
    }

    /// The machine's next turn.
    mutating func turn() -> [Action] { machine.handle(.timer(.linger)) }

    mutating func hear(_ value: Float, of worker: Int, step: Int) -> [Action] {
      machine.handle(
        .overheard(.vector(.momentum, step: step, Vector(repeating: value, count: 3)), of: .worker(worker)))
    }
  }

  private let servers = (0..<5).map { NodeID.server($0) }

  private func values(_ actions: [Action]) -> [Float] { sent(actions).map { $0.vector[0] } }

  private func knowledge(_ actions: [Action]) -> [String] {
    actions.compactMap {
      guard case .report(.forged(let step, let samples, let areOverheard)) = $0 else { return nil }
      return "\(step): \(samples) \(areOverheard ? "overheard" : "estimated")"
    }
  }

  @Test func enoughCompletesAQuorumWithTheAccomplices() {
    let quorums = Quorums(servers: (5, 1), workers: (7, 2))
    func enough(_ faults: [NodeID: FaultSpecification], _ channel: Cast.Channel) -> Int? {
      Cast(faults, channel: channel).enough(in: quorums)
    }
    #expect(enough(Self.liars, .bus) == 3 && enough(Self.liars, .omniscience) == 5)
    #expect(enough(Self.liars, .none) == nil)
    // A slow node stays honest in what it says: no accomplice, and nobody to wait for.
    var slow = Self.liars
    slow[.worker(5)] = FaultSpecification(name: "slow")
    #expect(enough(slow, .bus) == 4)
    let all = Dictionary(uniqueKeysWithValues: (0..<7).map { (NodeID.worker($0), FaultSpecification(name: "zero")) })
    #expect(enough(all, .bus) == nil)
    // Beyond the bounds: with five accomplices a quorum is complete without anybody else.
    let many = all.filter { $0.key.index > 1 }
    #expect(enough(many, .bus) == 1)
  }

  @Test func waitsUntilItKnowsEnoughAndStaysInStep() {
    var liar = Liar()
    // It computes no more than its own gradient.
    #expect(liar.turn().count == 1)
    let waiting = liar.turn()
    #expect(
      texts(waiting)
        == texts([
          .schedule(.fault(0), afterMilliseconds: 25), .send(.request(.model, step: 1), to: servers),
        ]))
    #expect(liar.hear(1, of: 0, step: 0).isEmpty)
    // The same one again is no news, and neither is what an accomplice could say of another step.
    #expect(liar.hear(9, of: 0, step: 0).isEmpty && liar.hear(9, of: 1, step: 1).isEmpty)
    #expect(liar.hear(2, of: 3, step: 0).isEmpty)
    let spoken = liar.hear(6, of: 1, step: 0)
    #expect(values(spoken) == [-3] && sent(spoken)[0].step == 0 && sent(spoken)[0].receivers == servers)
    #expect(knowledge(spoken) == ["0: 3 overheard"])
    // What comes later changes nothing, and neither does the end of its patience.
    #expect(liar.hear(100, of: 2, step: 0).isEmpty && liar.machine.handle(.timer(.fault(0))).isEmpty)
  }

  @Test func itDoesNotNeedItsOwnGradient() {
    var liar = Liar()
    let told = [(4, 1), (2, 2), (0, 6), (1, 100), (3, 100)].map { liar.hear(Float($0.1), of: $0.0, step: 0) }
    // It takes the first that were told.
    #expect(told.map(values) == [[], [], [-3], [], []] && knowledge(told[2]) == ["0: 3 overheard"])
    _ = liar.turn()
    // Once its machine gets there, it has spoken, and goes on.
    #expect(texts(liar.turn()) == texts([.send(.request(.model, step: 1), to: servers)]))
    #expect(liar.machine.handle(.timer(.fault(0))).isEmpty)
    // Left behind, it speaks of where the others are; of what they have passed it says nothing more.
    for worker in 0..<3 { _ = liar.hear(2, of: worker, step: 9) }
    for worker in 0..<3 { #expect(liar.hear(3, of: worker, step: 8).isEmpty) }
    _ = liar.turn()
    #expect(texts(liar.turn()) == texts([.send(.request(.model, step: 2), to: servers)]))
  }

  @Test func itNeverSendsItsTrueMomentumOfAStepThatItPassedInSilence() {
    // Its machine sends step 1; a server asks for step 0, and for step 1 again.
    var machine = FaultCatalogue.machine(
      Puppet(
        id: .worker(6),
        script: [1, 0, 1].map { [.send(.vector(.momentum, step: $0, Vector([7, 7, 7])), to: [.server(0)])] }),
      playing: FaultSpecification(name: "fall-of-empires"), in: configuration(servers: (5, 1)), seed: 1,
      cast: Cast(Self.liars, channel: .bus))
    _ = machine.handle(.overheard(.vector(.momentum, step: 0, Vector([1, 1, 1])), of: .worker(1)))
    let turns = (0..<3).map { _ in machine.handle(.timer(.linger)) }
    #expect(turns.map(\.count) == [2, 0, 0] && sent(turns[0]).isEmpty)
  }

  @Test func afterItsPatienceItSpeaksWithWhatItKnows() {
    var liar = Liar()
    for _ in 0..<2 { _ = liar.turn() }
    _ = liar.hear(4, of: 2, step: 0)
    let spoken = liar.machine.handle(.timer(.fault(0)))
    #expect(values(spoken) == [-4] && knowledge(spoken) == ["0: 1 overheard"])
    for _ in 0..<2 { _ = liar.turn() }
    let alone = liar.machine.handle(.timer(.fault(1)))
    // Its own momentum of step 1 is 1.
    #expect(values(alone) == [-1] && knowledge(alone) == ["1: 1 estimated"])
  }

  @Test func estimatesOnceNobodyTellsItAnythingForSomeSteps() {
    var liar = Liar("fall-of-empires", ["epsilon": 1, "batches": 3])
    _ = liar.turn()
    for worker in 0..<2 { _ = liar.hear(1, of: worker, step: 0) }
    #expect(values(liar.hear(1, of: 2, step: 0)) == [-1])
    _ = liar.turn()
    // R = 3 steps of patience.
    for step in 1...3 {
      #expect(liar.turn().count == 1, "step \(step)")
      #expect(sent(liar.turn()).isEmpty)
    }
    let asked = liar.turn().compactMap { action -> Int? in
      guard case .computeGradient(4, let draw, false, _) = action else { return nil }
      return draw
    }
    #expect(asked == [1, 2, 0])
    for (draw, value) in [(1, 2), (2, 3)] as [(Int, Float)] {
      _ = liar.machine.handle(.gradient(step: 4, draw: draw, Vector([value, value, value]), loss: 0))
    }
    let spoken = liar.turn()
    // Its own momentum is 4.
    #expect(values(spoken) == [-3] && knowledge(spoken) == ["4: 3 estimated"])
    // Told again, it listens again.
    for worker in 0..<2 { _ = liar.hear(8, of: worker, step: 5) }
    #expect(liar.turn().count == 1 && sent(liar.turn()).isEmpty)
    #expect(values(liar.hear(8, of: 2, step: 5)) == [-8])
  }

  @Test func withoutAChannelItEstimatesFromTheBeginning() {
    var liar = Liar(channel: .none)
    #expect(liar.turn().count == 5)
    #expect(knowledge(liar.turn()) == ["0: 1 estimated"])
  }

  @Test func theParameterSaysHowManyToKnowAtMostAllHonestOnes() {
    for (known, needed) in [(1, 1), (4, 4), (9, 5)] {
      var liar = Liar("fall-of-empires", ["known": Double(known)])
      for _ in 0..<2 { _ = liar.turn() }
      let spoken = (0..<5).map { !sent(liar.hear(1, of: $0, step: 0)).isEmpty }
      #expect(spoken.firstIndex(of: true) == needed - 1)
    }
  }

  @Test func ofAStepThatOthersHaveLeftItSaysNothingMore() {
    var liar = Liar()
    for _ in 0..<2 { _ = liar.turn() }
    // It waits for more of step 0, and hears that the others are at step 1.
    #expect(liar.hear(4, of: 2, step: 0).isEmpty)
    let spoken = (0..<5).map { liar.hear(2, of: $0, step: 1) }
    #expect(spoken.map(values) == [[], [], [-2], [], []])
    #expect(liar.machine.handle(.timer(.fault(0))).isEmpty)
    #expect(liar.hear(2, of: 4, step: 1).isEmpty && liar.hear(4, of: 3, step: 0).isEmpty)
  }

  @Test(
    arguments: [
      // epsilon is 0.1; the shortest of (3, 3, 3), (1, 1, 1) and (2, 2, 2) is as long as the second.
      ("fall-of-empires", -0.2), ("anti-cge", -1), ("little-is-enough", 2 - 0.253_347),
    ] as [(String, Float)])
  func asTheCatalogueHasThem(name: String, value: Float) {
    var liar = Liar(name, [:])
    for _ in 0..<2 { _ = liar.turn() }
    let spoken = [3, 1, 2].enumerated().map { liar.hear($1, of: $0, step: 0) }
    #expect(spoken[0].isEmpty && spoken[1].isEmpty)
    let vector = sent(spoken[2]).first?.vector ?? Vector([])
    #expect(vector.count == 3 && vector.elements.allSatisfy { abs($0 - value) < 1e-5 }, "\(vector)")
  }

  @Test func mimicSendsWhatOneHonestWorkerSends() {
    var liar = Liar("mimic", [:])
    #expect(liar.turn().count == 1)
    _ = liar.turn()
    #expect(liar.hear(9, of: 1, step: 0).isEmpty && liar.hear(9, of: 2, step: 0).isEmpty)
    let spoken = liar.hear(5, of: 0, step: 0)
    #expect(values(spoken) == [5] && knowledge(spoken) == ["0: 1 overheard"])
    for _ in 0..<2 { _ = liar.turn() }
    _ = liar.hear(9, of: 1, step: 1)
    #expect(values(liar.machine.handle(.timer(.fault(1)))) == [1])
    var alone = Liar("mimic", [:], channel: .none)
    #expect(alone.turn().count == 1)
    #expect(values(alone.turn()) == [0])
  }

  @Test func whatNoHonestWorkerSendsIsNotLearned() {
    var liar = Liar()
    for _ in 0..<2 { _ = liar.turn() }
    let nonsense = [Vector([1]), Vector([1, .nan, 1]), Vector([1, .infinity, 1])]
    for (index, vector) in nonsense.enumerated() {
      #expect(liar.machine.handle(.overheard(.vector(.momentum, step: 0, vector), of: .worker(index))).isEmpty)
    }
    #expect(liar.machine.handle(.overheard(.done, of: .worker(4))).isEmpty)
    #expect(knowledge(liar.machine.handle(.timer(.fault(0)))) == ["0: 1 estimated"])
  }

  @Test func serversTellWhatHonestWorkersSendThem() {
    func told(
      _ name: String = "reversed", on node: NodeID = .server(0), by sender: NodeID, liars: [NodeID: FaultSpecification],
      channel: Cast.Channel = .bus
    ) -> [Action] {
      var machine = FaultCatalogue.machine(
        Puppet(id: node, script: []), playing: FaultSpecification(name: name), in: configuration(), seed: 1,
        cast: Cast(liars, channel: channel))
      return machine.handle(.received(.vector(.momentum, step: 3, Vector([1, 2, 3])), from: sender))
    }
    let expected = texts([.confide(.vector(.momentum, step: 3, Vector([1, 2, 3])), of: .worker(2))])
    #expect(texts(told(by: .worker(2), liars: Self.liars)) == expected)
    #expect(texts(told("silent", by: .worker(2), liars: [.server(0): FaultSpecification(name: "silent")])) == [])
    // Not what faulty workers send, not if nobody listens, not if there is no channel or no need of one.
    #expect(told(by: .worker(5), liars: Self.liars).isEmpty)
    let deaf = Self.liars.mapValues { _ in FaultSpecification(name: "reversed") }
    #expect(told(by: .worker(2), liars: deaf).isEmpty)
    for channel in [Cast.Channel.none, .omniscience] {
      #expect(told(by: .worker(2), liars: Self.liars, channel: channel).isEmpty)
    }
    // A slow server stays honest in what it says, and tells nobody.
    var slow = Self.liars
    slow[.server(0)] = FaultSpecification(name: "slow")
    #expect(told("slow", by: .worker(2), liars: slow).isEmpty)
    // Models are no news to anybody.
    var machine = FaultCatalogue.machine(
      Puppet(id: .server(0), script: []), playing: FaultSpecification(name: "reversed"), in: configuration(), seed: 1,
      cast: Cast(Self.liars, channel: .bus))
    #expect(machine.handle(.received(.vector(.gatherModel, step: 9, Vector([1])), from: .server(1))).isEmpty)
  }
}
