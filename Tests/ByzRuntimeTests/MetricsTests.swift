import ByzGradients
import ByzNumerics
import ByzProtocol
import Foundation
import Testing

@testable import ByzRuntime

@Suite struct MetricsTests {
  private let path = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString).jsonl"

  @Test func followsWhatIsBeingWritten() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    var follower = MetricsFollower(path: path, steps: 20)
    follower.update()
    #expect(follower.step == 0)
    let log = try MetricsLog(path: path)
    try log.write(
      .updated(step: 1, parameters: Vector([1]), contributors: [.worker(0), .worker(1)], selected: [.worker(1)]))
    try log.write(.adopted(step: 9, parameters: Vector([1]), contributors: [.server(2)]))
    try log.write(Evaluation(accuracy: 0.5, loss: .nan), step: 9)
    follower.update()
    #expect(follower.step == 9 && follower.accuracies == [9: 0.5])
    // A node that is started again goes on in the same file.
    try MetricsLog(path: path).write(.estimated(step: 11, loss: 2, contributors: []))
    follower.update()
    #expect(follower.step == 12)
  }

  @Test func everyLineIsJSON() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try MetricsLog(path: path)
    try log.write(.estimated(step: 0, loss: .infinity, contributors: [.server(0), .server(1)]))
    try log.write(Evaluation(accuracy: 1, loss: 0.25), step: 3)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let objects = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
    #expect(objects[0]?["servers"] as? [String] == ["server-0", "server-1"] && objects[0]?["loss"] is NSNull)
    #expect(objects[1]?["evaluated"] as? Int == 3 && objects[1]?["accuracy"] as? Double == 1)
  }

  /// The lines that `reports` make two seconds after the start, without the time, each of which is JSON.
  private func lines(_ reports: [Report]) throws -> [String] {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try MetricsLog(path: path, clock: .virtual { 2 })
    for report in reports { try log.write(report) }
    let start = "{\"seconds\":2.0,"
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      #expect(object is [String: Any] && line.hasPrefix(start))
      return "{\(line.dropFirst(start.count))"
    }
  }

  /// The usual way to a model needs no word.
  @Test func estimatesNameTheSource() throws {
    let contributors = [NodeID.server(0), .server(2)]
    let reports =
      [Report.estimated(step: 4, loss: 0.5, contributors: contributors)]
      + ModelSource.allCases.map { Report.estimated(step: 4, loss: 0.5, contributors: contributors, source: $0) }
    #expect(
      try lines(reports) == [
        #"{"step":5,"loss":0.5,"servers":["server-0","server-2"]}"#,
        #"{"step":5,"loss":0.5,"servers":["server-0","server-2"]}"#,
        #"{"step":5,"loss":0.5,"servers":["server-0","server-2"],"source":"filtered"}"#,
        #"{"step":5,"loss":0.5,"servers":["server-0","server-2"],"source":"certified"}"#,
      ])
  }

  /// What a filter measured is written, as far as JSON has such a number.
  @Test func refusalsNameServerAndReason() throws {
    let reasons: [ModelRefusal] = [
      .lipschitz(value: 3.5, bound: 2), .outliers(value: 0.75, bound: 0.25), .digest, .absent,
      .outliers(value: .infinity, bound: 2),
    ]
    let reports = reasons.enumerated().map { step, reason in
      Report.refused(step: step, server: .server(4 - step), reason)
    }
    #expect(
      try lines(reports) == [
        #"{"refused":1,"server":"server-4","reason":"lipschitz","value":3.5,"bound":2.0}"#,
        #"{"refused":2,"server":"server-3","reason":"outliers","value":0.75,"bound":0.25}"#,
        #"{"refused":3,"server":"server-2","reason":"digest"}"#,
        #"{"refused":4,"server":"server-1","reason":"absent"}"#,
        #"{"refused":5,"server":"server-0","reason":"outliers","value":null,"bound":2.0}"#,
      ])
  }

  @Test func aRefusalIsNoStepToWhoFollows() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try MetricsLog(path: path)
    try log.write(.estimated(step: 2, loss: 1, contributors: [.server(0)], source: .filtered))
    try log.write(.refused(step: 7, server: .server(1), .digest))
    var follower = MetricsFollower(path: path, steps: 20)
    follower.update()
    #expect(follower.step == 3)
    try log.write(.estimated(step: 7, loss: 1, contributors: [.server(0)], source: .certified))
    follower.update()
    #expect(follower.step == 8)
  }

  @Test func whatHasNoAccuracySaysNothingOfIt() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try MetricsLog(path: path).write(Evaluation(loss: 0.25), step: 3)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.hasSuffix(",\"evaluated\":3,\"loss\":0.25}\n"))
    var follower = MetricsFollower(path: path, steps: 20)
    follower.update()
    #expect(follower.accuracies == [:])
  }

  /// Whoever wrote them.
  @Test func linesAreBounded() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let long = "{\"step\":7,\"x\":\"" + String(repeating: "x", count: 700_000)
    try Data("{\"step\":2}\n\(long)".utf8).write(to: URL(filePath: path))
    var follower = MetricsFollower(path: path, steps: 20)
    follower.update()
    #expect(follower.step == 2)
    try FileHandle.appending(to: path).write(contentsOf: Data("\"}\n{\"step\":3}\n".utf8))
    follower.update()
    #expect(follower.step == 3)
  }

  /// Lines that lie across the pieces in which a file is read.
  @Test func everyLineOfALongFileIsRead() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let lines = (0...40_000).map { "{\"evaluated\":\($0),\"accuracy\":0.5}\n" }
    try Data(lines.joined().utf8).write(to: URL(filePath: path))
    var follower = MetricsFollower(path: path, steps: 40_000)
    follower.update()
    #expect(follower.accuracies.count == 40_001)
  }

  @Test func whatNoRunHasIsLeftOut() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let lines = [
      "{\"step\":21}", "{\"step\":-1}", "{\"evaluated\":21,\"accuracy\":1}", "{\"evaluated\":-1,\"accuracy\":1}",
      "{\"evaluated\":3,\"accuracy\":1e300}", "{\"step\":9223372036854775808}", "{\"evaluated\":4,\"accuracy\":1}",
    ]
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
    var follower = MetricsFollower(path: path, steps: 20)
    follower.update()
    #expect(follower.step == 0 && follower.accuracies == [4: 1])
  }

  /// A line that is only half there is read when it is whole.
  @Test func waitsForTheEndOfALine() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    var follower = MetricsFollower(path: path, steps: 20)
    try Data("{\"step\":4}\n{\"step\":".utf8).write(to: URL(filePath: path))
    follower.update()
    #expect(follower.step == 4)
    try FileHandle.appending(to: path).write(contentsOf: Data("5}\nno JSON\n".utf8))
    follower.update()
    #expect(follower.step == 5)
  }
}
