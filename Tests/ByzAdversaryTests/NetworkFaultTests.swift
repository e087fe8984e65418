import ByzAggregation
import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzAdversary

/// Faults of a node's links, and of what it computes on.
@Suite struct NetworkFaultTests {
  private let receivers: [NodeID] = [.worker(0), .worker(1), .worker(2), .worker(3)]

  @Test func labelFlipTurnsTheLabelsOfEveryBatch() {
    let actions = play(
      FaultSpecification(name: "label-flip"), on: .worker(1),
      instead: otherActions + [.send(.vector(.momentum, step: 4, Vector([1])), to: [.server(0)])])
    for (action, original) in zip(actions, otherActions) {
      if case .computeGradient(let step, let draw, let flippingLabels, let parameters) = action {
        #expect(flippingLabels)
        #expect("\(Action.computeGradient(step: step, draw: draw, at: parameters))" == "\(original)")
      } else {
        #expect("\(action)" == "\(original)")
      }
    }
    #expect(actions.count == otherActions.count + 1 && sent(actions).first?.vector == Vector([1]))
  }

  @Test func corruptDamagesItsShareOfFrames() {
    let original = Vector((0..<50).map(Float.init))
    var machine = FaultCatalogue.machine(
      Puppet(
        id: .server(2),
        script: (0..<200).map { [.send(.vector(.model, step: $0, original), to: receivers)] }
          + (0..<200).map { [.send(.request(.momentum, step: $0), to: receivers)] }),
      playing: FaultSpecification(name: "corrupt", parameters: ["share": 0.25, "bytes": 2]), in: configuration(),
      seed: 1)
    let vectors = (0..<200).flatMap { _ in machine.handle(.timer(.linger)) }
    let requests = (0..<200).flatMap { _ in machine.handle(.timer(.linger)) }
    #expect(vectors.count == 800 && requests.count == 800)
    let damaged = sent(vectors).filter { $0.vector != original }
    for message in damaged {
      let differing = zip(message.vector.elements, original.elements).count { $0.bitPattern != $1.bitPattern }
      #expect((1...2).contains(differing))
    }
    let garbled = { (actions: [Action]) in
      actions.compactMap { action -> [Damage]? in
        guard case .garble(_, let receivers, let damages) = action, receivers.count == 1 else { return nil }
        return damages
      }
    }
    // A quarter of 800, half of them in the header; of requests, which are nothing but a header, all.
    #expect(abs(damaged.count - 100) < 35 && abs(garbled(vectors).count - 100) < 35)
    #expect(abs(garbled(requests).count - 200) < 50)
    for damages in garbled(vectors) + garbled(requests) {
      #expect(damages.count == 2 && damages.allSatisfy { (0..<64).contains($0.byte) && $0.bits != 0 })
    }
  }

  @Test func partitionCutsOffAllButItsGroupForAWhile() {
    let group = FaultSpecification(name: "partition", parameters: ["step": 2, "ms": 300])
    let other = FaultSpecification(name: "partition", parameters: ["step": 2, "ms": 300, "group": 2])
    let configuration = ProtocolConfiguration(
      quorums: Quorums(servers: (3, 1), workers: (4, 1)),
      training: TrainingParameters(steps: 9, gatherEvery: 3, learningRate: LearningRate(initial: 1), momentum: nil),
      patience: Patience(), rule: MinimumDiameterAveraging(), dimension: 1)
    let all: [NodeID] = [.server(0), .server(2), .worker(0), .worker(1), .worker(3)]
    func vector(_ step: Int, to receivers: [NodeID]) -> Action {
      .send(.vector(.model, step: step, Vector([1])), to: receivers)
    }
    var machine = FaultCatalogue.machine(
      Echo(
        id: .server(1),
        script: [[vector(1, to: all)], [vector(2, to: all)], [vector(3, to: all)], [vector(4, to: all)]]),
      playing: group, in: configuration, seed: 1,
      cast: Cast([.server(1): group, .worker(3): group, .worker(1): other]))
    func turn() -> [String] { texts(machine.handle(.timer(.linger))) }
    let word = Event.received(.done, from: .worker(0))
    #expect(turn() == texts([vector(1, to: all)]))
    #expect(machine.handle(word).count == 1)
    #expect(turn() == texts([.schedule(.fault(0), afterMilliseconds: 300), vector(2, to: [.worker(3)])]))
    // What comes from outside is lost, and so is word of a link.
    #expect(machine.handle(word).isEmpty && machine.handle(.reconnected(.server(0))).isEmpty)
    #expect(machine.handle(.received(.done, from: .worker(3))).count == 1)
    #expect(turn() == texts([vector(3, to: [.worker(3)])]))
    let back: [NodeID] = [.server(0), .server(2), .worker(0), .worker(1), .worker(2)]
    #expect(texts(machine.handle(.timer(.fault(0)))) == texts(back.map { .reject(from: $0, .late) }))
    #expect(machine.handle(word).count == 1 && turn() == texts([vector(4, to: all)]))
  }
}

/// A machine that acts by its script whenever a timer is up, and names whom it hears of in all else.
private struct Echo: Machine {
  let id: NodeID
  var script: [[Action]]

  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .timer: script.isEmpty ? [] : script.removeFirst()
    case .received(_, let peer), .reconnected(let peer): [.reject(from: peer, .late)]
    default: []
    }
  }
}
