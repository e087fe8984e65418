import ByzNumerics
import ByzProtocol

extension FaultCatalogue {
  /// `machine` playing `fault`. What the fault draws follows from the run's `seed`.
  ///
  /// - Precondition: `violation(of:on:)` has nothing to say about the fault.
  public static func machine(
    _ machine: some Machine, playing specification: FaultSpecification, in configuration: ProtocolConfiguration,
    seed: UInt64
  ) -> any Machine {
    let fault = makeFault(specification, node: machine.id, in: configuration, seed: seed)
    return ByzantineMachine(machine, playing: fault)
  }

  private static func makeFault(
    _ specification: FaultSpecification, node: NodeID, in configuration: ProtocolConfiguration, seed: UInt64
  ) -> any Fault {
    let values = named(specification.name)?.parameters.completed(specification.parameters) ?? [:]
    func parameter(_ name: String) -> Double {
      guard let value = values[name] else {
        preconditionFailure("the fault '\(specification)' was not checked against the catalogue")
      }
      return value
    }
    switch specification.name {
    case "reversed":
      return Scaling(factor: -Float(parameter("scale")))
    case "sign-flip":
      return Scaling(factor: -1)
    case "random":
      return Noise(scale: Float(parameter("scale")), seed: seed, node: node)
    case "arbitrary":
      return Arbitrary(
        share: Float(parameter("share")), seed: seed, node: node, steps: configuration.training.steps)
    case "partial":
      return Partial(share: Float(parameter("share")), step: Int(parameter("step")), seed: seed)
    case "crash":
      return Crash(step: Int(parameter("step")))
    case "little-is-enough":
      let hidden = LittleIsEnough.largestHiddenShift(among: configuration.quorums.workers)
      return LittleIsEnough(
        deviations: Float(values["z"] ?? hidden), batches: Int(parameter("batches")), configuration: configuration)
    default:
      preconditionFailure("the fault '\(specification.name)' was not checked against the catalogue")
    }
  }
}
