/// Addresses as ZeroMQ takes them: `tcp://host:port` and `ipc://path`.
enum Endpoint {
  struct Refusal: Error {
    /// What it must be.
    let message: String
  }

  /// The longest path of a Unix-domain socket on Linux: 108 bytes with the zero that ends it.
  static let longestSocketPath = 107

  /// `text` if it is an address, with a socket's path from the root.
  ///
  /// - Parameters:
  ///   - folder: what a relative socket path is relative to.
  ///   - binding: whether the address is one to listen on, where `*` means every interface.
  static func parse(_ text: String, folder: String, binding: Bool) -> Result<String, Refusal> {
    if text.hasPrefix("ipc://") { return socket(String(text.dropFirst(6)), folder: folder) }
    if text.hasPrefix("tcp://"), isHostAndPort(text.dropFirst(6), binding: binding) { return .success(text) }
    let host = binding ? "HOST (or *)" : "HOST"
    return .failure(Refusal(message: "must be tcp://\(host):PORT with a port from 1 to 65535, or ipc://PATH"))
  }

  private static func socket(_ path: String, folder: String) -> Result<String, Refusal> {
    guard !path.isEmpty, path != "*", !path.unicodeScalars.contains("\0") else {
      return .failure(Refusal(message: "must name a socket, as ipc://PATH"))
    }
    // A name after '@' lies outside the file system.
    let absolute = path.hasPrefix("@") ? path : TopologyFile.absolute(path, in: folder)
    guard absolute.utf8.count <= longestSocketPath else {
      return .failure(Refusal(message: "must have a socket path of at most \(longestSocketPath) bytes"))
    }
    return .success("ipc://\(absolute)")
  }

  private static func isHostAndPort(_ text: Substring, binding: Bool) -> Bool {
    guard let colon = text.lastIndex(of: ":") else { return false }
    let (host, port) = (text[..<colon], text[text.index(after: colon)...])
    guard port.utf8.allSatisfy({ "0123456789".utf8.contains($0) }), let number = Int(port), 1...65535 ~= number
    else { return false }
    if host == "*" { return binding }
    if host.hasPrefix("[") {
      let inside = host.dropFirst().dropLast()
      return host.hasSuffix("]") && inside.count >= 2 && contains(only: "0123456789abcdefABCDEF:.", inside)
    }
    return !host.isEmpty && host.utf8.count <= 253 && !host.hasPrefix("-") && !host.hasPrefix(".")
      && contains(only: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", host)
  }

  /// Whether `character` may stand in a machine's name or address, or before it as a user's name.
  static func isOfHost(_ character: UInt8) -> Bool {
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:@".utf8.contains(character)
  }

  /// The host in a TCP address, IPv6 ones without their brackets; nil for any other address.
  static func host(in address: String) -> Substring? {
    guard address.hasPrefix("tcp://"), let colon = address.lastIndex(of: ":") else { return nil }
    let host = address[..<colon].dropFirst(6)
    return host.hasPrefix("[") ? host.dropFirst().dropLast() : host
  }

  /// Whether `address` can be reached, or listens, from this machine alone.
  static func isLocal(_ address: String) -> Bool {
    guard let host = host(in: address) else { return true }
    return host == "localhost" || host == "::1"
      || host.hasPrefix("127.") && host.dropFirst(4).utf8.allSatisfy { "0123456789.".utf8.contains($0) }
  }

  private static func contains(only permitted: String, _ text: Substring) -> Bool {
    text.utf8.allSatisfy { permitted.utf8.contains($0) }
  }
}
