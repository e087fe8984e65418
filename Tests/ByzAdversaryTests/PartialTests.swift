import ByzAdversary
import ByzNumerics
import ByzProtocol
import Testing

@Suite struct PartialTests {
  private let vector = Vector([1, -2, 3])
  private let everybody = (0..<200).map(NodeID.server) + (0..<200).map(NodeID.worker)

  private func partial(share: Double, step: Int = 0) -> FaultSpecification {
    FaultSpecification(name: "partial", parameters: ["share": share, "step": Double(step)])
  }

  /// Who gets each of `messages` if a node that plays `fault` sends all of them to everybody.
  private func hearers(
    of messages: [Message], by fault: FaultSpecification, on node: NodeID = .server(1), seed: UInt64 = 1
  ) -> [[NodeID]] {
    var machine = FaultCatalogue.machine(
      Puppet(id: node, script: messages.map { [.send($0, to: everybody)] }), playing: fault, in: configuration(),
      seed: seed)
    return messages.map { message in
      let found = deliveries(machine.handle(.start))
      #expect(found.allSatisfy { $0.message == message })
      return found.map(\.receiver)
    }
  }

  @Test func allHearItBeforeItsStepAndTheFavouredFromThenOn() {
    let messages: [Message] = [
      .vector(.model, step: 0, vector), .request(.momentum, step: 9), .vector(.gatherModel, step: 4, vector), .done,
      .vector(.model, step: 5, vector), .request(.momentum, step: 2), .vector(.gatherModel, step: 5, vector),
      // What it sends of an older step later on is for the favoured, too.
      .vector(.model, step: 4, vector), .done,
    ]
    let found = hearers(of: messages, by: partial(share: 0.5, step: 5))
    #expect(found.prefix(4).allSatisfy { $0 == everybody })
    #expect(Set(found.dropFirst(4)).count == 1)
    for role in Role.allCases {
      // Six deviations of 200 nodes, each of which is favoured with an even chance.
      let favoured = found[4].count { $0.role == role }
      #expect((58...142).contains(favoured), "\(role)")
    }
  }

  @Test func aNodeThatJumpsOverTheStepHasBegun() {
    let found = hearers(of: [.vector(.model, step: 8, vector)], by: partial(share: 0, step: 5))
    #expect(found == [[]])
  }

  @Test func sharesOfNothingAndEverything() {
    let messages: [Message] = [
      .vector(.model, step: 3, vector), .vector(.gatherModel, step: 3, vector), .request(.gatherModel, step: 3), .done,
    ]
    #expect(hearers(of: messages, by: partial(share: 0)) == [[], [], [], []])
    #expect(hearers(of: messages, by: partial(share: 1)) == Array(repeating: everybody, count: 4))
    // Without anybody to send to, nothing is sent at all.
    #expect(play(partial(share: 0), on: .server(1), instead: [.send(messages[0], to: everybody)]).isEmpty)
  }

  @Test func allThatPlayItFavourTheSame() {
    let (model, momentum) = (Message.vector(.model, step: 0, vector), Message.vector(.momentum, step: 0, vector))
    let favoured = hearers(of: [model], by: partial(share: 0.5), on: .server(1))
    #expect(hearers(of: [model], by: partial(share: 0.5), on: .server(4)) == favoured)
    #expect(hearers(of: [momentum], by: partial(share: 0.5), on: .worker(2)) == favoured)
    #expect(hearers(of: [.vector(.model, step: 9, vector)], by: partial(share: 0.5, step: 7)) == favoured)
    #expect(hearers(of: [model], by: partial(share: 0.5), seed: 2) != favoured)
    let fewer = hearers(of: [model], by: partial(share: 0.25))
    #expect(fewer[0].count < favoured[0].count && fewer[0].allSatisfy(favoured[0].contains))
  }

  @Test func whatIsNotSentPasses() {
    let others = otherActions.filter { if case .send = $0 { false } else { true } }
    let begins = Action.send(.vector(.model, step: 0, vector), to: everybody)
    #expect(texts(play(partial(share: 0), on: .server(1), instead: [begins] + others)) == texts(others))
  }
}
