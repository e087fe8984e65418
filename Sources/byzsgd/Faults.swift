import ArgumentParser
import ByzAdversary

struct Faults: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List and explain every fault that can be injected.")

  func run() {
    print(
      """
      A fault is spelled NAME or NAME:PARAMETER=VALUE,..., in a topology as `faults: {worker-3: reversed:scale=10}`, on the
      command line as `--fault worker-3=reversed:scale=10`. Several at once are joined by plus signs between spaces, or in a
      list. Each that has no step of its own takes from=STEP and until=STEP, too, between which it is played:
      `--fault 'worker-3=reversed:until=100 + sign-flip:from=100'`.

      """)
    print(FaultCatalogue.all.map(Self.text).joined(separator: "\n\n"))
  }

  private static func text(of fault: FaultDescription) -> String {
    let roles = fault.roles.map { "\($0.rawValue)s" }.joined(separator: ", ")
    let parameters = fault.parameters.filter { !["from", "until"].contains($0.name) }.map { parameter in
      let otherwise = parameter.isRequired ? ", needed" : ""
      let standard = parameter.standardText.map { ", \($0) if left out" } ?? otherwise
      return "  \(parameter.name)\(standard): \(parameter.explanation)"
    }
    return (["\(fault.name) (\(roles)): \(fault.summary)"] + parameters).joined(separator: "\n")
  }
}
