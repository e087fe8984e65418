import ByzNumerics
import ByzProtocol

/// What all of them take.
private let knowledge = [
  Parameter(
    name: "known", standard: nil,
    explanation:
      "for how many honest momentums of a step it waits when accomplices tell of them; if left out, for as "
      + "many as complete a quorum with the accomplices' own",
    range: 1...1000, isWhole: true),
  Parameter(
    name: "batches", standard: 5,
    explanation: "from how many mini-batches of its own it estimates them when nobody tells", range: 2...1000,
    isWhole: true),
]

private func search(_ what: String) -> Parameter {
  Parameter(
    name: "search", standard: 0,
    explanation: "1 to choose \(what) in each step by a line search against the run's rule, 0 not to",
    range: 0...1,
    isWhole: true)
}

/// What a search chooses must not be given besides.
private func conflict(of given: String, with values: [String: Double], for fault: String) -> String? {
  guard values["search"] == 1, values[given] != nil else { return nil }
  return "'\(given)' of '\(fault)' is what search=1 chooses; leave one of the two out"
}

extension FaultSetting {
  /// A worker's fault that makes its vectors of honest momentums, known or estimated.
  fileprivate func informed(forging forge: @escaping Informed.Forge) -> Informed {
    let honest = configuration.quorums.workerIDs.count { cast.faults[$0] == nil }
    let count = cast.enough(in: configuration.quorums).map { min(optional("known").map { Int($0) } ?? $0, honest) }
    return Informed(
      need: count.map { .any($0) }, batches: whole("batches"), node: node, configuration: configuration,
      forge: forge)
  }

  /// The search for the strength of the attack `name`, if it is wanted.
  fileprivate func lineSearch(for name: String) -> LineSearch? {
    whole("search") == 1 ? LineSearch(for: name, in: configuration, cast: cast) : nil
  }
}

extension FaultCatalogue {
  /// Vectors that are made from what honest nodes send.
  static let informed: [FaultDescription] = [
    FaultDescription(
      "little-is-enough",
      [
        Parameter(
          name: "z", standard: nil,
          explanation:
            "how many standard deviations to move, the other way if negative; if left out, the most that n and "
            + "f let hide",
          range: -1e6...1e6),
        search("z"),
      ] + knowledge, listens: true,
      summary:
        "sends vectors close to the honest ones, off in every coordinate to the same side: a worker of momentums, a server "
        + "of the models of the last gather, moved to its own",
      formula:
        "y = mean(honest) - z deviation(honest), coordinate by coordinate; standard z = Phi^-1((n - f - s) / (n - f)) "
        + "with s = floor(n / 2 + 1) - f; with a search the z > 0 that maximises |F(honest, y, ..., y) - mean(honest)|",
      source: "Baruch, Baruch and Goldberg, A Little Is Enough (NeurIPS 2019, arXiv 1902.06156), section 3",
      conflict: { role, values in
        let ofWorkers = ["search", "known", "batches"].first { values[$0] != nil }
        if role == .server, let ofWorkers {
          return "'\(ofWorkers)' of 'little-is-enough' is for workers; a server takes z, from and until"
        }
        return conflict(of: "z", with: values, for: "little-is-enough")
      }
    ) { setting in
      let quorums = setting.configuration.quorums
      let group = setting.node.role == .server ? quorums.servers : quorums.workers
      let deviations = Float(setting.optional("z") ?? LittleIsEnough.largestHiddenShift(among: group))
      if setting.node.role == .server { return LittleIsEnoughOnModels(deviations: deviations, node: setting.node) }
      guard let search = setting.lineSearch(for: "little-is-enough") else {
        return setting.informed { samples, _, _ in LittleIsEnough.shiftedMean(of: samples, by: deviations) }
      }
      return setting.informed { samples, step, aggregate in
        let mean = Forgery.mean(of: samples)
        let deviation = LittleIsEnough.deviation(of: samples, from: mean)
        return search.forgery(at: step, knowing: samples, mean: mean, after: &aggregate) {
          mean.adding(Float(-$0), times: deviation)
        }
      }
    },
    FaultDescription(
      "fall-of-empires", of: [.worker],
      [Parameter(name: "epsilon", standard: 0.1, explanation: "the factor", range: 0...1e30), search("epsilon")]
        + knowledge, listens: true,
      summary: "sends a multiple of the honest mean's opposite (inner product manipulation)",
      formula:
        "y = -epsilon mean(honest); with a search the epsilon > 0 that maximises |F(honest, y, ..., y) - mean(honest)|",
      source: "Xie, Koyejo and Gupta, Fall of Empires (UAI 2019, arXiv 1903.03936), section 3",
      conflict: { _, values in conflict(of: "epsilon", with: values, for: "fall-of-empires") }
    ) { setting in
      let epsilon = setting.float("epsilon")
      guard let search = setting.lineSearch(for: "fall-of-empires") else {
        return setting.informed { samples, _, _ in Forgery.fallOfEmpires(samples, epsilon: epsilon) }
      }
      return setting.informed { samples, step, aggregate in
        let mean = Forgery.mean(of: samples)
        return search.forgery(at: step, knowing: samples, mean: mean, after: &aggregate) {
          mean.scaled(by: Float(-$0))
        }
      }
    },
    FaultDescription(
      "anti-cge", of: [.worker], knowledge, listens: true,
      summary:
        "sends the opposite of the honest mean, as long as the shortest honest momentum, which rules that keep the "
        + "shortest vectors keep",
      formula: "y = -min |honest| mean(honest) / |mean(honest)|",
      source: "against comparative gradient elimination (Gupta, Liu and Vaidya, arXiv 2008.04699)"
    ) { $0.informed { samples, _, _ in Forgery.antiCGE(samples) } },
    FaultDescription(
      "mimic", of: [.worker], listens: true,
      summary:
        "sends the momentum of the honest worker of the lowest index, so that all who play it give one worker's data more "
        + "weight; while nobody tells it that, its own true momentum",
      formula: "y = the momentum of that worker",
      source:
        "Karimireddy, He and Jaggi, Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing (ICLR 2022, "
        + "arXiv 2006.09365)"
    ) { setting in
      let quorums = setting.configuration.quorums
      let copied = setting.cast.enough(in: quorums) == nil ? nil : setting.cast.firstHonestWorker(in: quorums)
      return Informed(
        need: copied.map { .of($0) }, batches: 1, node: setting.node, configuration: setting.configuration,
        forge: { samples, _, _ in samples[0] })
    },
  ]
}
