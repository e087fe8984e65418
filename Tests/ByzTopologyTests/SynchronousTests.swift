import ByzProtocol
import Testing

@testable import ByzTopology

/// Topologies of runs that rest on bounded delays, and what of them an asynchronous one leaves alone.
@Suite struct SynchronousTests {
  /// As few nodes as a synchronous run permits with one faulty server and two faulty workers: 2 f + 1 of each role.
  private static let least = """
    model: {analytic: quadratic}
    training:
      mode: synchronous
    servers: {count: 3, byzantine: 1}
    workers: {count: 5, byzantine: 2}
    """

  /// The documented topology, which has 5 servers and 7 workers, in the other mode.
  private static let documented = Examples.documented.replacing("mode: asynchronous", with: "mode: synchronous")

  private static let pulls: [ModelPull] = [.filtered(.own), .filtered(.same), .certified(.own), .certified(.same)]

  /// What chooses each of `pulls`, in their order.
  private static let choices = ["filtered", "certified"].flatMap { pull in
    ["own", "same"].map { ["training.pull=\(pull)", "training.lipschitz_batch=\($0)"] }
  }

  // MARK: The mode

  @Test func modesAsSpelled() throws {
    #expect(try Examples.read(Examples.smallest).training.mode == .asynchronous)
    #expect(try Examples.read(Examples.documented).training.mode == .asynchronous)
    #expect(try Examples.read(Self.least).training.mode == .synchronous(.filtered(.own)))
    let spelledOut = ["training.pull=null", "training.lipschitz_batch=null"]
    #expect(try Examples.read(Self.least, set: spelledOut).training.mode == .synchronous(.filtered(.own)))
    for (pull, choice) in zip(Self.pulls, Self.choices) {
      #expect(try Examples.read(Self.least, set: choice).training.mode == .synchronous(pull), "\(choice)")
      // One assignment switches an asynchronous topology that has the rest ready.
      let switched = try Examples.read(Examples.documented, set: choice + ["training.mode=synchronous"])
      #expect(switched.training.mode == .synchronous(pull), "\(choice)")
    }
    #expect(
      try Examples.read(Self.least, set: ["training.pull=certified"]).training.mode == .synchronous(.certified(.own)))
    #expect(
      try Examples.read(Self.least, set: ["training.lipschitz_batch=same"]).training.mode
        == .synchronous(.filtered(.same)))
  }

  /// All else is read as in any other run.
  @Test func onlyTheModeDiffers() throws {
    let (synchronous, usual) = (try Examples.read(Self.documented), try Examples.read(Examples.documented))
    #expect(synchronous.training != usual.training)
    #expect(synchronous.quorums == usual.quorums && synchronous.patience == usual.patience)
    #expect(try Examples.read(Self.documented, set: ["training.mode=asynchronous"]) == usual)
    let configuration = synchronous.protocolConfiguration
    #expect(configuration.training.mode == .synchronous(.filtered(.own)))
    // Digests of models cover it.
    #expect(configuration.topologyDigest == synchronous.digest && synchronous.digest.count == 32)
  }

  @Test(arguments: choices) func anAsynchronousRunDoesNotCare(choice: [String]) throws {
    let usual = try Examples.read(Examples.documented)
    let ready = try Examples.read(Examples.documented, set: choice)
    #expect(ready == usual && ready.digest == usual.digest && ready.yaml == usual.yaml)
  }

  private static let mistakes = [
    Mistake(6, "  pull: median", "training.pull: must be filtered or certified, not 'median'"),
    Mistake(6, "  pull: [filtered]", "training.pull: must be a text, not a list"),
    Mistake(6, "  lipschitz_batch: new", "training.lipschitz_batch: must be own or same, not 'new'"),
    Mistake(6, "  lipschitz_batch: {own: 1}", "training.lipschitz_batch: must be a text, not a mapping"),
    Mistake(6, "  pul: filtered", "training.pul: unknown key; did you mean 'pull'?"),
    Mistake(
      18, "quorum: {delta_ms: -1}", "quorum.delta_ms: must be a whole number from 0 to 86400000, not '-1'"),
    Mistake(
      18, "quorum: {delta_ms: 86400001}", "quorum.delta_ms: must be a whole number from 0 to 86400000, not '86400001'"),
    Mistake(
      18, "quorum: {delta_ms: 1.5}", "quorum.delta_ms: must be a whole number from 0 to 86400000, not '1.5'"),
    Mistake(
      18, "quorum: {delta_floor_ms: -1}",
      "quorum.delta_floor_ms: must be a whole number from 0 to 86400000, not '-1'"),
    Mistake(
      18, "quorum: {delta_floor_ms: none}",
      "quorum.delta_floor_ms: must be a whole number from 0 to 86400000, not 'none'"),
    Mistake(
      18, "quorum: {delta_ms: 100, delta_floor_ms: 101}",
      "quorum.delta_floor_ms: must be at most delta_ms, which is 100, not 101; where both are equal, Delta is not measured"
    ),
    // Delta is 500 unless given.
    Mistake(
      18, "quorum: {delta_floor_ms: 501}",
      "quorum.delta_floor_ms: must be at most delta_ms, which is 500, not 501; where both are equal, Delta is not measured"
    ),
    Mistake(18, "quorum: {detla_ms: 100}", "quorum.detla_ms: unknown key; did you mean 'delta_ms'?"),
  ]

  /// The documented topology is asynchronous, and leaves its mode out where another line takes the place of that.
  @Test(arguments: mistakes) func whatIsWrongIsSaidInAnyMode(mistake: Mistake) {
    let expected = { (line: Int) in ["mnist.yaml:\(line): \(mistake.message)"] }
    #expect(Examples.problems(line: mistake.line, mistake.text) == expected(mistake.line))
    // Line 5 is that of `training:`, and another line after it moves all that follow.
    var lines = Examples.documented.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines[mistake.line - 1] = mistake.text
    lines.insert("  mode: synchronous", at: 5)
    lines.removeAll { $0 == "  mode: asynchronous" }
    let moved = (lines.firstIndex(of: mistake.text) ?? -1) + 1
    #expect(Examples.problems(lines.joined(separator: "\n")) == expected(moved))
  }

  @Test func overridesCiteThemselves() {
    #expect(
      Examples.problems(Self.least, set: ["training.pull=all"]) == [
        "--set training.pull=all: training.pull: must be filtered or certified, not 'all'"
      ])
    #expect(
      Examples.problems(Self.least, set: ["quorum.delta_floor_ms=501"]) == [
        "--set quorum.delta_floor_ms=501: quorum.delta_floor_ms: must be at most delta_ms, which is 500, not 501; "
          + "where both are equal, Delta is not measured"
      ])
  }

  // MARK: Delta

  @Test(
    arguments: [
      ("", 500, 50),
      ("delta_ms: 1000", 1000, 50),
      ("delta_floor_ms: 7", 500, 7),
      ("delta_floor_ms: 0", 500, 0),
      ("delta_ms: 51", 51, 50),
      ("delta_ms: 2, delta_floor_ms: 1", 2, 1),
      ("delta_ms: null, delta_floor_ms: null", 500, 50),
      ("delta_ms: 86400000, delta_floor_ms: 86399999", 86_400_000, 86_399_999),
    ] as [(String, Int, Int)])
  func measuredDeltas(fields: String, milliseconds: Int, floor: Int) throws {
    for text in [Self.least, Examples.smallest] {
      let delay = try Examples.read("\(text)\nquorum: {\(fields)}").patience.delay
      #expect(delay == DelayBound(milliseconds: milliseconds, floorMilliseconds: floor))
      #expect(delay.isMeasured)
    }
  }

  /// The floor is 50 unless given, and no longer than Delta.
  @Test(
    arguments: [
      ("delta_ms: 50", 50), ("delta_ms: 49", 49), ("delta_ms: 1", 1), ("delta_ms: 0", 0),
      ("delta_ms: 300, delta_floor_ms: 300", 300), ("delta_floor_ms: 500", 500),
      ("delta_ms: 0, delta_floor_ms: 0", 0),
    ] as [(String, Int)])
  func deltasThatAreNotMeasured(fields: String, milliseconds: Int) throws {
    for text in [Self.least, Examples.smallest] {
      let delay = try Examples.read("\(text)\nquorum: {\(fields)}").patience.delay
      #expect(delay == DelayBound(milliseconds: milliseconds, floorMilliseconds: milliseconds))
      #expect(!delay.isMeasured)
    }
  }

  // MARK: Numbers of nodes

  @Test func twiceTheBoundAndOneIsEnoughWithDeltaAlone() throws {
    let topology = try Examples.read(Self.least)
    #expect(topology.quorums.servers == Group(count: 3, byzantine: 1, quorum: 2))
    #expect(topology.quorums.workers == Group(count: 5, byzantine: 2, quorum: 3))
    #expect(
      Examples.problems(Self.least, set: ["training.mode=asynchronous"]) == [
        "mnist.yaml:4: servers.count: n_ps >= 3 f_ps + 2 does not hold: 3 servers of which 1 may be Byzantine need at "
          + "least 5 servers",
        "mnist.yaml:5: workers.count: n_w >= 3 f_w + 1 does not hold: 5 workers of which 2 may be Byzantine need at "
          + "least 7 workers",
      ])
  }

  @Test func withFewerNobodyCanTellWhoIsRight() {
    let few = Self.least.replacing("count: 3", with: "count: 2").replacing("count: 5", with: "count: 4")
    let servers =
      "mnist.yaml:4: servers.count: n_ps >= 2 f_ps + 1 does not hold: 2 servers of which 1 may be Byzantine need at "
      + "least 3 servers in a synchronous run"
    let workers =
      "mnist.yaml:5: workers.count: n_w >= 2 f_w + 1 does not hold: 4 workers of which 2 may be Byzantine need at "
      + "least 5 workers in a synchronous run"
    #expect(Examples.problems(few) == [servers, workers])
    #expect(Examples.problems(Self.least.replacing("count: 3", with: "count: 2")) == [servers])
    #expect(Examples.problems(Self.least.replacing("count: 5", with: "count: 4")) == [workers])
    #expect(
      Examples.problems(Self.least, set: ["workers.byzantine=3"]) == [
        "--set workers.byzantine=3: workers.byzantine: n_w >= 2 f_w + 1 does not hold: 5 workers of which 3 may be "
          + "Byzantine need at least 7 workers in a synchronous run"
      ])
  }

  private static func refused(_ equation: String) -> String {
    "\(equation) does not hold: in a synchronous run one goes on with so many after Delta, and with more at once; "
      + "leave it out"
  }

  @Test func quorumsCannotBeChosen() throws {
    func problems(_ quorum: String) -> [String] {
      Examples.problems(Self.documented.replacing("quorum: {grace_ms: 50,", with: "quorum: {\(quorum),"))
    }
    let servers = "mnist.yaml:18: quorum.servers: " + Self.refused("q_ps = n_ps - f_ps = 4")
    let workers = "mnist.yaml:18: quorum.workers: " + Self.refused("q_w = n_w - f_w = 5")
    for quorum in [3, 5] { #expect(problems("servers: \(quorum)") == [servers], "\(quorum)") }
    for quorum in [4, 6, 7] { #expect(problems("workers: \(quorum)") == [workers], "\(quorum)") }
    #expect(problems("servers: 5, workers: 7") == [servers, workers])
    #expect(
      Examples.problems(Self.least, set: ["quorum.workers=5"]) == [
        "--set quorum.workers=5: quorum.workers: " + Self.refused("q_w = n_w - f_w = 3")
      ])
    // What they are anyway may be said.
    let spelledOut = try Examples.read(Self.documented, set: ["quorum.servers=4", "quorum.workers=5"])
    #expect(try spelledOut == Examples.read(Self.documented))
  }

  /// There, Delta does what waiting for all workers does in an asynchronous run.
  @Test func aTrustedServerGoesOnWithoutTheFaulty() throws {
    let one = Self.least.replacing("{count: 3, byzantine: 1}", with: "{count: 1}")
    #expect(try Examples.read(one).quorums.workers == Group(count: 5, byzantine: 2, quorum: 3))
    #expect(
      try Examples.read(one, set: ["training.mode=asynchronous"]).quorums.workers
        == Group(count: 5, byzantine: 2, quorum: 5))
  }

  // MARK: Writing

  @Test(arguments: zip(pulls, choices)) func whatIsWrittenIsReadBack(pull: ModelPull, choice: [String]) throws {
    let delays = ["quorum.delta_ms=400", "quorum.delta_floor_ms=25"]
    for (text, set) in [
      (Self.least, choice), (Self.documented, choice), (Self.least, choice + delays),
      (Self.least, choice + ["quorum.delta_ms=80", "quorum.delta_floor_ms=80"]),
    ] {
      let topology = try Examples.read(text, set: set)
      let read = try Topology(yaml: topology.yaml, file: "elsewhere/x.yaml")
      #expect(read == topology && read.digest == topology.digest && read.yaml == topology.yaml, "\(set)")
      #expect(read.training.mode == .synchronous(pull), "\(set)")
    }
    let (name, batch) = (pull.isCertified ? "certified" : "filtered", pull.lipschitzBatch.rawValue)
    let written = try Examples.read(Self.least, set: choice + delays).yaml
    #expect(written.contains("\n  mode: synchronous\n  pull: \(name)\n  lipschitz_batch: \(batch)\n  steps: 500\n"))
    #expect(written.contains("\n  delta_ms: 400\n  delta_floor_ms: 25\n"))
  }

  // MARK: The digest

  @Test func theDigestCoversWhatTheNodesMustAgreeOn() throws {
    let digests =
      try [Examples.read(Examples.documented).digest]
      + Self.choices.map { try Examples.read(Self.documented, set: $0).digest }
    #expect(digests.count == 5 && Set(digests).count == 5)
    // Of runs that could not be asynchronous, too.
    let ofTheLeast = try Self.choices.map { try Examples.read(Self.least, set: $0).digest }
    #expect(Set(ofTheLeast).count == 4)
  }

  @Test func howLongOneWaitsIsItsOwnBusiness() throws {
    for text in [Self.documented, Self.least, Examples.documented] {
      let digest = try Examples.read(text).digest
      for set in [
        ["quorum.delta_ms=80"], ["quorum.delta_floor_ms=500"], ["quorum.delta_ms=9", "quorum.delta_floor_ms=3"],
      ] {
        #expect(try Examples.read(text, set: set).digest == digest, "\(set)")
      }
    }
  }

  /// A new form of the text would separate nodes of different versions: change this on purpose only.
  @Test func theAgreementNamesTheMode() throws {
    let names = ["filtered own", "filtered same", "certified own", "certified same"]
    let usual = try Examples.read(Examples.documented).agreement
    for (name, choice) in zip(names, Self.choices) {
      let agreement = try Examples.read(Self.documented, set: choice).agreement
      #expect(agreement == usual.replacing("\nmode asynchronous\n", with: "\nmode synchronous \(name)\n"))
      #expect(agreement != usual)
    }
  }

  // MARK: Warnings

  private func ofDelta(_ topology: Topology) -> [String] {
    topology.warnings.filter { $0.contains("safety rests on Delta") }
  }

  @Test func whatRestsOnDeltaIsSaid() throws {
    let warnings = ofDelta(try Examples.read(Self.least))
    #expect(warnings.count == 2)
    // f_w = 2 and f_ps = 1.
    #expect(warnings.contains { $0.hasPrefix("n_w = 5 is below 3 f_w + 1 = 7: ") })
    #expect(warnings.contains { $0.hasPrefix("n_ps = 3 is below 3 f_ps + 1 = 4: ") })
    #expect(warnings.allSatisfy { $0.contains("Delta, measured from 50 to 500 ms (quorum.delta_floor_ms and ") })
    let given = ofDelta(try Examples.read(Self.least, set: ["quorum.delta_ms=80", "quorum.delta_floor_ms=80"]))
    #expect(given.count == 2 && given.allSatisfy { $0.contains("Delta = 80 ms (quorum.delta_ms)") })
    #expect(given.allSatisfy { !$0.contains("measured") })
  }

  @Test func eachRoleRestsOnItForItself() throws {
    func subjects(servers: Int, workers: Int) throws -> [String] {
      let set = ["servers.count=\(servers)", "workers.count=\(workers)"]
      return ofDelta(try Examples.read(Self.least, set: set)).map { String($0.prefix { $0 != " " }) }
    }
    #expect(try subjects(servers: 3, workers: 7) == ["n_ps"])
    #expect(try subjects(servers: 4, workers: 6) == ["n_w"])
    #expect(try subjects(servers: 4, workers: 7) == [])
    #expect(try subjects(servers: 5, workers: 7) == [])
  }

  @Test func withTheNumbersOfAnAsynchronousRunNothingDoes() throws {
    // There is nothing else to say of it, either.
    #expect(try Examples.read(Self.documented).warnings == [])
    #expect(try Examples.read(Self.documented, set: ["training.pull=certified"]).warnings == [])
    // Under a trusted server 5 workers are enough for f_w = 2 in an asynchronous run, too, which waits for all of them.
    let one = Self.least.replacing("{count: 3, byzantine: 1}", with: "{count: 1}")
    #expect(try ofDelta(Examples.read(one)).count == 1)
    #expect(try ofDelta(Examples.read(one, set: ["training.mode=asynchronous"])) == [])
  }
}
