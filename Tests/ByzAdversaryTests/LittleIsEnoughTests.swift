import ByzNumerics
import ByzProtocol
import Foundation
import Testing

@testable import ByzAdversary

@Suite struct LittleIsEnoughTests {
  /// A real worker that plays the fault, and what its momentums would be if each batch had a worker of its own, by a
  /// recursion in Double.
  private struct Run {
    var worker: any Machine
    let configuration: ProtocolConfiguration
    let batches: Int
    var generator: SeededGenerator
    /// The momentum of each draw.
    var momentums: [[Double]]

    /// - Parameters z, batches: the fault's parameters; left out if nil.
    init(z: Double?, batches: Int?, seed: UInt64, configuration: ProtocolConfiguration) {
      self.configuration = configuration
      self.batches = batches ?? 5
      generator = SeededGenerator(seed: seed)
      momentums = Array(repeating: [0, 0, 0], count: self.batches)
      var parameters: [String: Double] = [:]
      parameters["z"] = z
      parameters["batches"] = batches.map(Double.init)
      worker = FaultCatalogue.machine(
        WorkerMachine(0, configuration), playing: FaultSpecification(name: "little-is-enough", parameters: parameters),
        in: configuration, seed: seed)
      _ = worker.handle(.start)
    }

    mutating func vector() -> Vector { Vector((0..<3).map { _ in generator.normal() }) }

    /// Gives the worker a model and all its gradients; what it sends of the step.
    mutating func take(_ step: Int) throws -> Vector {
      let model = vector()
      let actions = worker.handle(.received(.vector(.model, step: step, model), from: .server(0)))
      let asked = actions.compactMap { action -> Int? in
        guard case .computeGradient(step, let draw, false, let parameters) = action, parameters == model else {
          return nil
        }
        return draw
      }
      // Its own draw last, so that everything it needs is there by then.
      #expect(asked == Array(1..<batches) + [0], "step \(step)")
      var sentNow: [Vector] = []
      for draw in asked {
        let gradient = vector()
        learn(gradient, at: model, draw: draw)
        let reaction = worker.handle(.gradient(step: step, draw: draw, gradient, loss: 1))
        if draw > 0 { #expect(reaction.isEmpty, "draw \(draw) of step \(step)") }
        for message in sent(reaction) {
          #expect(message.kind == .momentum && message.step == step && message.receivers == [.server(0)])
          sentNow.append(message.vector)
        }
      }
      #expect(sentNow.count == 1, "step \(step)")
      return try #require(sentNow.first)
    }

    private mutating func learn(_ gradient: Vector, at model: Vector, draw: Int) {
      for index in 0..<3 {
        let whole = Double(gradient[index]) + configuration.training.weightDecay * Double(model[index])
        momentums[draw][index] = 0.9 * momentums[draw][index] + 0.1 * whole
      }
    }

    /// mean - z deviations of the momentums.
    func expected(_ z: Double) -> [Double] {
      (0..<3).map { index in
        let values = momentums.map { $0[index] }
        let mean = values.reduce(0, +) / Double(batches)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return mean - z * (squares / Double(batches - 1)).squareRoot()
      }
    }
  }

  private func isClose(_ vector: Vector, _ expected: [Double]) -> Bool {
    vector.count == expected.count && zip(vector.elements, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 }
  }

  @Test(arguments: [(2, 1.5), (5, 1.5), (5, 0), (3, -2), (9, 0.3)])
  func sendsMeanLessDeviationsOfMomentumsOfItsOwn(batches: Int, z: Double) throws {
    for seed in 0..<3 as Range<UInt64> {
      var run = Run(
        z: z, batches: batches, seed: seed, configuration: configuration(weightDecay: 0.25))
      for step in 0..<6 {
        let forgery = try run.take(step)
        #expect(isClose(forgery, run.expected(z)), "seed \(seed), step \(step): \(forgery) not \(run.expected(z))")
      }
    }
  }

  @Test func standardShiftIsTheMostThatHidesAndStandardBatchesAreFive() throws {
    var run = Run(z: nil, batches: nil, seed: 4, configuration: configuration(workers: (7, 2)))
    for step in 0..<3 { #expect(isClose(try run.take(step), run.expected(0.253_347))) }
  }

  @Test func aStepThatIsAskedForAgainGetsTheSameVector() throws {
    var run = Run(z: 1, batches: 5, seed: 9, configuration: configuration())
    var forgeries: [Vector] = []
    for step in 0..<5 {
      forgeries.append(try run.take(step))
      for former in 0...step {
        let again = sent(run.worker.handle(.received(.request(.momentum, step: former), from: .server(0))))
        // Of what is not kept any more comes the newest, as from an honest worker.
        let served = former > step - 3 ? former : step
        #expect(again.map(\.step) == [served] && again.map(\.vector) == [forgeries[served]], "\(former) after \(step)")
      }
    }
  }

  @Test func gradientsThatNobodyAskedForChangeNothing() throws {
    var run = Run(z: 1, batches: 3, seed: 2, configuration: configuration())
    for draw in 1...4 {
      #expect(run.worker.handle(.gradient(step: 0, draw: draw, Vector([9, 9, 9]), loss: 0)).isEmpty)
    }
    #expect(isClose(try run.take(0), run.expected(1)))
    #expect(run.worker.handle(.gradient(step: 0, draw: 3, Vector([9, 9, 9]), loss: 0)).isEmpty)
    #expect(isClose(try run.take(1), run.expected(1)))
  }

  /// The paper's formula, and the quantile from the C library's error function.
  @Test(arguments: [(50, 24), (7, 2), (10, 3), (51, 24), (25, 5), (100, 33), (13, 4), (5, 1), (4, 1), (3, 1), (2, 0)])
  func largestHiddenShift(count: Int, byzantine: Int) {
    let shift = LittleIsEnough.largestHiddenShift(among: Group(count: count, byzantine: byzantine))
    let needed = Double(count / 2 + 1 - byzantine)
    let honest = Double(count - byzantine)
    let probability = (honest - needed) / honest
    if probability <= 0.5 {
      #expect(abs(shift) < 1e-9)
    } else {
      #expect(abs(0.5 * (1 + erf(shift / 2.0.squareRoot())) - probability) < 1e-9)
    }
  }

  @Test func largestHiddenShiftOfKnownRuns() {
    func shift(_ count: Int, _ byzantine: Int) -> Double {
      LittleIsEnough.largestHiddenShift(among: Group(count: count, byzantine: byzantine))
    }
    // (26 - 2) / 26 = 0.923 and (5 - 2) / 5 = 0.6, from tables of the normal distribution.
    #expect(abs(shift(50, 24) - 1.426_077) < 1e-5)
    #expect(abs(shift(7, 2) - 0.253_347) < 1e-5)
    // With 1 honest worker to beat of 3 (f = 2 of n = 5), 2/3; with a majority of its own, the limit.
    #expect(abs(shift(5, 2) - 0.430_727) < 1e-5)
    #expect(abs(shift(5, 3) - 3) < 1e-9)
  }
}
