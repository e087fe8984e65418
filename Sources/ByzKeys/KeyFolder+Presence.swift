import Glibc

extension KeyFolder {
  /// Whether there is anything where the secret key of the node `name` would lie.
  public func holdsSecretKey(of name: String) -> Bool {
    var status = stat()
    return lstat(file(of: name), &status) == 0 || errno != ENOENT && errno != ENOTDIR
  }
}
