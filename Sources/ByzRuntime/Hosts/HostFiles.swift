import ByzProtocol
import ByzTopology
import Foundation

/// The files of a host's nodes as the host tells of them, written into the run directory here.
///
/// The host may lie about what its nodes do, but it gets at no file of other nodes and fills no disk.
struct HostFiles {
  /// What a host tried that it must not.
  struct Refusal: Error, CustomStringConvertible, Equatable {
    let description: String
  }

  private let directory: RunDirectory
  private let topology: Topology
  private let nodes: [NodeID]
  /// How long the files are, by node and name.
  private(set) var lengths: [String: Int] = [:]
  /// How the nodes ended that have.
  private(set) var endings: [NodeID: NodeEnding] = [:]

  /// - Parameter nodes: those that the host runs. Files of them that are here already go on where they end.
  init(of nodes: [NodeID], in directory: RunDirectory, _ topology: Topology) {
    self.directory = directory
    self.topology = topology
    self.nodes = nodes
    for node in nodes {
      let folder = directory.folder(of: node)
      for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where RunDirectory.limit(ofFile: file, in: topology) != nil {
        var status = stat()
        if lstat("\(folder)/\(file)", &status) == 0 { lengths["\(node)/\(file)"] = Int(status.st_size) }
      }
      if let text = try? String(contentsOfFile: directory.ending(of: node), encoding: .utf8) {
        endings[node] = NodeEnding(text)
      }
    }
  }

  /// Writes the next bytes of the file called `file` of the node called `name`.
  mutating func write(_ bytes: [UInt8], node name: String, file: String, offset: Int) throws(Refusal) {
    guard let node = NodeID(name), nodes.contains(node) else {
      throw Refusal(description: "it sent a file of '\(name.harmless)', which it does not run")
    }
    guard let limit = RunDirectory.limit(ofFile: file, in: topology) else {
      throw Refusal(description: "it sent a file '\(file.harmless)' of \(node), which no node writes")
    }
    let key = "\(node)/\(file)"
    guard offset == lengths[key] ?? 0 else {
      throw Refusal(description: "it sent bytes of \(key) from \(offset) on instead of \(lengths[key] ?? 0)")
    }
    guard bytes.count <= limit - offset else {
      throw Refusal(description: "it sent more of \(key) than the \(limit) bytes that it may have")
    }
    if lengths[key] == nil, file.hasPrefix("checkpoint-") { try countCheckpoint(of: node) }
    if file == "ending" {
      guard let ending = NodeEnding(String(decoding: bytes, as: UTF8.self)) else {
        throw Refusal(description: "it does not say how \(node) ended")
      }
      endings[node] = ending
    }
    if let reason = append(bytes, to: "\(directory.folder(of: node))/\(file)", length: offset) {
      throw Refusal(description: "what it sent cannot be written to \(directory.folder(of: node))/\(file): \(reason)")
    }
    lengths[key] = offset + bytes.count
  }

  private func countCheckpoint(of node: NodeID) throws(Refusal) {
    let count = lengths.keys.count { $0.hasPrefix("\(node)/checkpoint-") }
    guard count < RunDirectory.mostCheckpoints else {
      throw Refusal(description: "it sent more than \(RunDirectory.mostCheckpoints) checkpoints of \(node)")
    }
  }

  /// Appends to a file that has `length` bytes so far; the reason if that cannot be.
  private func append(_ bytes: [UInt8], to path: String, length: Int) -> String? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == length else {
      return "somebody else has changed it"
    }
    return bytes.withUnsafeBytes { writeAll($0, to: descriptor) } ? nil : String(cString: strerror(errno))
  }
}
