import ArgumentParser
import ByzAggregation
import ByzNumerics
import ByzRuntime
import ByzTopology
import Foundation

struct AggregateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregate",
    abstract: "Aggregate vectors from a NumPy file.",
    discussion: """
      Applies an aggregation rule to n vectors of d 32-bit floats, an array of shape (n, d), and writes the aggregate, of \
      shape (d). Many cases at once have the shape (cases, n, d) and give one of (cases, d).
      """)

  @Argument(help: "The vectors, a NumPy file (.npy).", completion: .file(extensions: ["npy"]))
  var vectors: String

  @Argument(help: "Where to write the aggregate, a NumPy file.", completion: .file(extensions: ["npy"]))
  var aggregate: String

  @Option(help: "The rule, as training.aggregation takes it: mda, or {rule: trimmed-mean, before: [nnm]}.")
  var rule: String

  @Option(name: .customLong("byzantine"), help: "f, how many of the vectors may be Byzantine.")
  var f: Int

  @Option(help: "The seed of what a rule draws; each case draws anew.")
  var seed: UInt64 = 0

  func run() throws {
    try reporting {
      let rule = try aggregationRule(spelled: rule)
      let array = try readVectors(vectors)
      let cases = try finiteCases(of: array, in: vectors)
      if let violation = rule.violation(inputs: cases[0].count, tolerating: f) {
        throw UsageFailure(description: violation)
      }
      let results = cases.enumerated().map { number, inputs in
        rule.aggregate(inputs, tolerating: f, in: Round(seed: seed &+ UInt64(number))).vector
      }
      let d = results[0].count
      let elements = Vector(uncleared: results.count * d) { elements in
        for (number, result) in results.enumerated() {
          result.withUnsafeBufferPointer { _ = elements[(number * d)...].update(fromContentsOf: $0) }
        }
      }
      let isOne = array.shape.count == 2
      do {
        try NumPyArray(shape: isOne ? [d] : [results.count, d], elements: elements).write(to: aggregate)
      } catch {
        throw UsageFailure(description: "\(aggregate) cannot be written: \(error.localizedDescription)")
      }
      return ExitStatus.completed
    }
  }
}

/// The rule that `text` spells; what is wrong with it counts as wrong usage.
func aggregationRule(spelled text: String) throws -> any AggregationRule {
  do {
    return try AggregationRules.rule(spelled: text, by: "--rule")
  } catch {
    throw UsageFailure(description: "\(error)")
  }
}

/// The array at `path`; that it cannot be read counts as wrong usage.
func readVectors(_ path: String) throws -> NumPyArray {
  do {
    return try NumPyArray(readingFrom: path)
  } catch {
    let reason = error is NumPyArray.Malformed ? "\(error)" : "\(path) cannot be read: \(error.localizedDescription)"
    throw UsageFailure(description: reason)
  }
}

/// The vectors of all cases of `array`, at least one of each, all of them finite.
func finiteCases(of array: NumPyArray, in path: String) throws -> [[Vector]] {
  guard let cases = array.cases else {
    throw UsageFailure(description: "\(path): the shape must be (n, d) or (cases, n, d), not \(array.shape)")
  }
  for (number, inputs) in cases.enumerated() {
    guard let index = inputs.firstIndex(where: { !$0.isFinite }) else { continue }
    throw UsageFailure(description: "\(path): vector \(index) of case \(number) holds a NaN or an infinity")
  }
  return cases
}
