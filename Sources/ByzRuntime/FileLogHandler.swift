import Foundation
import Logging

/// Writes log lines to `log.txt`, and to standard error as well if wanted.
public struct FileLogHandler: LogHandler {
  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]
  private let outputs: [FileHandle]

  public init(path: String, alsoToStandardError: Bool) throws {
    outputs = [try FileHandle.appending(to: path)] + (alsoToStandardError ? [.standardError] : [])
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    let line = Data("\(time) \(event.level) \("\(event.message)".harmless(atMost: 4_000))\n".utf8)
    // A full disk must not end a node that can go on without its log.
    for output in outputs { try? output.write(contentsOf: line) }
  }
}
