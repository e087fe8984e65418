import ArgumentParser
import ByzAdversary
import ByzNumerics
import ByzRuntime
import Foundation

struct Faults: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List and explain every fault that can be injected.")

  @Argument(help: "The faults to explain. Default: all.")
  var names: [String] = []

  @Flag(help: "Print the list as the document Documentation/faults.md.")
  var markdown = false

  func run() throws {
    try reporting {
      let chosen = try names.map { name in
        guard let fault = FaultCatalogue.named(name) else {
          let known = FaultCatalogue.all.map(\.name).joined(separator: ", ")
          throw UsageFailure(description: "there is no fault '\(name)'; there are: \(known)")
        }
        return Self.entry(of: fault)
      }
      let list = chosen.isEmpty ? Self.list : chosen.joined(separator: "\n\n")
      let text = markdown ? Self.document : list
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
      `--fault 'worker-3=reversed:until=100 + sign-flip:from=100'`. `none` is an honest node.
      """
    return ([head] + FaultCatalogue.all.map(entry)).joined(separator: "\n\n")
  }

  private static func entry(of fault: FaultDescription) -> String {
    let lines = parameters(of: fault).map { parameter in
      let otherwise = parameter.isRequired ? ", needed" : ""
      let standard = parameter.standardText.map { ", \($0) if left out" } ?? otherwise
      return "  \(parameter.name)\(standard): \(parameter.explanation)"
    }
    let facts = [fault.formula.map { "  \($0)" }, fault.source.map { "  source: \($0)" }].compactMap(\.self)
    return (["\(fault.name) (\(roles(of: fault))): \(fault.summary)"] + facts + lines).joined(separator: "\n")
  }

  private static var document: String {
    let rows = FaultCatalogue.all.map { fault in
      let parameters = parameters(of: fault).map { "`\($0.name)` (\(standard(of: $0))): \($0.explanation)" }
      let formula = fault.formula.map { "`\($0.replacing("|", with: "\\|"))`" } ?? ""
      let cells = [
        "`\(fault.name)`", roles(of: fault), fault.summary, formula, parameters.joined(separator: "; "),
        fault.source ?? "",
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
    return """
      # Faults

      What can be injected into servers and workers, as `byzsgd faults` explains it; `byzsgd faults --markdown` makes this page.

      In a topology: `faults: {worker-3: reversed, server-1: "reversed:scale=10"}`, or `{reversed: {scale: 10}}`. On the command
      line: `--fault worker-3=reversed:scale=10`, repeatedly. Several at once, the first of which changes a message first:
      `[reversed, slow:ms=5]`, or `reversed + slow:ms=5`. Each that has no step of its own takes `from` and `until`, too, the first
      step with it and the first without: `reversed:until=100 + sign-flip:from=100`.

      `none` stands for an honest node: in place of what a file says, or as a value of a grid.

      A faulty node is an honest machine whose outgoing messages are rewritten; honest code knows nothing of it. More faults than
      are declared (`servers.byzantine`, `workers.byzantine`) run with a warning. Faults from `slow` to the end of the table leave a
      node honest in what it says (but for the vectors that `corrupt` damages). List them last: a fault that forges sends what it
      makes by itself, past those before it.

      Who is missing once is not waited for in the next step. So a node that loses a share of its messages is admitted less often
      than that, and one of which nothing is acceptable (`silent`, `nan`, `infinite`) costs the others `start_grace_ms`, 10 seconds,
      at the very first step and nothing later.

      ## Accomplices

      Those who play one of the faults before `slow` are accomplices, for the whole run, whichever steps they play it in. A
      Byzantine server tells them what honest workers send it, over a channel of their own of which no honest node knows; so
      workers that have use for it (`little-is-enough`, `fall-of-empires`, `anti-cge`, `mimic`) know honest momentums of a step
      before they speak.

      A server needs q_w momentums, and there are that many honest workers at the usual quorum: who waited for all of them could
      come too late. So such a worker speaks as soon as it knows as many as complete a quorum together with those of all
      accomplices (3 of 5 in the default job; `known` sets another number), its own gradient or not, or after half of `grace_ms`
      (in a synchronous run of `delta_floor_ms`, and of `ask_again_ms` where that is 0) with what it knows. It takes the first
      that it is told, so that all who hear the same server forge the same. The simulator's adversary knows all momentums that a
      server can wait for, and what it sends arrives before the last of them.

      A search (`search=1`) tries y on the rule with as many honest momentums as are known, and a copy of y for each worker that
      plays the same. Servers that give the rest their grace aggregate more than a quorum: `known=5` makes the search stronger there.

      Where no server is an accomplice, or none has told anything for `retained_steps` steps, a worker estimates honest momentums:
      it plays `batches` honest workers on mini-batches of its own data, whose momentum begins at nothing when that begins
      (`mimic` sends its own true momentum, and so does at the very first step who is told too late). A
      summary's `forged` says in how many steps a worker did which, and its `admitted` in what share of the steps a node's vectors
      were in an honest quorum. On one machine accomplices find each other by themselves; over TCP the server's entry in
      `servers.nodes` says where: `bus: tcp://HOST:PORT`.

      ## The faults

      x is what the node would send and y what it sends; F is the run's aggregation rule. Where no source is named, there is none.

      | fault | played by | the node | formula | parameters (if left out) | source |
      | --- | --- | --- | --- | --- | --- |
      \(rows.joined(separator: "\n"))
      """
  }
}
