/// Why a data set cannot be read: which file, and what would be right.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
  /// The path of the file at fault.
  public let file: String
  /// What is wrong with it.
  public let problem: String

  /// An error about `file`.
  public init(file: String, problem: String) {
    self.file = file
    self.problem = problem
  }

  /// The path and what is wrong, for the user to read.
  public var description: String { "\(file): \(problem)" }
}
