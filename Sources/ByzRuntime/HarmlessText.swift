extension String {
  /// What others wrote, on one line of bounded length and fit for a terminal: nothing in it moves the cursor, sets colours
  /// or turns the direction of text.
  package var harmless: String { harmless(atMost: 400) }

  /// The same, of at most so many characters.
  package func harmless(atMost limit: Int) -> String {
    let clipped = unicodeScalars.prefix(limit)
    let visible = clipped.map { scalar -> Unicode.Scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: "\u{FFFD}"
      default: scalar
      }
    }
    return String(String.UnicodeScalarView(visible)) + (clipped.endIndex < unicodeScalars.endIndex ? "..." : "")
  }
}
