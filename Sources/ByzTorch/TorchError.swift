/// Why libtorch, or the interface to it, refused.
public struct TorchError: Error, Equatable, CustomStringConvertible {
  /// Who is at fault.
  public enum Reason: Sendable {
    /// What the caller passed does not fit the model: a wrong size, an empty batch, a label that is no class.
    case invalidArgument
    /// libtorch failed, or memory ran out.
    case failure
    /// libtorch, or the library that stands between it and this package, could not be loaded.
    case unavailable
  }

  /// Who is at fault.
  public let reason: Reason
  /// What happened.
  public let message: String

  /// An error with its text.
  public init(reason: Reason, message: String) {
    self.reason = reason
    self.message = message
  }

  /// What happened, for the user to read.
  public var description: String { "libtorch: \(message)" }
}
