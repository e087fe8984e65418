import ByzNumerics
import ByzProtocol
import Testing

@testable import ByzAdversary

/// Faults that do something later, in some steps, or together with others.
@Suite struct TimedFaultTests {
  private func machine(_ parts: [Specification], script: [[Action]]) -> any Machine {
    FaultCatalogue.machine(
      Puppet(id: .server(2), script: script), playing: FaultSpecification(parts), in: configuration(), seed: 1)
  }

  private func model(_ step: Int, _ element: Float = 1, to receivers: [NodeID] = [.worker(0)]) -> Action {
    .send(.vector(.model, step: step, Vector([element])), to: receivers)
  }

  private func timers(_ actions: [Action]) -> [(timer: Timer, milliseconds: Int)] {
    actions.compactMap { if case .schedule(let timer, let milliseconds) = $0 { (timer, milliseconds) } else { nil } }
  }

  @Test func slowSendsEachMessageInItsTime() throws {
    let slow = Specification(name: "slow", parameters: ["ms": 30, "spread_ms": 10])
    var machine = machine([slow], script: [[model(3, to: [.worker(0), .worker(1)]), .finish], []])
    let first = machine.handle(.start)
    #expect(sent(first).isEmpty && texts(first).contains("finish"))
    let waits = timers(first)
    #expect(waits.count == 2 && waits.allSatisfy { (30...40).contains($0.milliseconds) })
    // In whatever order the times are up, each message goes out once.
    let late = waits.reversed().map { sent(machine.handle(.timer($0.timer))) }
    #expect(late.map { $0.map(\.receivers) } == [[[.worker(1)]], [[.worker(0)]]])
    #expect(machine.handle(.timer(waits[0].timer)).isEmpty)
  }

  @Test func reorderLetsLaterMessagesOvertake() {
    let reorder = Specification(name: "reorder", parameters: ["share": 0.5, "ms": 7])
    var machine = machine([reorder], script: (0..<100).map { [model($0)] })
    let actions = (0..<100).flatMap { _ in machine.handle(.timer(.linger)) }
    let now = sent(actions).map(\.step)
    let waits = timers(actions)
    #expect(
      (30...70).contains(now.count) && now.count + waits.count == 100 && waits.allSatisfy { $0.milliseconds == 7 })
    let later = waits.flatMap { sent(machine.handle(.timer($0.timer))).map(\.step) }
    #expect((now + later).sorted() == Array(0..<100))
  }

  /// What ends or stops a node does so, too, where the first vector of the step is garbled before it gets there.
  @Test(arguments: ["crash", "hang", "restart", "partition"]) func garbledVectorsCount(name: String) {
    let parameters: [String: Double] = name == "hang" ? ["step": 3, "end": 9] : ["step": 3]
    let corrupt = Specification(name: "corrupt", parameters: ["share": 1])
    let script = (0..<40).map { [model(2 + $0 / 20)] }
    var machine = machine([corrupt, Specification(name: name, parameters: parameters)], script: script)
    let before = (0..<20).flatMap { _ in machine.handle(.timer(.linger)) }
    // Half of them in the header, none of them lost.
    let garbled = before.count { if case .garble = $0 { true } else { false } }
    #expect(before.count == 20 && (4...16).contains(garbled))
    let after = (0..<20).flatMap { _ in machine.handle(.timer(.linger)) }
    #expect(!after.contains { $0.transmission != nil }, "\(texts(after))")
  }

  @Test func scheduleSaysInWhichSteps() {
    let reversed = Specification(name: "reversed", parameters: ["scale": 2, "from": 2, "until": 4])
    let flip = Specification(name: "sign-flip", parameters: ["from": 3])
    var machine = machine([reversed, flip], script: (0..<6).map { [model($0, 1)] })
    let elements = (0..<6).map { _ in sent(machine.handle(.timer(.linger)))[0].vector[0] }
    #expect(elements == [1, 1, -2, 2, -1, -1])
  }

  @Test func eachHasItsOwnTimers() {
    let parts = ["slow", "slow"].map { Specification(name: $0, parameters: ["ms": 5]) }
    var machine = machine(parts, script: [[model(1)], [model(2)]])
    let first = timers(machine.handle(.start))
    let second = timers(machine.handle(.start))
    // The inner one lets go of a message, and the outer one keeps it back anew.
    let third = timers(machine.handle(.timer(first[0].timer)))
    #expect(first.count == 1 && second.count == 1 && third.count == 1)
    #expect(Set([first, second, third].map { $0[0].timer }).count == 3)
    #expect(sent(machine.handle(.timer(third[0].timer))).map(\.step) == [1])
    let fourth = timers(machine.handle(.timer(second[0].timer)))
    #expect(sent(machine.handle(.timer(fourth[0].timer))).map(\.step) == [2])
  }

  @Test func hangGoesOnWithAllThatHasCome() {
    let hang = Specification(name: "hang", parameters: ["step": 2, "end": 5])
    var machine = machine([hang], script: [[model(1)], [model(2), .finish], [model(3)], [model(4)], [.crash]])
    #expect(sent(machine.handle(.start)).map(\.step) == [1])
    #expect(machine.handle(.start).isEmpty)
    // The honest machine hears nothing while it hangs, so its script stands still.
    #expect(machine.handle(.reconnected(.worker(0))).isEmpty)
    #expect(machine.handle(.received(.vector(.momentum, step: 4, Vector([1])), from: .worker(1))).isEmpty)
    let after = machine.handle(.received(.vector(.momentum, step: 5, Vector([1])), from: .worker(2)))
    #expect(texts(after) == texts([model(2), .finish, model(3), model(4), .crash]))
    #expect(machine.handle(.start).isEmpty)
  }

  @Test func aWorkerThatHangsAsksForTheStepToGoOnAt() {
    let fault = FaultSpecification(name: "hang", parameters: ["step": 2, "end": 9])
    let momentum = Action.send(.vector(.momentum, step: 2, Vector([1])), to: [.server(0)])
    let done = play(fault, on: .worker(1), instead: [momentum])
    #expect(texts(done) == texts([.send(.request(.model, step: 9), to: [.server(0)])]))
  }

  @Test func restartBeginsAnew() throws {
    let restart = Specification(name: "restart", parameters: ["step": 1, "after_ms": 40])
    var machine = machine([restart], script: [[model(0)], [model(1), .finish], [.crash]])
    #expect(sent(machine.handle(.start)).map(\.step) == [0])
    let stop = machine.handle(.timer(.linger))
    let wait = try #require(timers(stop).first)
    #expect(stop.count == 1 && wait.milliseconds == 40)
    #expect(machine.handle(.reconnected(.worker(0))).isEmpty)
    // Its script begins from the start, and this time it goes on.
    #expect(sent(machine.handle(.timer(wait.timer))).map(\.step) == [0])
    #expect(texts(machine.handle(.timer(.linger))) == texts([model(1), .finish]))
  }

  @Test func faultsOfHonestWordsLeaveVectorsAlone() {
    for name in ["slow", "dawdle", "drop", "duplicate", "reorder", "flood", "partial", "silent"] {
      var machine = machine([Specification(name: name)], script: (0..<50).map { [model($0, Float($0))] })
      var actions = (0..<50).flatMap { _ in machine.handle(.timer(.linger)) }
      for wait in timers(actions) { actions += machine.handle(.timer(wait.timer)) }
      for message in sent(actions) { #expect(message.vector == Vector([Float(message.step)]), "\(name)") }
    }
  }
}
