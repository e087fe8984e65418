import ByzAdversary
import ByzNumerics
import ByzProtocol
import Testing

@Suite struct FaultCatalogueTests {
  /// A fault of the catalogue with all that must be given.
  private func smallest(_ description: FaultDescription) -> FaultSpecification {
    // Of two, the second is the end of something.
    let required = description.parameters.filter(\.isRequired).enumerated().map {
      ($1.name, $1.range.lowerBound + Double($0))
    }
    return FaultSpecification(name: description.name, parameters: Dictionary(uniqueKeysWithValues: required))
  }

  @Test func everyEntryCanBePlayedByItsRoles() {
    for description in FaultCatalogue.all {
      for role in Role.allCases {
        let (node, fault) = (NodeID(role, 1), smallest(description))
        let violation = FaultCatalogue.violation(of: fault, on: node)
        guard description.roles.contains(role) else {
          #expect(violation != nil, "\(fault) on \(node)")
          continue
        }
        #expect(violation == nil, "\(fault) on \(node)")
        let machine = FaultCatalogue.machine(
          Puppet(id: node, script: []), playing: fault, in: configuration(), seed: 1)
        #expect(machine.id == node)
      }
      #expect(!description.roles.isEmpty && FaultCatalogue.named(description.name)?.summary == description.summary)
    }
    #expect(Set(FaultCatalogue.all.map(\.name)).count == FaultCatalogue.all.count)
    #expect(FaultCatalogue.named("crush") == nil)
  }

  @Test func standardValuesAreValidAndMakeNoDifference() throws {
    for description in FaultCatalogue.all {
      var spelledOut = smallest(description).parts[0].parameters
      for parameter in description.parameters where spelledOut[parameter.name] == nil {
        spelledOut[parameter.name] = parameter.standard
      }
      let (short, long) = (smallest(description), FaultSpecification(name: description.name, parameters: spelledOut))
      for role in description.roles {
        // What only workers take is refused on servers.
        if description.name == "little-is-enough", role == .server { continue }
        let node = NodeID(role, 0)
        #expect(FaultCatalogue.violation(of: long, on: node) == nil, "\(long)")
        let vector = Action.send(
          .vector(role == .server ? .model : .momentum, step: 0, Vector([1, 2, 3])), to: [.server(0)])
        let gradient = Action.computeGradient(step: 0, draw: 0, at: Vector([1, 2, 3]))
        #expect(
          texts(play(short, on: node, instead: [gradient, vector]))
            == texts(play(long, on: node, instead: [gradient, vector])), "\(long)")
      }
    }
  }

  private static func names(_ role: Role) -> String {
    FaultCatalogue.all.filter { $0.roles.contains(role) }.map(\.name).joined(separator: ", ")
  }

  @Test func listsAreOfWhatEachRoleCanPlay() {
    #expect(
      Self.names(.server).hasPrefix("reversed, sign-flip, random, zero, nan, infinite, huge-norm, bias, partial-drop"))
    #expect(Self.names(.server).contains("late-gather") && !Self.names(.worker).contains("late-gather"))
    #expect(Self.names(.worker).contains("fall-of-empires") && !Self.names(.server).contains("fall-of-empires"))
    // Against models that workers pull.
    for name in ["drift", "before-gather", "unfair"] {
      #expect(FaultCatalogue.named(name)?.roles == [.server], "\(name)")
      #expect(Cast([.server(0): FaultSpecification(name: name)]).isAccomplice(.server(0)), "\(name)")
    }
    // Late is not a lie.
    #expect(FaultCatalogue.named("dawdle")?.roles == Role.allCases)
    #expect(!Cast([.server(0): FaultSpecification(name: "dawdle")]).isAccomplice(.server(0)))
  }

  private static let mistakes: [(String, NodeID, [String: Double], String)] = [
    ("revresed", .server(0), [:], "there is no fault 'revresed'; a server can play: \(names(.server))"),
    (
      "", .worker(0), [:],
      "there is no fault '' (several are joined by ' + ', with a space on each side); a worker can play: \(names(.worker))"
    ),
    (
      "zero+slow", .worker(0), [:],
      "there is no fault 'zero+slow' (several are joined by ' + ', with a space on each side); a worker can play: "
        + names(.worker)
    ),
    ("zero", .worker(0), ["from": 20, "until": 20], "'until' of 'zero' must be above 'from', which is 20"),
    ("zero", .worker(0), ["until": 0], "'until' of 'zero' must be above 'from', which is 0"),
    ("hang", .worker(0), ["step": 5, "end": 5], "'end' of 'hang' must be above 'step', which is 5"),
    ("anti-cge", .server(2), [:], "a server cannot play 'anti-cge'; it can play: \(names(.server))"),
    ("two-faced", .worker(2), [:], "a worker cannot play 'two-faced'; it can play: \(names(.worker))"),
    ("drift", .worker(2), [:], "a worker cannot play 'drift'; it can play: \(names(.worker))"),
    ("before-gather", .worker(2), [:], "a worker cannot play 'before-gather'; it can play: \(names(.worker))"),
    ("unfair", .worker(2), [:], "a worker cannot play 'unfair'; it can play: \(names(.worker))"),
    ("drift", .server(0), ["share": 1.5], "'share' of 'drift' must be from 0 to 1, not 1.5"),
    ("dawdle", .worker(0), ["ms": 5], "'dawdle' has no parameter 'ms'; it has share, from, until"),
    ("unfair", .server(0), ["share": 1], "'unfair' has no parameter 'share'; it has scale, from, until"),
    ("reversed", .worker(0), ["speed": 1], "'reversed' has no parameter 'speed'; it has scale, from, until"),
    ("sign-flip", .worker(0), ["scale": 1], "'sign-flip' has no parameter 'scale'; it has from, until"),
    (
      "little-is-enough", .worker(0), ["y": 1, "x": 1],
      "'little-is-enough' has no parameter 'x'; it has z, search, known, batches, from, until"
    ),
    (
      "little-is-enough", .server(0), ["z": 1, "known": 3],
      "'known' of 'little-is-enough' is for workers; a server takes z, from and until"
    ),
    (
      "little-is-enough", .worker(0), ["z": 1, "search": 1],
      "'z' of 'little-is-enough' is what search=1 chooses; leave one of the two out"
    ),
    (
      "fall-of-empires", .worker(0), ["epsilon": 1, "search": 1],
      "'epsilon' of 'fall-of-empires' is what search=1 chooses; leave one of the two out"
    ),
    (
      "crash", .worker(0), [:],
      "'crash' needs 'step', the step whose first vector is not sent any more, as in 'crash:step=10'"
    ),
    ("crash", .server(0), ["from": 1], "'crash' has no parameter 'from'; it has step"),
    ("crash", .server(0), ["step": -1], "'step' of 'crash' must be from 0 to 1000000000, not -1"),
    ("crash", .server(0), ["step": 1.5], "'step' of 'crash' must be a whole number, not 1.5"),
    ("crash", .server(0), ["step": .nan], "'step' of 'crash' must be a whole number, not nan"),
    ("crash", .server(0), ["step": 1e19], "'step' of 'crash' must be a whole number, not 1e+19"),
    ("reversed", .server(0), ["scale": .infinity], "'scale' of 'reversed' must be a finite number, not inf"),
    ("reversed", .server(0), ["scale": -0.5], "'scale' of 'reversed' must be from 0 to 1e+30, not -0.5"),
    ("random", .server(0), ["scale": -100], "'scale' of 'random' must be from 0 to 1e+30, not -100"),
    ("little-is-enough", .worker(0), ["batches": 1], "'batches' of 'little-is-enough' must be from 2 to 1000, not 1"),
  ]

  @Test(arguments: mistakes)
  func whatDoesNotFitIsSaidExactly(name: String, node: NodeID, parameters: [String: Double], message: String) {
    #expect(
      FaultCatalogue.violation(of: FaultSpecification(name: name, parameters: parameters), on: node) == message)
  }

  @Test func whatFitsIsLeftAlone() {
    for (name, parameters) in [
      ("crash", ["step": 0]), ("crash", ["step": 1_000_000_000]), ("reversed", ["scale": 0.25]),
      ("little-is-enough", ["z": -2.5]), ("little-is-enough", ["batches": 2, "z": 0]),
    ] as [(String, [String: Double])] {
      let fault = FaultSpecification(name: name, parameters: parameters)
      #expect(FaultCatalogue.violation(of: fault, on: .worker(0)) == nil, "\(fault)")
    }
  }

  private static let spellings: [(String, [String: Double], String)] = [
    ("reversed", [:], "reversed"),
    ("reversed", ["scale": 10], "reversed:scale=10"),
    ("reversed", ["scale": 0.5], "reversed:scale=0.5"),
    ("random", ["scale": -3], "random:scale=-3"),
    ("random", ["scale": 1e15], "random:scale=1000000000000000"),
    ("random", ["scale": 1e19], "random:scale=1e+19"),
    ("random", ["scale": .infinity], "random:scale=inf"),
    ("little-is-enough", ["z": 1.5, "batches": 7], "little-is-enough:batches=7,z=1.5"),
  ]

  @Test(arguments: spellings)
  func specificationsAreWrittenAsTheyAreSpelled(name: String, parameters: [String: Double], text: String) {
    #expect("\(FaultSpecification(name: name, parameters: parameters))" == text)
  }
}
