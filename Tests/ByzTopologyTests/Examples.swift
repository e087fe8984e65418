import ByzAdversary
import ByzGradients
import ByzProtocol
import Testing

@testable import ByzTopology

enum Examples {
  /// The documented topology, which every mistake in these tests is made in.
  static let documented = """
    name: mnist
    seed: 1
    model: {architecture: mlp}              # logistic or mlp (784-100-10)
    data: {dataset: mnist, path: ../Datasets/mnist}
    training:
      mode: asynchronous
      steps: 500
      batch: 32
      learning_rate: {initial: 0.5, decay_steps: 300}    # eta_t = initial / (1 + t / decay_steps)
      momentum: {coefficient: 0.9, form: dampened, at: worker}
      gradient_clip: 2
      weight_decay: 1.0e-4
      gather_every: 10
      aggregation: mda
      evaluate_every: 50
    servers: {count: 5, byzantine: 1}       # byzantine: the declared bound f_ps
    workers: {count: 7, byzantine: 2}
    quorum: {grace_ms: 50, retained_steps: 3}   # servers and workers default to n - f
    faults:                                 # who really misbehaves; honest if not named
      server-4: reversed                    # the model, times -100
      worker-5: reversed                    # the momentum, times -100
      worker-6: little-is-enough

    """

  /// As little as a topology can be.
  static let smallest = """
    model: {architecture: logistic}
    data: {dataset: mnist, path: /data/mnist}
    servers: {count: 1}
    workers: {count: 3}
    """

  /// What messages list of what a server can play.
  static let faultsOfServers =
    "reversed, sign-flip, random, zero, nan, infinite, huge-norm, bias, partial-drop, stale, frozen, late-gather, "
    + "equivocation, split, two-faced, arbitrary, drift, before-gather, unfair, little-is-enough, silent, partial, slow, "
    + "dawdle, drop, duplicate, reorder, corrupt, flood, partition, crash, hang, restart"

  /// As little as a topology without data can be.
  static let analytic = """
    model: {analytic: quadratic}
    servers: {count: 1}
    workers: {count: 3}
    """

  /// Two hosts with everything that a list of nodes can say.
  static let listed = """
    model: {architecture: logistic}
    data: {dataset: mnist, path: /data/mnist}
    servers:
      byzantine: 0
      nodes:
        - {id: server-1, address: tcp://192.0.2.11:7000, bind: "tcp://*:7000", data: local/mnist}
        - {id: server-0, address: "tcp://[2001:db8::1]:7000"}
    workers:
      nodes:
        - {id: worker-0}
        - {id: worker-2, address: ipc://worker-2.sock}
        - {id: worker-1, data: /scratch/mnist}
    security: none
    """

  static func read(_ text: String, set: [String] = [], faults: [String] = []) throws(TopologyError) -> Topology {
    try Topology(yaml: text, file: "/topologies/mnist.yaml", overriding: set, faults: faults)
  }

  /// The problems found in `text`; none if it is good.
  static func problems(_ text: String, set: [String] = [], faults: [String] = []) -> [String] {
    do {
      _ = try Topology(yaml: text, file: "mnist.yaml", overriding: set, faults: faults)
      return []
    } catch {
      return error.problems
    }
  }

  /// The problems of the documented topology when its line `number` reads `line` instead; nil leaves it out.
  static func problems(line number: Int, _ line: String?) -> [String] {
    var lines = documented.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let line { lines[number - 1] = line } else { lines.remove(at: number - 1) }
    return problems(lines.joined(separator: "\n"))
  }
}
