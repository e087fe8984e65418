/// One field of a topology: what was given for it, where, and a way to complain about it.
///
/// A reader that finds a problem reports it and returns a stand-in, so that reading goes on and finds the other problems
/// too; nobody uses the result once something was reported.
struct Field {
  /// The names from the root, joined by dots, as `--set` takes them; empty at the root.
  let path: String
  /// Where the field was given; for one that was not, where what should hold it was.
  let origin: Origin
  /// What was given; nil if nothing was, or null.
  let value: Tree?
  let problems: Problems
  /// Whether what should hold the field was something else, and reported: then nobody needs to hear that it is missing.
  let isLost: Bool

  init(path: String, origin: Origin, value: Tree?, problems: Problems, isLost: Bool = false) {
    self.path = path
    self.origin = origin
    self.value = value.flatMap { $0.isNull ? nil : $0 }
    self.problems = problems
    self.isLost = isLost
  }

  func report(_ message: String) { problems.add(line(message)) }

  /// Reports that the field does not go together with others, as `sentence` says.
  func refuse(_ sentence: String) { problems.add(line(sentence), refusal: sentence) }

  private func line(_ message: String) -> String {
    "\(origin.text): " + (path.isEmpty ? message : "\(path): \(message)")
  }

  /// Reports that the field, whose `meaning` is told, must be given.
  func reportMissing(_ meaning: String) {
    if !isLost { report("missing; give \(meaning)") }
  }

  private func complain(wanted: String) {
    guard let value else { return report("must be \(wanted)") }
    report("must be \(wanted), not \(value.shown)")
  }
}

// MARK: - Single values

extension Field {
  /// The plain text of a scalar that was written without quotes.
  private var plainText: String? {
    guard case .scalar(let text, isPlain: true)? = value?.content else { return nil }
    return text
  }

  /// A whole number in `range`; `standard` if not given.
  func whole(in range: ClosedRange<Int>, standard: Int) -> Int {
    guard value != nil else { return standard }
    guard let text = plainText, let number = Int(text), range.contains(number) else {
      complain(wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)")
      return standard
    }
    return number
  }

  /// A finite number within `bounds`; `standard` if not given.
  func number(in bounds: NumberBounds, standard: Double) -> Double {
    guard value != nil else { return standard }
    guard let number = plainText.flatMap(Field.decimal), bounds.contains(number) else {
      complain(wanted: bounds.description)
      return standard
    }
    return number
  }

  /// A text, if one is given.
  func text() -> String? {
    guard let value else { return nil }
    guard case .scalar(let text, _) = value.content else {
      complain(wanted: "a text")
      return nil
    }
    return text
  }

  /// One of `options`, by name. If nothing is given: `standard`, or a report when there is none.
  func choice<Choice>(of options: [(name: String, choice: Choice)], standard: String?) -> Choice? {
    let names = options.map(\.name)
    if value == nil, standard == nil { reportMissing(names.listed(or: "or")) }
    guard let name = value == nil ? standard : text() else { return nil }
    if let option = options.first(where: { $0.name == name }) { return option.choice }
    if names.count == 1 {
      report("only '\(names[0])' is available, not '\(name.shown())'")
    } else {
      report("must be \(names.listed(or: "or")), not '\(name.shown())'")
    }
    return nil
  }

  /// The finite number that `text` spells in decimal; negative zero is zero.
  static func decimal(_ text: String) -> Double? {
    // Swift would take hexadecimal numbers, "nan" and "infinity" too.
    guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Double(text), number.isFinite
    else { return nil }
    return number + 0
  }
}

/// The numbers that a field takes.
struct NumberBounds: CustomStringConvertible {
  var minimum = -Double.greatestFiniteMagnitude
  /// Whether `minimum` itself is left out.
  var isOpenBelow = false
  var maximum = Double.greatestFiniteMagnitude
  /// Whether `maximum` itself is left out.
  var isOpenAbove = false
  let description: String

  func contains(_ number: Double) -> Bool {
    (isOpenBelow ? number > minimum : number >= minimum) && (isOpenAbove ? number < maximum : number <= maximum)
  }

  static let finite = NumberBounds(description: "a finite number")

  /// Far beyond what makes sense, and far from what a 32-bit float cannot hold.
  static let largest = 1_000_000_000

  static let positive = NumberBounds(
    minimum: 0, isOpenBelow: true, maximum: Double(largest), description: "a number above 0 and at most \(largest)")

  static let notNegative = NumberBounds(
    minimum: 0, maximum: Double(largest), description: "a number from 0 to \(largest)")

  static let belowOne = NumberBounds(
    minimum: 0, maximum: 1, isOpenAbove: true, description: "a number from 0 to below 1")
}

extension [String] {
  /// `a`, `a or b`, `a, b or c`.
  func listed(or word: String) -> String {
    count < 2 ? joined() : dropLast().joined(separator: ", ") + " \(word) " + self[count - 1]
  }
}

// MARK: - Mappings and lists

/// A mapping whose keys are the cases of `Key`.
struct Section<Key: RawRepresentable<String> & CaseIterable> {
  let field: Field
  private let entries: [Tree.Entry]
  private let isLost: Bool

  /// Reads `field` as a mapping and reports what it is not: another kind of value, or keys that nobody knows.
  init(_ field: Field, keys: Key.Type = Key.self) {
    self.field = field
    let known = Key.allCases.map(\.rawValue)
    entries = field.entries(wanted: "a mapping with the keys \(known.joined(separator: ", "))")
    if case .mapping? = field.value?.content { isLost = false } else { isLost = field.value != nil || field.isLost }
    for entry in entries where !known.contains(entry.key) {
      field.member(entry).report(NearestKey.complaint(about: entry.key, known: known))
    }
  }

  subscript(key: Key) -> Field {
    guard let entry = entries.last(where: { $0.key == key.rawValue }) else {
      return Field(
        path: field.memberPath(key.rawValue), origin: field.origin, value: nil, problems: field.problems, isLost: isLost
      )
    }
    return field.member(entry)
  }
}

extension Field {
  /// The entries of a mapping, in order; none if it is not given, and a report if it is something else.
  func entries(wanted: String) -> [Tree.Entry] {
    guard let value else { return [] }
    guard case .mapping(let entries) = value.content else {
      complain(wanted: wanted)
      return []
    }
    return entries
  }

  /// The items of a list, in order; nil if it is not given, and a report if it is something else.
  func items() -> [Field]? {
    guard let value else { return nil }
    guard case .sequence(let items) = value.content else {
      complain(wanted: "a list")
      return nil
    }
    return items.enumerated().map { index, item in
      Field(path: memberPath("\(index)"), origin: item.origin, value: item, problems: problems)
    }
  }

  func member(_ entry: Tree.Entry) -> Field {
    Field(path: memberPath(entry.key.shown()), origin: entry.origin, value: entry.value, problems: problems)
  }

  func memberPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
