import ByzNumerics
import ByzRuntime
import Foundation
import Testing

@Suite struct AggregateTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "aggregate-\(UUID().uuidString)")

  /// Runs the command on an array and gives its result and what it wrote.
  private func aggregate(
    _ shape: [Int], _ elements: [Float], _ arguments: String...
  ) throws -> (Program.Result, NumPyArray?) {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (source, target) = (folder.appending(path: "x.npy").path, folder.appending(path: "y.npy").path)
    try NumPyArray(shape: shape, elements: Vector(elements)).write(to: source)
    let running = try Running(["aggregate", source, target] + arguments)
    return (try running.wait(), try? NumPyArray(readingFrom: target))
  }

  @Test func one() throws {
    let (result, written) = try aggregate(
      [3, 2], [1, 5, 2, 3, 9, 4], "--rule", "median", "--byzantine", "1")
    #expect(result.status == 0 && result.errors.isEmpty && result.output.isEmpty)
    #expect(written?.shape == [2] && written?.elements == Vector([2, 4]))
  }

  @Test func manyWithAStepBefore() throws {
    let (result, written) = try aggregate(
      [2, 3, 1], [0, 0, 30, 3, 4, 5], "--rule", "{rule: average, before: [{clip: 3}]}", "--byzantine", "0")
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(written?.shape == [2, 1] && written?.elements == Vector([1, 3]))
  }

  @Test(arguments: [
    (["--rule", "mda", "--byzantine", "2"], "mda needs n >= 2f + 1, which n = 3 and f = 2 break."),
    (["--rule", "mean", "--byzantine", "1"], "--rule mean: there is no rule 'mean'; there are: mda, median"),
    (["--rule", "", "--byzantine", "1"], "--rule : missing; give a rule, such as mda"),
    (["--rule", "{rule: mda, before: [x]}", "--byzantine", "1"], "there is no pre-aggregation 'x'"),
  ])
  func refusals(arguments: [String], message: String) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "x.npy").path
    try NumPyArray(shape: [3, 1], elements: Vector([1, 2, 3])).write(to: source)
    let result = try Running(["aggregate", source, "\(source).out"] + arguments).wait()
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
  }

  @Test func refusesWhatIsNotFinite() throws {
    let (result, _) = try aggregate([2, 2, 1], [1, 2, 3, .nan], "--rule", "median", "--byzantine", "0")
    #expect(result.status == 64 && result.errors.contains("vector 1 of case 1 holds a NaN or an infinity"))
  }
}
