import ByzNumerics
import ByzProtocol
import ByzTopology
import Foundation
import Testing

@testable import ByzRuntime

/// What a host tells of its nodes' files, and what it must not.
@Suite final class HostFilesTests {
  private let folder = NSTemporaryDirectory() + "byzsgd-\(UUID().uuidString)"
  private let topology: Topology
  private let directory: RunDirectory
  private let remote: RunDirectory
  private let nodes: [NodeID] = [.server(0), .worker(3)]

  init() throws {
    topology = try Topology(
      yaml: """
        model: {analytic: quadratic, dimension: 10}
        training: {steps: 5}
        servers: {count: 5, byzantine: 1}
        workers: {count: 4, byzantine: 1}
        """, file: "test.yaml")
    directory = RunDirectory(path: "\(folder)/here")
    remote = RunDirectory(path: "\(folder)/there")
    for node in topology.quorums.nodeIDs { try directory.makeFolder(of: node) }
    for node in nodes { try remote.makeFolder(of: node) }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ bytes: [UInt8], to file: String, of node: NodeID = .server(0)) throws {
    try Data(bytes).write(to: URL(filePath: "\(remote.folder(of: node))/\(file)"))
  }

  private func pass(_ stream: inout FolderStream, to files: inout HostFiles) throws {
    var copy = files
    try stream.tellNews { account, bytes in
      guard case .piece(let node, let file, let offset) = account else { return }
      try copy.write(bytes, node: node, file: file, offset: offset)
    }
    files = copy
  }

  private func contents(_ run: RunDirectory) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for node in nodes {
      for file in try FileManager.default.contentsOfDirectory(atPath: run.folder(of: node)) {
        found["\(node)/\(file)"] = FileManager.default.contents(atPath: "\(run.folder(of: node))/\(file)")
      }
    }
    return found
  }

  /// Files grow in drawn pieces, and at times somebody else follows, from where the last one came to.
  @Test(arguments: 0..<30 as Range<UInt64>) func whatGrowsThereGrowsHere(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var files = HostFiles(of: nodes, in: directory, topology)
    var stream = FolderStream(of: nodes, in: remote, topology)
    var written: [String: [UInt8]] = [:]
    for _ in 0..<20 {
      let (node, file) = (nodes[generator.index(below: 2)], ["log.txt", "metrics.jsonl"][generator.index(below: 2)])
      let new = (0..<generator.index(below: 3_000)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      written["\(node)/\(file)", default: []] += new
      try write(written["\(node)/\(file)"] ?? [], to: file, of: node)
      if generator.index(below: 2) == 0 { try pass(&stream, to: &files) }
      if generator.index(below: 5) == 0 {
        files = HostFiles(of: nodes, in: directory, topology)
        stream = FolderStream(of: nodes, in: remote, topology, lengths: files.lengths)
      }
    }
    try write(Array("{}".utf8), to: "summary.json")
    try write([UInt8](repeating: 7, count: 200), to: "checkpoint-5.safetensors")
    try write(Array("exit 0\n".utf8), to: "ending")
    // These are nobody's business.
    try write([1], to: ".checkpoint-5.safetensors.part")
    try pass(&stream, to: &files)
    #expect(files.endings == [.server(0): .exited(0)])
    var expected = try contents(remote)
    expected["server-0/.checkpoint-5.safetensors.part"] = nil
    #expect(try contents(directory).filter { !$0.value.isEmpty } == expected.filter { !$0.value.isEmpty })
  }

  @Test func howANodeEndedIsToldLast() throws {
    for file in ["ending", "summary.json", "log.txt", "checkpoint-3.safetensors", "metrics.jsonl"] {
      try write(Array("signal 9\n".utf8), to: file)
    }
    var told: [String] = []
    var stream = FolderStream(of: nodes, in: remote, topology)
    stream.tellNews { account, _ in
      if case .piece(_, let file, _) = account { told.append(file) }
    }
    #expect(told == ["metrics.jsonl", "log.txt", "checkpoint-3.safetensors", "summary.json", "ending"])
  }

  @Test(arguments: [
    ("server-1", "log.txt", 0), ("worker-0", "log.txt", 0), ("server-9", "log.txt", 0), ("../server-0", "log.txt", 0),
    ("", "log.txt", 0), ("server-0", "../server-1/log.txt", 0), ("server-0", "/etc/passwd", 0),
    ("server-0", "summary.json.part", 0), ("server-0", "", 0), ("server-0", ".", 0),
    ("server-0", "checkpoint-6.safetensors", 0), ("server-0", "checkpoint--1.safetensors", 0),
    ("server-0", "checkpoint-05.safetensors", 0), ("server-0", "checkpoint-/../x.safetensors", 0),
    ("server-0", "log.txt", 1), ("server-0", "log.txt", -1), ("server-0", "log.txt", Int.max),
    ("server-0", "log.txt", Int.min), ("server-0", "ending", 0), ("server-0", "log.txt\u{0}", 0),
  ]) func whatAHostMustNotIsRefused(node: String, file: String, offset: Int) throws {
    var files = HostFiles(of: nodes, in: directory, topology)
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder)
    #expect(throws: HostFiles.Refusal.self) { try files.write([1], node: node, file: file, offset: offset) }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder) == before)
    #expect(files.lengths.isEmpty && files.endings.isEmpty)
  }

  @Test func filesAreBounded() throws {
    for file in ["metrics.jsonl", "log.txt", "summary.json", "ending", "checkpoint-0.safetensors"] {
      let limit = try #require(RunDirectory.limit(ofFile: file, in: topology))
      var files = HostFiles(of: nodes, in: directory, topology)
      #expect(throws: HostFiles.Refusal.self) {
        try files.write([UInt8](repeating: 1, count: limit + 1), node: "server-0", file: file, offset: 0)
      }
      guard file != "ending" else { continue }
      try files.write([UInt8](repeating: 1, count: limit), node: "server-0", file: file, offset: 0)
      #expect(throws: HostFiles.Refusal.self) { try files.write([1], node: "server-0", file: file, offset: limit) }
    }
    #expect(RunDirectory.limit(ofFile: "metrics.jsonl", in: topology) == 5 * (4096 + 32 * 9) + 1 << 20)
    #expect(RunDirectory.limit(ofFile: "checkpoint-5.safetensors", in: topology) == 40 + 1 << 16)
  }

  @Test func checkpointsAreCounted() throws {
    var files = HostFiles(of: nodes, in: directory, topology)
    for step in 0..<4 { try files.write([1], node: "server-0", file: "checkpoint-\(step).safetensors", offset: 0) }
    #expect(throws: HostFiles.Refusal.self) {
      try files.write([1], node: "server-0", file: "checkpoint-4.safetensors", offset: 0)
    }
    try files.write([1], node: "worker-3", file: "checkpoint-4.safetensors", offset: 0)
  }

  @Test func linksAreNotFollowed() throws {
    let victim = "\(folder)/victim"
    try Data().write(to: URL(filePath: victim))
    var files = HostFiles(of: nodes, in: directory, topology)
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory.folder(of: .server(0)))/log.txt", withDestinationPath: victim)
    #expect(throws: HostFiles.Refusal.self) { try files.write([1], node: "server-0", file: "log.txt", offset: 0) }
    #expect(FileManager.default.contents(atPath: victim)?.isEmpty == true)
  }

  @Test func endingsAreSpelledOneWay() {
    for ending in [NodeEnding.exited(0), .exited(255), .signalled(9)] { #expect(NodeEnding(ending.text) == ending) }
    for text in ["", "\n", "exit\n", "exit 0", "exit 0 \n", "exit -1\n", "exit 256\n", "signal 9\n\n", "gone 1\n"] {
      #expect(NodeEnding(text) == nil, "\(text)")
    }
  }
}
