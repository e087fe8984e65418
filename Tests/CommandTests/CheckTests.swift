import Foundation
import Testing

/// What the command line says to right and wrong input.
@Suite struct CheckTests {
  private let mnist = "\(Program.root)/topologies/mnist.yaml"

  @Test func explainsAGoodTopology() throws {
    let result = try Program.run("check", mnist)
    #expect(result.status == 0 && result.errors.isEmpty)
    for part in [
      "q_ps = 4", "q_w = 5", "models to workers: 35 messages, 11.1 MB", "worker-6: little-is-enough", "digest: ",
    ] {
      #expect(result.output.contains(part), "'\(part)' is not in:\n\(result.output)")
    }
  }

  /// What a synchronous run rests on, what it sends, and what is proven where a quorum is less than twice as many as may lie.
  @Test func explainsSynchronousTopologies() throws {
    let filtered = try Program.run("check", mnist, "--set", "training.mode=synchronous")
    for part in [
      "at one server's model that passes both filters",
      "Delta: measured, from 50 to 500 ms; medians and aggregates are safe",
      // 7 (1 + 4 / 10 + 1 / 5), as the paper's form has it.
      "models to workers: 11.2 messages on average, 3.56 MB",
    ] {
      #expect(filtered.output.contains(part), "'\(part)' is not in:\n\(filtered.output)")
    }
    let certified = try Program.run(
      "check", mnist, "--set", "training={mode: synchronous, pull: certified, steps: 9}", "--set", "faults={}", "--set",
      "quorum={delta_ms: 80, delta_floor_ms: 80}", "--set", "workers={count: 5, byzantine: 2}")
    for part in [
      "at a model that f_ps + 1 = 2 servers have", "Delta: 80 ms; safety rests on it",
      "for 3 and for 5 momentums of which 0 and 2 may be Byzantine", "models to workers: 5 messages, 1.59 MB",
      "warning: n_w = 5 is below 3 f_w + 1 = 7: safety rests on Delta = 80 ms",
    ] {
      #expect(certified.output.contains(part), "'\(part)' is not in:\n\(certified.output)\(certified.errors)")
    }
  }

  @Test func explainsATopologyWithoutData() throws {
    let result = try Program.run("check", "\(Program.root)/topologies/quadratic.yaml")
    #expect(result.status == 0 && result.errors.isEmpty)
    for part in ["model: {analytic: quadratic, dimension: 10, noise: 1.0}\ntraining:", "d = 10, a vector of 40 B"] {
      #expect(result.output.contains(part), "'\(part)' is not in:\n\(result.output)")
    }
  }

  @Test(arguments: [
    (
      "--set servers.count=4",
      "--set servers.count=4: servers.count: n_ps >= 3 f_ps + 2 does not hold: 4 servers of which 1 may be Byzantine need "
        + "at least 5 servers"
    ),
    ("--set training.stepz=3", "--set training.stepz=3: training.stepz: unknown key; did you mean 'steps'?"),
    ("--fault worker-7=reversed", "faults.worker-7: there is no worker-7; there are worker-0 to worker-6"),
    ("--fault worker-1=revesred", "there is no fault 'revesred'"),
    ("--set data.path=/nowhere", "/nowhere/train-images-idx3-ubyte is missing"),
    ("--set training.aggregation=mean", "training.aggregation"),
  ])
  func refusesABadTopology(option: String, message: String) throws {
    let words = option.split(separator: " ", maxSplits: 1).map(String.init)
    for command in ["check", "launch"] {
      let result = try Program.run(command, mnist, words[0], words[1])
      #expect(result.status == 64)
      #expect(result.output.isEmpty)
      #expect(result.errors.contains(message), "\(result.errors)")
    }
  }

  @Test func namesFileAndLineOfAnUnknownKey() throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: mnist, encoding: .utf8).replacingOccurrences(
      of: "batch: 32", with: "bach: 32")
    let line =
      (text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("bach") } ?? 0) + 1
    let path = try folder.write(text, to: "wrong.yaml")
    let result = try Program.run("check", path)
    #expect(result.status == 64)
    #expect(
      result.errors.contains("\(path):\(line): training.bach: unknown key; did you mean 'batch'?"), "\(result.errors)")
  }

  @Test func namesAMissingFile() throws {
    let result = try Program.run("launch", "/nowhere/topology.yaml")
    #expect(result.status == 64)
    #expect(result.errors == "byzsgd: cannot read /nowhere/topology.yaml: no such file\n")
  }

  @Test func refusesToRunANodeWithoutAddressesOrName() throws {
    let noAddress = try Program.run("node", "server-0", mnist)
    #expect(noAddress.status == 64 && noAddress.errors.contains("gives no address to server-0, server-1"))
    let noNode = try Program.run("node", "server-9", mnist)
    #expect(noNode.status == 64 && noNode.errors.contains("there is no node 'server-9'"))
  }

  @Test func refusesToOverwriteARun() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("precious", to: "summary.json")
    let result = try Program.run("launch", mnist, "--run-directory", folder.path)
    #expect(result.status == 64 && result.errors.contains("there is something in it already"))
  }

  @Test func saysWhereARunCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("no folder", to: "file")
    let result = try Program.run("launch", mnist, "--run-directory", "\(file)/run")
    #expect(result.status == 64)
    let message = "cannot write the run directory \(file)/run: Not a directory"
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  @Test func wrongUsageEndsWith64() throws {
    for arguments in [["launch"], ["launch", mnist, "--nonsense"], ["nonsense"]] {
      #expect(try Running(arguments).wait().status == 64, "\(arguments)")
    }
  }

  /// The library for libtorch lies beside the program, and only what computes with a network needs it.
  @Test func theProgramFindsItsLibrary() throws {
    let folder = try TemporaryFolder()
    let link = "\(folder.path)/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Program.path)
    let linked = try Running(["check", mnist], program: link).wait()
    #expect(linked.status == 0, "\(linked.errors)")

    let copy = "\(folder.path)/byzsgd"
    try FileManager.default.copyItem(
      atPath: URL(filePath: Program.path).resolvingSymlinksInPath().path, toPath: copy)
    #expect(try Running(["--help"], program: copy).wait().status == 0)
    let quadratic = "\(Program.root)/topologies/quadratic.yaml"
    #expect(try Running(["check", quadratic], program: copy).wait().status == 0)
    let missing = try Running(["check", mnist], program: copy).wait()
    #expect(missing.status == 64)
    #expect(missing.errors.contains("cannot read \(folder.path)/libTorchShim.so: No such file"), "\(missing.errors)")

    _ = try folder.write("no library", to: "libTorchShim.so")
    let broken = try Running(["simulate", mnist, "--run-directory", "\(folder.path)/run"], program: copy).wait()
    #expect(broken.status == 1)
    #expect(broken.errors.contains("cannot load \(folder.path)/libTorchShim.so: "), "\(broken.errors)")
  }

  @Test func listsTheFaults() throws {
    let result = try Program.run("faults")
    #expect(result.status == 0)
    for name in ["reversed (servers, workers)", "anti-cge (workers)", "crash (servers, workers)", "scale, 100"] {
      #expect(result.output.contains(name))
    }
    let some = try Program.run("faults", "mimic", "zero")
    #expect(
      some.status == 0 && some.output.hasPrefix("mimic (workers): ") && some.output.contains("\n\nzero (servers, "))
    #expect(!some.output.contains("reversed"))
    let unknown = try Program.run("faults", "mimick")
    #expect(
      unknown.status == 64 && unknown.errors.contains("there is no fault 'mimick'; there are: reversed, sign-flip"))
  }

  /// After a deliberate change: `byzsgd faults --markdown > Documentation/faults.md`.
  @Test func documentsTheFaults() throws {
    let document = try String(contentsOfFile: "\(Program.root)/Documentation/faults.md", encoding: .utf8)
    let result = try Program.run("faults", "--markdown")
    #expect(result.output == document)
  }

  /// Whoever has data of its own may have them on a host of its own: that is for the node to find out.
  @Test func dataOfAnotherHostAreNotMissed() throws {
    let folder = try TemporaryFolder()
    let topology = try folder.write(
      """
      model: {architecture: logistic}
      data: {dataset: mnist, path: \(Program.root)/Datasets/mnist}
      servers: {nodes: [{id: server-0, address: "ipc://server-0"}]}
      workers: {nodes: [{id: worker-0, data: /nowhere}, {id: worker-1}, {id: worker-2}]}
      """, to: "t.yaml")
    #expect(try Program.run("check", topology).status == 0)
    for arguments in [["node", "worker-0", topology, "--run-directory", "\(folder.path)/run"], ["launch", topology]] {
      let result = try Running(arguments).wait()
      #expect(result.status == 64 && result.errors.contains("/nowhere/"), "\(result.errors)")
    }
  }
}
