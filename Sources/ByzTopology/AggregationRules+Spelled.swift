import ByzAggregation

extension AggregationRules {
  /// The rule that `text` spells in YAML, as `training.aggregation` takes it: `mda`, `{rule: krum, before: [nnm]}`.
  ///
  /// - Parameter option: what messages cite, such as `--rule`.
  /// - Throws: a `TopologyError` that lists what exists.
  public static func rule(
    spelled text: String, by option: String
  ) throws(TopologyError) -> any AggregationRule {
    let origin = Origin.option(option, text)
    let problems = Problems()
    let field = Field(
      path: "", origin: origin, value: try Tree.parse(text, origin: { _ in origin }), problems: problems)
    if field.value == nil { field.reportMissing("a rule, such as mda") }
    let rule = field.aggregationRule()
    try problems.throwIfAny()
    guard let rule else { throw origin.error("no rule") }
    return rule
  }
}
