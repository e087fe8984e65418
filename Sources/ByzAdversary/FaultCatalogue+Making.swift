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
    func parameter(_ name: String) -> Double? {
      specification.parameters[name]
        ?? named(specification.name)?.parameters.first { $0.name == name }?.standard
    }
    switch specification.name {
    case "reversed":
      return Scaling(factor: -Float(parameter("scale") ?? 100))
    case "sign-flip":
      return Scaling(factor: -1)
    case "random":
      return Noise(scale: Float(parameter("scale") ?? 1), seed: seed, node: node)
    case "crash":
      return Crash(step: Int(parameter("step") ?? 0))
    case "little-is-enough":
      let hidden = LittleIsEnough.largestHiddenShift(among: configuration.quorums.workers)
      return LittleIsEnough(
        deviations: Float(parameter("z") ?? hidden), batches: Int(parameter("batches") ?? 5),
        configuration: configuration)
    default:
      preconditionFailure("the fault '\(specification.name)' was not checked against the catalogue")
    }
  }
}
