import Foundation

/// How a node's process ended.
package enum NodeEnding: Equatable {
  case exited(Int32)
  case signalled(Int32)
  /// Nobody can say, for this reason.
  case unknown(String)

  /// - Parameter status: as `waitpid` gives it.
  init(waitStatus status: Int32) {
    self = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
  }
}

extension NodeEnding: CustomStringConvertible {
  /// In words, to follow the node's name.
  package var description: String {
    switch self {
    case .exited(let status): "ended with exit status \(status)"
    case .signalled(let number): "was ended by signal \(number) (\(String(cString: strsignal(number))))"
    case .unknown(let reason): "is lost: \(reason)"
    }
  }
}

/// The text of the file in which a host writes how a node ended: `exit 0` or `signal 9`.
extension NodeEnding {
  var text: String {
    switch self {
    case .exited(let status): "exit \(status)\n"
    case .signalled(let number): "signal \(number)\n"
    case .unknown: ""
    }
  }

  /// Nil for any other text.
  init?(_ text: String) {
    let words = text.split(separator: " ")
    guard text.hasSuffix("\n"), words.count == 2, let number = Int32(words[1].dropLast()), 0...255 ~= number
    else { return nil }
    switch words[0] {
    case "exit": self = .exited(number)
    case "signal": self = .signalled(number)
    default: return nil
    }
  }
}
