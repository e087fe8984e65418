import Testing

@testable import ByzTopology

@Suite struct NearestKeyTests {
  static let known = TrainingKey.allCases.map(\.rawValue)

  @Test(arguments: [
    ("momentom", "momentum"), ("lerning_rate", "learning_rate"), ("learningRate", "learning_rate"),
    ("LEARNING_RATE", "learning_rate"), ("btach", "batch"), ("step", "steps"), ("gather_evrey", "gather_every"),
    ("agregation", "aggregation"), ("evaluate-every", "evaluate_every"),
  ])
  func suggestion(key: String, expected: String) {
    #expect(NearestKey.nearest(to: key, among: Self.known) == expected)
  }

  @Test(arguments: ["optimizer", "", "x", String(repeating: "steps", count: 100)])
  func nothingNear(key: String) {
    #expect(NearestKey.nearest(to: key, among: Self.known) == nil)
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
    ("ca", "abc", 3),
  ])
  func distance(left: String, right: String, expected: Int) {
    #expect(NearestKey.distance(Array(left), Array(right)) == expected)
  }
}
