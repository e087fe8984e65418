import ByzNumerics

extension Field {
  /// What is given as `name`, `name:parameter=number,...` or `{name: {parameter: number}}`; nil for nothing, and after a
  /// report.
  ///
  /// - Parameters:
  ///   - kind: what it is, for reports, such as `fault`.
  ///   - example: a name for reports to cite, and one of its parameters.
  ///   - soleParameter: the parameter of what is named that a number alone stands for, as in `{name: number}`, if any.
  func specification(
    called kind: String, example name: String, _ parameter: String, soleParameter: (String) -> String? = { _ in nil }
  ) -> Specification? {
    let former = problems.lines.count
    let read = readSpecification(called: kind, example: name, parameter, soleParameter: soleParameter)
    // After a report there is a stand-in among the numbers, of which nobody should complain.
    return problems.lines.count == former ? read : nil
  }

  private func readSpecification(
    called kind: String, example name: String, _ parameter: String, soleParameter: (String) -> String?
  ) -> Specification? {
    guard let value else { return nil }
    let example = "\(name):\(parameter)=10"
    switch value.content {
    case .scalar(let text, _): return specification(spelled: text, as: example)
    case .mapping(let entries) where entries.count == 1:
      return specification(member(entries[0]), named: entries[0].key, parameter, soleParameter(entries[0].key))
    default:
      report("must be one \(kind), such as \(name), \(example) or {\(name): {\(parameter): 10}}")
      return nil
    }
  }

  private func specification(
    _ parameters: Field, named name: String, _ example: String, _ sole: String?
  ) -> Specification {
    if let sole, case .scalar? = parameters.value?.content {
      return Specification(name: name.shown(), parameters: [sole: parameters.number(in: .finite, standard: 0)])
    }
    var values: [String: Double] = [:]
    for entry in parameters.entries(wanted: "a mapping from parameters to numbers, such as {\(example): 10}") {
      values[entry.key.shown()] = parameters.member(entry).number(in: .finite, standard: 0)
    }
    return Specification(name: name.shown(), parameters: values)
  }

  private func specification(spelled text: String, as example: String) -> Specification? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return Specification(name: text.shown()) }
    var values: [String: Double] = [:]
    for assignment in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let sides = assignment.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let number = Field.decimal(String(sides[1])),
        values.updateValue(number, forKey: String(sides[0]).shown()) == nil
      else {
        report("'\(String(assignment).shown())' is not PARAMETER=NUMBER, as in \(example)")
        return nil
      }
    }
    return Specification(name: String(parts[0]).shown(), parameters: values)
  }
}
