/// Tables as text with commas (RFC 4180), except that lines end with a line feed alone, as all other files here.
enum CSV {
  static func text(_ rows: [[String]]) -> String {
    rows.map { row in row.map(field).joined(separator: ",") + "\n" }.joined()
  }

  /// `text` as it stands between two commas: in quotes if anything in it would mean something there.
  static func field(_ text: String) -> String {
    // By scalars: CR LF is a single character.
    guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}
