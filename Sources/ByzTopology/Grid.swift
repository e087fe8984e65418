/// Many runs of one topology: fields and faults that vary, in every combination.
///
/// ```swift
/// let grid = try Grid(file: "topologies/grids/quadratic.yaml")
/// for combination in try grid.combinations() { print(grid.text(of: combination.labels)) }
/// ```
public struct Grid: Sendable {
  /// What varies: one or more fields with all the values that they get.
  public struct Axis: Sendable {
    /// The fields, as the grid spells them, or the name that it gives.
    public let name: String
    /// The last part of each field's path, or `name`.
    let shortName: String
    /// At least one; no two have the same label.
    public internal(set) var values: [Value]
  }

  /// One of the values of an axis.
  public struct Value: Sendable {
    /// What it is called: the value's text, or the label that the grid gives.
    public let label: String
    let assignments: [Assignment]
  }

  /// The axis whose values are called seeds: results are averaged over them.
  public static let seedName = "seed"

  /// What the grid is called, fit to name a folder.
  public let name: String
  /// What varies, in the order of the file; at least one.
  public let axes: [Axis]
  /// The number of the axis whose values are the columns of a table; nil if nothing varies but the seed.
  public let columns: Int?

  /// The topology that varies, and what is set in all runs.
  let base: Tree
  /// The topology's file.
  let topologyPath: String

  /// What the axes are called where there is little room, in their order.
  public var shortNames: [String] { axes.shortNames }

  /// The number of the axis `seed`, if there is one.
  public var seedAxis: Int? { axes.firstIndex { $0.name == Grid.seedName } }
}

extension Grid {
  /// A value of each axis, and what they make of the topology.
  public struct Combination: Sendable {
    /// The labels of the values, in the order of the axes.
    public let labels: [String]
    /// The topology, or why its numbers do not go together.
    public let topology: Result<Topology, Refusal>
  }

  /// Why a topology cannot run although each of its fields is good: inequalities of the protocol or conditions of the rule
  /// that do not hold, in sentences.
  public struct Refusal: Error, Sendable {
    public let reason: String
  }

  /// Every combination: a later axis varies faster than an earlier one, and the seed fastest.
  ///
  /// - Throws: what is wrong with fields and faults, each mistake once; also if every combination is refused.
  public func combinations() throws(TopologyError) -> [Combination] {
    var found: [Combination] = []
    var mistakes = Mistakes(total: choices.count)
    var refusals = Mistakes(total: choices.count)
    for choice in choices {
      let labels = zip(axes, choice).map { axis, index in axis.values[index].label }
      do {
        found.append(Combination(labels: labels, topology: .success(try topology(of: choice))))
      } catch {
        if error.refusals.isEmpty {
          mistakes.add(error, in: text(of: labels))
        } else {
          refusals.add(error, in: text(of: labels))
          let reason = error.refusals.joined(separator: "; ")
          found.append(Combination(labels: labels, topology: .failure(Refusal(reason: reason))))
        }
      }
    }
    try mistakes.throwIfAny()
    // Then it is the grid that is wrong, and nobody wants a table of that.
    if !found.contains(where: \.runs) { try refusals.throwIfAny() }
    return found
  }

  /// A combination in words, `aggregation mda, seed 2`, from its labels.
  public func text(of labels: [String]) -> String {
    zip(shortNames, labels).map { name, label in "\(name) \(label)" }.joined(separator: ", ")
  }

  /// For every combination the number of the value of each axis.
  private var choices: [[Int]] {
    let order = axes.indices.filter { $0 != seedAxis } + [seedAxis].compactMap(\.self)
    return order.reduce(into: [axes.map { _ in 0 }]) { choices, axis in
      choices = choices.flatMap { choice in
        axes[axis].values.indices.map { index in
          var next = choice
          next[axis] = index
          return next
        }
      }
    }
  }

  private func topology(of choice: [Int]) throws(TopologyError) -> Topology {
    var tree = base
    let problems = Problems()
    for (axis, index) in zip(axes, choice) {
      for assignment in axis.values[index].assignments {
        do { try assignment.apply(to: &tree) } catch { problems.add(error) }
      }
    }
    try problems.throwIfAny()
    return try Topology(tree, file: topologyPath)
  }
}

extension [Grid.Axis] {
  /// The short names if these differ, else the names.
  var shortNames: [String] {
    let names = map(\.shortName)
    return Set(names).count == count ? names : map(\.name)
  }
}

extension Grid.Combination {
  fileprivate var runs: Bool {
    if case .success = topology { true } else { false }
  }
}

/// What is wrong with combinations: every line once, with the combinations that have it.
private struct Mistakes {
  let total: Int
  private var lines: [(line: String, first: String, count: Int)] = []

  init(total: Int) { self.total = total }

  mutating func add(_ error: TopologyError, in combination: String) {
    for line in error.problems {
      if let index = lines.firstIndex(where: { $0.line == line }) {
        lines[index].count += 1
      } else {
        lines.append((line, combination, 1))
      }
    }
  }

  func throwIfAny() throws(TopologyError) {
    guard !lines.isEmpty else { return }
    throw TopologyError(
      problems: lines.map { line, first, count in
        if count == total { return line }
        return "\(line) (in \(count) of \(total) combinations\(count == 1 ? "" : ", first"): \(first))"
      })
  }
}
