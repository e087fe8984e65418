import ArgumentParser
import ByzAdversary
import ByzNumerics
import ByzRuntime
import Foundation

struct Faults: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List and explain every fault that can be injected.")

  @Flag(help: "Print the list as the document Documentation/faults.md.")
  var markdown = false

  func run() throws {
    try reporting {
      let text = markdown ? Self.document : Self.list
      try StandardOutput.write(Data("\(text)\n".utf8))
      return ExitStatus.completed
    }
  }

  /// The parameters that a fault has beside those that say when it is played.
  private static func parameters(of fault: FaultDescription) -> [Parameter] {
    fault.parameters.filter { !["from", "until"].contains($0.name) }
  }

  private static func standard(of parameter: Parameter) -> String {
    parameter.standardText ?? (parameter.isRequired ? "needed" : "see there")
  }

  private static func roles(of fault: FaultDescription) -> String {
    fault.roles.map { "\($0.rawValue)s" }.joined(separator: ", ")
  }
}

extension Faults {
  private static var list: String {
    let head = """
      A fault is spelled NAME or NAME:PARAMETER=VALUE,..., in a topology as `faults: {worker-3: reversed:scale=10}`, on the
      command line as `--fault worker-3=reversed:scale=10`. Several at once are joined by plus signs between spaces, or in a
      list. Each that has no step of its own takes from=STEP and until=STEP, too, between which it is played:
      `--fault 'worker-3=reversed:until=100 + sign-flip:from=100'`.
      """
    return ([head] + FaultCatalogue.all.map(entry)).joined(separator: "\n\n")
  }

  private static func entry(of fault: FaultDescription) -> String {
    let lines = parameters(of: fault).map { parameter in
      let otherwise = parameter.isRequired ? ", needed" : ""
      let standard = parameter.standardText.map { ", \($0) if left out" } ?? otherwise
      return "  \(parameter.name)\(standard): \(parameter.explanation)"
    }
    return (["\(fault.name) (\(roles(of: fault))): \(fault.summary)"] + lines).joined(separator: "\n")
  }

  private static var document: String {
    let rows = FaultCatalogue.all.map { fault in
      let parameters = parameters(of: fault).map { "`\($0.name)` (\(standard(of: $0))): \($0.explanation)" }
      return "| `\(fault.name)` | \(roles(of: fault)) | \(fault.summary) | \(parameters.joined(separator: "; ")) |"
    }
    return """
      # Faults

      What can be injected into servers and workers, as `byzsgd faults` explains it; `byzsgd faults --markdown` makes this page.

      In a topology: `faults: {worker-3: reversed, server-1: "reversed:scale=10"}`, or `{reversed: {scale: 10}}`. On the command
      line: `--fault worker-3=reversed:scale=10`, repeatedly. Several at once, the first of which changes a message first:
      `[reversed, slow:ms=5]`, or `reversed + slow:ms=5`. Each that has no step of its own takes `from` and `until`, too, the first
      step with it and the first without: `reversed:until=100 + sign-flip:from=100`.

      A faulty node is an honest machine whose outgoing messages are rewritten; honest code knows nothing of it. More faults than
      are declared (`servers.byzantine`, `workers.byzantine`) run with a warning.

      | fault | played by | the node | parameters (if left out) |
      | --- | --- | --- | --- |
      \(rows.joined(separator: "\n"))
      """
  }
}
