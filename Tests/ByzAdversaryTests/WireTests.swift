import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzAdversary

/// What each fault changes on the wire, and that it changes nothing else.
@Suite struct WireTests {
  private let receivers: [NodeID] = [.worker(0), .worker(1), .worker(2), .worker(3)]

  private func machine(_ text: [Specification], on node: NodeID = .server(2), script: [[Action]]) -> any Machine {
    FaultCatalogue.machine(
      Puppet(id: node, script: script), playing: FaultSpecification(text), in: configuration(), seed: 1)
  }

  private func fault(_ name: String, _ parameters: [String: Double] = [:]) -> Specification {
    Specification(name: name, parameters: parameters)
  }

  private func sending(_ kind: VectorKind, _ step: Int, _ elements: [Float]) -> Action {
    .send(.vector(kind, step: step, Vector(elements)), to: receivers)
  }

  /// What becomes of one action after the other.
  private func outcome(_ parts: [Specification], on node: NodeID = .server(2), of actions: [Action]) -> [[Action]] {
    var machine = machine(parts, on: node, script: actions.map { [$0] })
    return actions.map { _ in machine.handle(.timer(.linger)) }
  }

  @Test func vectorsAreReplacedOneByOne() throws {
    let own = Vector([3, -4, 0])
    func sent(_ name: String, _ parameters: [String: Double] = [:], kind: VectorKind = .model) throws -> Vector {
      try forged(own, by: FaultSpecification(name: name, parameters: parameters), on: .server(1), kind: kind)
    }
    #expect(try sent("zero") == Vector([0, 0, 0]))
    #expect(try sent("nan").elements.allSatisfy(\.isNaN))
    #expect(try sent("infinite") == Vector([.infinity, .infinity, .infinity]))
    #expect(try sent("bias", ["shift": 0.5]) == Vector([3.5, -3.5, 0.5]))
    let long = try sent("huge-norm")
    #expect(abs(long.norm / 1e30 - 1) < 1e-5 && long[0] > 0 && long[1] < 0 && long[2] == 0)
    #expect(abs(try sent("huge-norm", ["norm": 10]).norm - 10) < 1e-5)
    #expect(try sent("sign-flip") == Vector([-3, 4, -0.0]))
  }

  @Test func partialDropZeroesItsShare() throws {
    let own = Vector(repeating: 2, count: 1000)
    for share in [0, 0.25, 1] {
      let fault = FaultSpecification(name: "partial-drop", parameters: ["share": share])
      let vector = try forged(own, by: fault, on: .server(1), kind: .model)
      let zeros = vector.elements.count { $0 == 0 }
      #expect(abs(Double(zeros) - 1000 * share) < 60 && vector.elements.allSatisfy { $0 == 0 || $0 == 2 })
      if share == 0.25 {
        #expect(try forged(own, by: fault, on: .server(1), kind: .model, step: 4) != vector)
        #expect(try forged(own, by: fault, on: .server(1), kind: .model) == vector)
      }
    }
  }

  @Test func staleSendsWhatWasTrueSomeStepsBefore() {
    let actions = (0..<8).map { sending(.model, $0, [Float($0)]) } + [sending(.model, 6, [6])]
    let sent = outcome([fault("stale", ["lag": 3])], of: actions).flatMap(ByzAdversaryTests.sent)
    #expect(sent.map(\.step) == [0, 1, 2, 3, 4, 5, 6, 7, 6])
    #expect(sent.map { $0.vector[0] } == [0, 0, 0, 0, 1, 2, 3, 4, 3])
    // A model in a gather is another kind of vector, and a gather is not in every step.
    let gathers = [9, 19, 29].map { sending(.gatherModel, $0, [Float($0)]) }
    let old = outcome([fault("stale", ["lag": 3])], of: gathers).flatMap(ByzAdversaryTests.sent)
    #expect(old.map { $0.vector[0] } == [9, 9, 19])
  }

  @Test func frozenSendsItsFirst() {
    let actions = [sending(.model, 0, [5]), sending(.gatherModel, 0, [6]), sending(.model, 1, [7])]
    let sent = outcome([fault("frozen")], of: actions).flatMap(ByzAdversaryTests.sent)
    #expect(sent.map { $0.vector[0] } == [5, 6, 5] && sent.map(\.step) == [0, 0, 1])
  }

  @Test func lateGatherJoinsWithTheLastOne() {
    let actions = [sending(.model, 9, [1]), sending(.gatherModel, 9, [2]), sending(.gatherModel, 19, [3])]
    let sent = outcome([fault("late-gather")], of: actions).flatMap(ByzAdversaryTests.sent)
    #expect(sent.map(\.kind) == [.model, .gatherModel] && sent.map(\.step) == [9, 9])
    #expect(sent.map { $0.vector[0] } == [1, 2])
  }

  @Test func equivocationTellsEverybodySomethingElse() {
    let elements = [Float](repeating: 1, count: 400)
    let sent = outcome([fault("equivocation", ["scale": 0.5])], of: [sending(.model, 3, elements)])
      .flatMap(ByzAdversaryTests.sent)
    #expect(sent.map(\.receivers) == receivers.map { [$0] } && sent.allSatisfy { $0.kind == .model && $0.step == 3 })
    #expect(Set(sent.map(\.vector)).count == 4)
    // Each is off by half the length of the true one, which is 20, and half of the coordinates by more, half by less.
    for message in sent {
      #expect(abs(message.vector.distance(to: Vector(elements)) - 10) < 1e-3)
      #expect(abs(message.vector.elements.count { $0 > 1 } - 200) < 60)
    }
  }

  @Test func splitTellsTwoHalvesOppositeThings() {
    let elements = [Float](repeating: 1, count: 400)
    let sent = outcome([fault("split")], of: [sending(.model, 3, elements)]).flatMap(ByzAdversaryTests.sent)
    #expect(sent.map(\.receivers) == [[.worker(0), .worker(2)], [.worker(1), .worker(3)]])
    // All that play it tell the same halves the same.
    let accomplice = outcome([fault("split")], on: .server(3), of: [sending(.model, 3, elements)])
      .flatMap(ByzAdversaryTests.sent)
    #expect(accomplice.map(\.vector) == sent.map(\.vector) && accomplice.map(\.receivers) == sent.map(\.receivers))
    let mean = sent[0].vector.adding(1, times: sent[1].vector).scaled(by: 0.5)
    #expect(mean.distance(to: Vector(elements)) < 1e-3)
    #expect(abs(sent[0].vector.distance(to: sent[1].vector) - 40) < 1e-3)
  }

  @Test(arguments: [0, 1]) func twoFacedLiesInOneKindOfRound(gather: Int) {
    let actions = [sending(.model, 9, [1]), sending(.gatherModel, 9, [1])]
    let sent = outcome([fault("two-faced", ["gather": Double(gather), "scale": 5])], of: actions)
      .flatMap(ByzAdversaryTests.sent)
    #expect(sent.map { $0.vector[0] } == (gather == 1 ? [1, -5] : [-5, 1]))
  }

  @Test func littleIsEnoughOnModelsMovesByTheirDeviation() throws {
    var machine = machine([fault("little-is-enough", ["z": 2])], script: [[], [], [sending(.model, 10, [7, 7])]])
    for (index, model) in [[1, 0], [3, 0]].enumerated() {
      _ = machine.handle(.received(.vector(.gatherModel, step: 9, Vector(model.map(Float.init))), from: .server(index)))
    }
    let vector = try #require(sent(machine.handle(.timer(.linger))).first?.vector)
    // The deviation of 1 and 3 is the root of 2.
    let moved: Float = 7 - 2 * Float(2).squareRoot()
    #expect(abs(vector[0] - moved) < 1e-5)
    #expect(vector[1] == 7)
  }

  @Test func madeFromEstimates() {
    let samples = [[1, 1], [3, 1], [2, 4]].map { Vector($0) }
    #expect(Forgery.fallOfEmpires(samples, epsilon: 0.5).distance(to: Vector([-1, -1])) < 1e-6)
    let against = Forgery.antiCGE(samples)
    #expect(abs(against.norm - 2.0.squareRoot()) < 1e-6)
    #expect(against.distance(to: Vector([-1, -1])) < 1e-6)
    #expect(Forgery.antiCGE([Vector([0, 0]), Vector([0, 0])]) == Vector([0, 0]))
  }

  @Test func silentSendsNoVectorAndAsks() {
    let momentum = sending(.momentum, 3, [1])
    let done = outcome([fault("silent")], on: .worker(5), of: otherActions + [momentum]).flatMap(\.self)
    #expect(texts(done) == texts(otherActions + [.send(.request(.model, step: 4), to: receivers)]))
    // There is no model after the last of 100 steps.
    #expect(outcome([fault("silent")], on: .worker(5), of: [sending(.momentum, 99, [1])]).map(\.count) == [0])
    let ofServer = outcome([fault("silent")], of: [sending(.model, 3, [1]), sending(.gatherModel, 3, [1])])
    #expect(ofServer.map(\.count) == [0, 0])
  }

  @Test func floodRepeats() {
    let actions = [sending(.model, 3, [1]), .send(.request(.model, step: 4), to: receivers), .finish]
    let done = outcome([fault("flood", ["copies": 2])], of: actions)
    #expect(done.map(\.count) == [3, 3, 1] && done.allSatisfy { Set(texts($0)).count == 1 })
  }

  @Test func dropAndDuplicateTakeTheirShare() {
    let actions = (0..<200).map { sending(.model, $0, [1]) }
    let dropped = outcome([fault("drop", ["share": 0.25])], of: actions).flatMap(ByzAdversaryTests.sent)
    #expect(abs(dropped.count - 600) < 60 && dropped.allSatisfy { $0.receivers.count == 1 })
    let doubled = outcome([fault("duplicate", ["share": 0.25])], of: actions).flatMap(ByzAdversaryTests.sent)
    #expect(abs(doubled.count - 1000) < 60)
    let times = Dictionary(grouping: doubled) { "\($0.step) \($0.receivers)" }.mapValues(\.count)
    #expect(times.count == 800 && Set(times.values) == [1, 2])
    #expect(outcome([fault("drop", ["share": 0])], of: actions).flatMap(ByzAdversaryTests.sent).count == 800)
  }
}
