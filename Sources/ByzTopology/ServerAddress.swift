import Glibc

/// Where a server on some machine is reached, and where it listens.
package struct ServerAddress {
  package let address: String
  /// Nil if it listens at `address`. libzmq listens at an address or an interface, not at the name of a machine.
  package let bind: String?

  /// - Parameter machine: its name, or an IP address without brackets.
  package init(machine: String, port: Int) {
    let isIPv6 = Self.isAddress(machine, of: AF_INET6)
    address = "tcp://\(isIPv6 ? "[\(machine)]" : machine):\(port)"
    bind = isIPv6 || Self.isAddress(machine, of: AF_INET) ? nil : "tcp://*:\(port)"
  }

  private static func isAddress(_ text: String, of family: Int32) -> Bool {
    var bytes = in6_addr()
    return inet_pton(family, text, &bytes) == 1
  }
}
