extension NodeSummary {
  /// Whether all numbers are ones that can be calculated with: a node on another host may write what it likes, and must not
  /// end who sums it up.
  var isPlausible: Bool {
    let counts = [step, evaluatedStep, forged?.overheard, forged?.estimated].compactMap(\.self)
    let traffic = sent.values.flatMap { [$0.messages, $0.bytes] } + dropped.values.flatMap(\.values)
    let memory = usage.flatMap { [$0.step, $0.residentBytes, $0.proportionalBytes] }
    let times = [startedAt, firstStepAt, lastStepAt].compactMap(\.self)
    let processor = usage.flatMap { usage in ProcessorTime.parts.map { usage.processor[keyPath: $0.path] } }
    let figures = [accuracy, loss].compactMap(\.self)
    let shares = [selected, admitted].flatMap { $0.map { Array($0.values) } ?? [] }
    return (counts + traffic + memory).allSatisfy { 0...1 << 50 ~= $0 }
      && (times + processor + shares).allSatisfy { abs($0) <= 1e12 }
      && figures.allSatisfy { abs($0) <= 1e300 }
  }
}
