import ByzNumerics

/// A rule or a pre-aggregation that a topology can name.
public struct Offer<Made>: Sendable {
  public let name: String
  public let parameters: [Parameter]
  /// What it does, in a sentence without its full stop.
  public let summary: String
  private let make: @Sendable ([String: Double]) -> Made

  init(
    _ name: String, parameters: [Parameter] = [], summary: String, make: @escaping @Sendable ([String: Double]) -> Made
  ) {
    self.name = name
    self.parameters = parameters
    self.summary = summary
    self.make = make
  }

  /// What the offer is of, with the parameters that are given and the standard values of those that are not.
  ///
  /// - Throws: a ``SpecificationError`` if `given` does not fit the parameters.
  public func made(with given: [String: Double] = [:]) throws(SpecificationError) -> Made {
    if let violation = parameters.violation(of: given, for: name) { throw SpecificationError(description: violation) }
    return make(parameters.completed(given))
  }
}

/// What is wrong with a specification: a sentence without its full stop.
public struct SpecificationError: Error, CustomStringConvertible {
  public let description: String
}

/// The rules, and what can go before them, that a topology can name.
public enum AggregationRules {
  /// Every rule, the default one first.
  public static let all: [Offer<any AggregationRule>] = [
    Offer("mda", summary: "averages the n - f inputs that lie closest together") { _ in MinimumDiameterAveraging() },
    Offer("median", summary: "takes every coordinate's middle value") { _ in CoordinatewiseMedian() },
    Offer("trimmed-mean", summary: "averages every coordinate's values but the f smallest and the f largest") { _ in
      TrimmedMean()
    },
    Offer("meamed", summary: "averages every coordinate's n - f values closest to their median") { _ in
      MeanAroundMedian()
    },
    Offer("phocas", summary: "averages every coordinate's n - f values closest to their trimmed mean") { _ in
      Phocas()
    },
    Offer("krum", summary: "takes the input whose nearest others lie closest to it") { _ in Krum() },
    Offer(
      "multi-krum",
      parameters: [
        Parameter(
          name: "keep", standard: nil, explanation: "how many inputs are averaged, n - f - 2 unless given",
          range: 1...1e9, isWhole: true)
      ],
      summary: "averages the inputs that Krum likes best"
    ) { MultiKrum(keep: $0["keep"].map { Int($0) }) },
    Offer("bulyan", summary: "averages every coordinate around the median of n - 2f of Krum's choices") { _ in
      Bulyan()
    },
    Offer(
      "geometric-median", parameters: GeometricMedian.parameters,
      summary: "takes the point with the smallest sum of distances to the inputs"
    ) {
      GeometricMedian(
        smoothing: $0["smoothing"] ?? 1e-6, tolerance: $0["tolerance"] ?? 1e-6,
        iterations: Int($0["iterations"] ?? 100))
    },
    Offer("cge", summary: "averages the n - f shortest inputs") { _ in ComparativeGradientElimination() },
    Offer(
      "centered-clipping", parameters: CenteredClipping.parameters,
      summary: "moves from the last aggregate to the mean, each input pulling by at most a radius"
    ) { CenteredClipping(radius: $0["radius"] ?? 1, iterations: Int($0["iterations"] ?? 1)) },
    Offer("smea", summary: "averages the n - f inputs that spread least in any direction") { _ in
      SmallestMaximumEigenvalueAveraging()
    },
    Offer("caf", summary: "takes weight from inputs that stick out, and takes the mean that spread least") { _ in
      CovarianceFilter()
    },
    Offer("average", summary: "averages all inputs, and tolerates nobody") { _ in Average() },
  ]

  /// Every pre-aggregation.
  public static let preAggregations: [Offer<any PreAggregation>] = [
    Offer("nnm", summary: "replaces every input by the average of the n - f inputs nearest to it") { _ in
      NearestNeighbourMixing()
    },
    Offer(
      "bucketing",
      parameters: [
        Parameter(
          name: "size", standard: 2, explanation: "how many inputs share a bucket", range: 1...1e9, isWhole: true)
      ],
      summary: "puts the inputs into buckets by chance and averages each"
    ) { Bucketing(size: Int($0["size"] ?? 2)) },
    Offer(
      "clip",
      parameters: [
        Parameter(
          name: "norm", standard: nil, isRequired: true, explanation: "the norm that no input may exceed",
          range: 1e-30...1e30)
      ],
      summary: "shortens every input that is longer than a norm to that norm"
    ) { Clipping(norm: $0["norm"] ?? 1) },
    Offer("arc", summary: "shortens the longest inputs to the norm of the longest one of the others") { _ in
      AdaptiveRobustClipping()
    },
  ]

  /// The rule that is specified.
  ///
  /// - Throws: a ``SpecificationError`` that lists what exists, if a name is not known or a parameter does not fit.
  public static func rule(_ specification: AggregationSpecification) throws(SpecificationError) -> any AggregationRule {
    let rule = try made(specification.rule, of: all, called: "rule")
    if specification.before.isEmpty { return rule }
    var steps: [any PreAggregation] = []
    for step in specification.before { steps.append(try made(step, of: preAggregations, called: "pre-aggregation")) }
    return PreAggregatedRule(steps, before: rule)
  }

  /// The parameter of the rule or pre-aggregation called `name`, if it has one and no other.
  public static func soleParameter(of name: String) -> String? {
    let parameters = all.first { $0.name == name }?.parameters ?? preAggregations.first { $0.name == name }?.parameters
    return parameters?.count == 1 ? parameters?[0].name : nil
  }

  private static func made<Made>(
    _ specification: Specification, of offers: [Offer<Made>], called kind: String
  ) throws(SpecificationError) -> Made {
    guard let offer = offers.first(where: { $0.name == specification.name }) else {
      if kind == "rule", preAggregations.contains(where: { $0.name == specification.name }) {
        throw SpecificationError(
          description: "'\(specification.name)' comes before a rule, as in {rule: mda, before: [\(specification)]}")
      }
      let names = offers.map(\.name).joined(separator: ", ")
      throw SpecificationError(description: "there is no \(kind) '\(specification.name)'; there are: \(names)")
    }
    return try offer.made(with: specification.parameters)
  }
}
